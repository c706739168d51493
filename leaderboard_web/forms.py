"""Multipart forms with photos, read in memory and never written to disk.

Forms without a photo are declared with FastAPI's `Form`; `BodySizeLimitMiddleware` bounds them.
"""

import re
from collections.abc import AsyncGenerator
from typing import Annotated

from fastapi import Depends, HTTPException, Request
from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from leaderboard_web.errors import NoPhotoError
from leaderboard_web.middleware.body_limit import MAX_UPLOAD_BYTES

MAX_FIELDS = 8
MAX_FILES = 2
QUOTED = re.compile(rb'"(?:\\.|[^"\\])*+(?:"|\\?$)', re.DOTALL)
"""A quoted string, or one that does not end: each character is looked at once."""
FILE_NAME = re.compile(rb";\s*filename\s*=", re.IGNORECASE)
ENCODED_FILE_NAME = re.compile(rb";\s*filename\*[0-9*]*\s*=", re.IGNORECASE)
"""A name in the form of RFC 5987 or RFC 2231, as some HTTP libraries write it."""
UNNAMED_FILE = b"file"
"""In place of a name that nothing looks at."""
PREAMBLE_HEADER = b'Content-Disposition: form-data; name="preamble"'


class _InMemoryMultiPartParser(MultiPartParser):
    """Keeps files in memory, and takes every part for a file that RFC 7578 lets be one."""

    spool_max_size = MAX_UPLOAD_BYTES

    def on_headers_finished(self) -> None:
        """Name a file that Starlette would take for a text: it looks at the parameter `filename` only."""
        part = self._current_part
        disposition = part.content_disposition or b""
        parameters = QUOTED.sub(b"", disposition)
        if not FILE_NAME.search(parameters) and (
            ENCODED_FILE_NAME.search(parameters) or not _media_type(part.item_headers).startswith(b"text/")
        ):
            part.content_disposition = disposition + b'; filename="' + UNNAMED_FILE + b'"'
        super().on_headers_finished()

    async def parse(self) -> FormData:
        """The fields. The body is read behind a delimiter, so that what precedes its first one is a text to drop.

        RFC 2046 allows such a preamble, and spaces after a delimiter, of which the parser accepts the latter behind a
        part only.

        Raises:
            MultiPartException: the form is malformed.
        """
        _, parameters = parse_options_header(self.headers["content-type"])
        self.stream = _behind_delimiter(parameters.get(b"boundary", b""), self.stream)
        fields = (await super().parse()).multi_items()
        if not fields:
            raise MultiPartException("No delimiter in multipart.")
        return FormData(fields[1:])


async def _behind_delimiter(boundary: bytes, stream: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    yield b"--" + boundary + b"\r\n" + PREAMBLE_HEADER + b"\r\n\r\n\r\n"
    async for chunk in stream:
        yield chunk


def _media_type(headers: list[tuple[bytes, bytes]]) -> bytes:
    """The media type of a part, in lower case."""
    return next((value.lower() for name, value in headers if name == b"content-type"), b"text/plain")


async def read_multipart(request: Request) -> FormData:
    """The fields of a multipart form.

    Raises:
        PhotoTooLargeError: the body is longer than a photo and its form may be.
        NoPhotoError: the body is not a multipart form.
        HTTPException: 400, the form is malformed.
    """
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise NoPhotoError
    parser = _InMemoryMultiPartParser(request.headers, request.stream(), max_files=MAX_FILES, max_fields=MAX_FIELDS + 1)
    try:
        return await parser.parse()
    except MultiPartException as error:
        raise HTTPException(400) from error


async def uploaded_bytes(form: FormData, field: str = "photo") -> bytes | None:
    """The content of an uploaded file; None where the field was left empty."""
    file = form.get(field)
    if not isinstance(file, UploadFile):
        return None
    # Browsers send a field without a file as an empty one without a name.
    return await file.read() or (b"" if file.filename else None)


MultipartForm = Annotated[FormData, Depends(read_multipart)]
