"""Multipart forms with photos, read in memory and never written to disk.

Forms without a photo are declared with FastAPI's `Form`; `BodySizeLimitMiddleware` bounds them.
"""

from typing import Annotated

from fastapi import Depends, HTTPException, Request
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from leaderboard_web.errors import NoPhotoError
from leaderboard_web.middleware.body_limit import MAX_UPLOAD_BYTES

MAX_FIELDS = 8
MAX_FILES = 2


class _InMemoryMultiPartParser(MultiPartParser):
    spool_max_size = MAX_UPLOAD_BYTES


async def read_multipart(request: Request) -> FormData:
    """The fields of a multipart form.

    Raises:
        PhotoTooLargeError: the body is longer than a photo and its form may be.
        NoPhotoError: the body is not a multipart form.
        HTTPException: 400, the form is malformed.
    """
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise NoPhotoError
    parser = _InMemoryMultiPartParser(request.headers, request.stream(), max_files=MAX_FILES, max_fields=MAX_FIELDS)
    try:
        return await parser.parse()
    # The form names its charset, of which `undefined` decodes nothing.
    except (MultiPartException, UnicodeError) as error:
        raise HTTPException(400) from error


async def uploaded_bytes(form: FormData, field: str = "photo") -> bytes | None:
    """The content of an uploaded file; None where the field was left empty."""
    file = form.get(field)
    if not isinstance(file, UploadFile):
        return None
    # Browsers send a field without a file as an empty one without a name.
    return await file.read() or (b"" if file.filename else None)


MultipartForm = Annotated[FormData, Depends(read_multipart)]
