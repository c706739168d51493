"""Multipart forms as browsers and HTTP libraries write them."""

import pytest
from starlette.requests import Request
from starlette.types import Message

from leaderboard_web.forms import read_multipart, uploaded_bytes

PHOTO = b"\xff\xd8\xff photo"


async def upload(part_headers: bytes, content: bytes = PHOTO) -> bytes | None:
    """Send a form with one part, and read its photo."""
    body = b"--b\r\n" + part_headers + b"\r\n\r\n" + content + b"\r\n--b--\r\n"

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    scope = {"type": "http", "method": "POST", "headers": [(b"content-type", b"Multipart/Form-Data; boundary=b")]}
    return await uploaded_bytes(await read_multipart(Request(scope, receive)))


@pytest.mark.parametrize(
    "headers",
    [
        b'Content-Disposition: form-data; name="photo"; filename="a.jpg"',
        b"content-disposition: form-data; name=photo; FILENAME = a.jpg",
        b"Content-Disposition: form-data; name=\"photo\"; filename*=UTF-8''%EC%BD%94%EB%94%94.jpg",
        b'Content-Disposition: form-data; name="photo"; Filename* = utf-8\'ko\'%EC%BD%94.jpg; filename="a.jpg"',
        b'Content-Disposition: form-data; name="photo"; filename*0="a"; filename*1=".jpg"',
        b'Content-Disposition: form-data; name="photo"; filename=""',
        b'Content-Disposition: form-data; name="photo"\r\nContent-Type: image/jpeg',
        b'Content-Type: APPLICATION/octet-stream\r\nContent-Disposition: form-data; name="photo"',
    ],
)
async def test_a_file_is_read_however_it_is_named(headers: bytes) -> None:
    assert await upload(headers) == PHOTO


@pytest.mark.parametrize(
    ("headers", "content", "expected"),
    [
        (b'Content-Disposition: form-data; name="photo"; filename=""', b"", None),
        (b'Content-Disposition: form-data; name="photo"; filename="a.jpg"', b"", b""),
        (b'Content-Disposition: form-data; name="photo"', b"text", None),
        (b'Content-Disposition: form-data; name="photo"\r\nContent-Type: text/plain; charset=utf-8', b"text", None),
        (b'Content-Disposition: form-data; name="; filename*=x"', b"text", None),
    ],
)
async def test_an_empty_field_and_a_text_are_no_files(headers: bytes, content: bytes, expected: bytes | None) -> None:
    assert await upload(headers, content) == expected
