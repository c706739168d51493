"""Forms: read in memory, never longer than what they hold may be, never on disk."""

from collections.abc import AsyncGenerator
from urllib.parse import parse_qsl

from fastapi import HTTPException, Request
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from core.errors import PhotoTooLargeError
from core.images.decoding import MAX_BYTES

MAX_MULTIPART_BYTES = MAX_BYTES + 64 * 1024
"""The longest body: one photo and the form around it."""
DRAIN_LIMIT = 4 * MAX_MULTIPART_BYTES
"""What is read of a longer one, and thrown away: browsers show an answer only after they have sent all."""

MAX_URLENCODED_BYTES = 8 * 1024
"""The longest body of a form without a photo, in bytes."""
MAX_FIELDS = 8


class _InMemoryMultiPartParser(MultiPartParser):
    spool_max_size = MAX_MULTIPART_BYTES


async def read_multipart(request: Request) -> FormData:
    """The fields of a multipart form.

    Raises:
        PhotoTooLargeError: the body is longer than a photo may be.
        HTTPException: 400, the body is no such form.
    """
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise HTTPException(400)
    parser = _InMemoryMultiPartParser(
        request.headers, _limit_body(request, MAX_MULTIPART_BYTES), max_files=2, max_fields=8
    )
    try:
        return await parser.parse()
    except MultiPartException as error:
        raise HTTPException(400) from error


async def read_urlencoded(request: Request) -> dict[str, str]:
    """The fields of an urlencoded form; of several with one name the last.

    Raises:
        HTTPException: 400, the body is no such form; 413, it is longer than any of ours.
    """
    body = await read_body(request, MAX_URLENCODED_BYTES)
    if body and not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        raise HTTPException(400)
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except ValueError:
        raise HTTPException(400) from None
    return dict(pairs)


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body of a request.

    Raises:
        HTTPException: 413, it is longer than `limit` bytes.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise HTTPException(413)
    return bytes(body)


async def uploaded_bytes(form: FormData, field: str = "photo") -> bytes | None:
    """The content of an uploaded file, or None where the field was left empty."""
    file = form.get(field)
    if not isinstance(file, UploadFile) or not file.filename:
        return None
    return await file.read()


async def _limit_body(request: Request, limit: int) -> AsyncGenerator[bytes, None]:
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > DRAIN_LIMIT:
            break
        if size <= limit:
            yield chunk
    if size > limit:
        raise PhotoTooLargeError(f"over {limit} bytes")
