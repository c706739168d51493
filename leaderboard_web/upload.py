"""Forms: read in memory, never longer than what they hold may be, never on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from fastapi import HTTPException
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from core.errors import PhotoTooLarge
from core.photos import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from fastapi import Request

__all__ = ["read_body", "read_fields", "read_form", "uploaded"]

MOST_BYTES = MAX_BYTES + 64 * 1024
"""The longest body: one photo and the form around it."""
PATIENCE = 4 * MOST_BYTES
"""What is read of a longer one, and thrown away: browsers show an answer only after they have sent all."""

MOST_LETTERS = 8 * 1024
"""The longest body of a form without a photo, in bytes."""
MOST_FIELDS = 8


class _InMemory(MultiPartParser):
    spool_max_size = MOST_BYTES


async def read_form(request: Request) -> FormData:
    """The fields of a multipart form.

    Raises:
        PhotoTooLarge: the body is longer than a photo may be.
        HTTPException: 400, the body is no such form.
    """
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise HTTPException(400)
    parser = _InMemory(request.headers, _at_most(request, MOST_BYTES), max_files=2, max_fields=8)
    try:
        return await parser.parse()
    except MultiPartException as error:
        raise HTTPException(400) from error


async def read_fields(request: Request) -> dict[str, str]:
    """The fields of an urlencoded form; of several with one name the last.

    Raises:
        HTTPException: 400, the body is no such form; 413, it is longer than any of ours.
    """
    body = await read_body(request, MOST_LETTERS)
    if body and not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        raise HTTPException(400)
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
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


async def uploaded(form: FormData, field: str = "photo") -> bytes | None:
    """The content of an uploaded file, or None where the field was left empty."""
    file = form.get(field)
    if not isinstance(file, UploadFile) or not file.filename:
        return None
    return await file.read()


async def _at_most(request: Request, limit: int) -> AsyncGenerator[bytes, None]:
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > PATIENCE:
            break
        if size <= limit:
            yield chunk
    if size > limit:
        raise PhotoTooLarge(f"over {limit} bytes")
