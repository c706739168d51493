"""Bounds on the length of request bodies."""

from fastapi import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.errors import PhotoTooLargeError
from core.images.decoding import MAX_BYTES

UPLOAD_PATHS = {"/try", "/api/judge"}
"""Where photos are uploaded."""
MAX_UPLOAD_BYTES = MAX_BYTES + 64 * 1024
"""Longest body with a photo: the photo and the form around it."""
DRAIN_LIMIT = 4 * MAX_UPLOAD_BYTES
"""How much of a longer upload is read and discarded: browsers show a response only after they have sent everything."""
MAX_FORM_BYTES = 8 * 1024
"""Longest body without a photo."""


class BodySizeLimitMiddleware:
    """ASGI middleware that raises while a body is read that is longer than its path allows."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with a bounded body.

        Raises:
            PhotoTooLargeError: an upload is longer than `MAX_UPLOAD_BYTES`.
            HTTPException: 413, another body is longer than `MAX_FORM_BYTES`.
        """
        is_upload = scope["path"] in UPLOAD_PATHS
        limit = MAX_UPLOAD_BYTES if is_upload else MAX_FORM_BYTES
        length = 0

        async def receive_bounded() -> Message:
            nonlocal length
            message = await receive()
            length += len(message.get("body", b""))
            if length <= limit:
                return message
            if not is_upload:
                raise HTTPException(413)
            while message.get("more_body", False) and length <= DRAIN_LIMIT:
                message = await receive()
                length += len(message.get("body", b""))
            raise PhotoTooLargeError(f"over {limit} bytes")

        await self.app(scope, receive_bounded, send)
