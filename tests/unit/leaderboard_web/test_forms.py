"""Multipart forms as browsers write them."""

import pytest
from fastapi import HTTPException
from starlette.requests import Request
from starlette.types import Message

from leaderboard_web.errors import NoPhotoError
from leaderboard_web.forms import MAX_FIELDS, MAX_FILES, read_multipart, uploaded_bytes

PHOTO = b"\xff\xd8\xff photo"
NAMED = b'Content-Disposition: form-data; name="photo"; filename="a.jpg"'


async def upload(part_headers: bytes, content: bytes = PHOTO) -> bytes | None:
    """Send a form with one part, and read its photo."""
    return await send_body(b"--b\r\n" + part_headers + b"\r\n\r\n" + content + b"\r\n--b--\r\n")


async def send_body(body: bytes, chunk_length: int = 10_000, parameters: bytes = b"") -> bytes | None:
    """Send a form in chunks, and read its photo."""
    starts = iter(range(0, len(body), chunk_length))

    async def receive() -> Message:
        start = next(starts)
        more = start + chunk_length < len(body)
        return {"type": "http.request", "body": body[start : start + chunk_length], "more_body": more}

    media_type = b"Multipart/Form-Data; boundary=b" + parameters
    scope = {"type": "http", "method": "POST", "headers": [(b"content-type", media_type)]}
    return await uploaded_bytes(await read_multipart(Request(scope, receive)))


@pytest.mark.parametrize(
    "headers",
    [
        NAMED,
        b"content-disposition: form-data; name=photo; FILENAME = a.jpg",
        b'Content-Disposition: form-data; name="photo"; filename=""',
        'Content-Disposition: form-data; name="photo"; filename="코디 %22사진%22; 1.jpg"'.encode(),
        b'Content-Disposition: form-data; name="photo"; filename="a \\"b\\".jpg"',
        b"Content-Type: APPLICATION/octet-stream\r\n" + NAMED,
    ],
)
async def test_a_file_is_read(headers: bytes) -> None:
    assert await upload(headers) == PHOTO


@pytest.mark.parametrize(
    ("headers", "content", "expected"),
    [
        (b'Content-Disposition: form-data; name="photo"; filename=""', b"", None),
        (NAMED, b"", b""),
        (b'Content-Disposition: form-data; name="photo"', b"text", None),
        (b'Content-Disposition: form-data; name="photo"\r\nContent-Type: text/plain; charset=utf-8', b"text", None),
        (b'Content-Disposition: form-data; name="a; filename=b"', b"text", None),
    ],
)
async def test_an_empty_field_and_a_text_are_no_files(headers: bytes, content: bytes, expected: bytes | None) -> None:
    assert await upload(headers, content) == expected


@pytest.mark.parametrize("chunk_length", [1, 10_000])
async def test_a_form_is_read_in_chunks(chunk_length: int) -> None:
    text = b'--b\r\nContent-Disposition: form-data; name="echo"\r\n\r\n1\r\n'
    photo = b"--b\r\n" + NAMED + b"\r\n\r\n" + PHOTO + b"\r\n--b--\r\n"
    assert await send_body(text + photo, chunk_length) == PHOTO


@pytest.mark.parametrize("body", [b"no delimiter", b"--c\r\n\r\n", b"x" * (2 * 2**20), b"--b\r\n\r\n\r\n--b--"])
async def test_malformed_form_is_refused(body: bytes) -> None:
    with pytest.raises(HTTPException):
        await send_body(body)


async def test_a_form_in_an_unknown_encoding_is_refused() -> None:
    part = b"--b\r\n" + NAMED + b"\r\n\r\n" + PHOTO + b"\r\n--b--\r\n"
    with pytest.raises(HTTPException):
        await send_body(part, parameters=b"; charset=undefined")


@pytest.mark.parametrize(
    ("headers", "limit"),
    [(b'Content-Disposition: form-data; name="echo"', MAX_FIELDS), (NAMED, MAX_FILES)],
    ids=["texts", "files"],
)
async def test_a_form_has_few_parts(headers: bytes, limit: int) -> None:
    part = b"--b\r\n" + headers + b"\r\n\r\n" + PHOTO + b"\r\n"
    assert await send_body(part * limit + b"--b--\r\n") in {None, PHOTO}
    with pytest.raises(HTTPException):
        await send_body(part * (limit + 1) + b"--b--\r\n")


async def test_another_body_holds_no_photo() -> None:
    request = Request({"type": "http", "method": "POST", "headers": [(b"content-type", b"image/jpeg")]})
    with pytest.raises(NoPhotoError):
        await read_multipart(request)
