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

__all__ = ["read_fields", "read_form", "uploaded"]

MOST_BYTES = MAX_BYTES + 64 * 1024
"""The longest body: one photo and the form around it."""
PATIENCE = 4 * MOST_BYTES
"""What is read of a longer one, and thrown away: browsers show an answer only after they have sent all."""

MOST_LETTERS = 8 * 1024
"""The longest body of a form without a photo, in bytes."""


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
    """The fields of a form without files; of two with the same name the last one.

    Raises:
        HTTPException: 400, the body is no such form, or too long.
    """
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        raise HTTPException(400)
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_LETTERS:
            raise HTTPException(400)
    return dict(parse_qsl(body.decode("utf-8", "replace")))


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
