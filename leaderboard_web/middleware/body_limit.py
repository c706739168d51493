"""Bounds on the length of request bodies, and on all uploads together."""

from fastapi import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.errors import PhotoTooLargeError
from core.images.decoding import MAX_BYTES
from leaderboard_web.middleware.client_address import client_network
from leaderboard_web.upload_admission import RETRY_AFTER_SECONDS, UploadAdmission

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

    def __init__(self, app: ASGIApp, *, upload_admission: UploadAdmission) -> None:
        """Wrap an application; `upload_admission` bounds all its uploads together."""
        self.app, self._admission = app, upload_admission

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with a bounded body.

        Raises:
            PhotoTooLargeError: an upload is longer than `MAX_UPLOAD_BYTES`.
            HTTPException: 413, another body is longer than `MAX_FORM_BYTES`; 503 with Retry-After, there are too many
                uploads.
        """
        if scope["path"] in UPLOAD_PATHS:
            await self._receive_upload(scope, receive, send)
        else:
            await self._receive_form(scope, receive, send)

    async def _receive_form(self, scope: Scope, receive: Receive, send: Send) -> None:
        length = 0

        async def receive_bounded() -> Message:
            nonlocal length
            message = await receive()
            length += len(message.get("body", b""))
            if length > MAX_FORM_BYTES:
                raise HTTPException(413)
            return message

        await self.app(scope, receive_bounded, send)

    async def _receive_upload(self, scope: Scope, receive: Receive, send: Send) -> None:
        admission, client = self._admission, Request(scope).client
        is_answered = False
        with admission.admit(client_network(client.host if client else None)) as upload:

            async def receive_bounded() -> Message:
                message = await receive()
                admission.receive(upload, len(message.get("body", b"")))
                if upload.received <= MAX_UPLOAD_BYTES:
                    if not message.get("more_body", False):
                        admission.complete(upload)
                    return message
                # What is discarded takes no memory.
                admission.release(upload)
                while message.get("more_body", False) and upload.received <= DRAIN_LIMIT:
                    message = await receive()
                    upload.received += len(message.get("body", b""))
                raise PhotoTooLargeError(f"over {MAX_UPLOAD_BYTES} bytes")

            async def send_and_release(message: Message) -> None:
                nonlocal is_answered
                is_answered = True
                admission.release(upload)
                await send(message)

            with upload.scope:
                await self.app(scope, receive_bounded, send_and_release)
        if upload.scope.cancelled_caught and not is_answered:
            raise HTTPException(503, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})
