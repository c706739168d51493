"""Multipart forms as browsers and HTTP libraries write them."""

import time

import pytest
from fastapi import HTTPException
from starlette.requests import Request
from starlette.types import Message

from leaderboard_web.errors import NoPhotoError
from leaderboard_web.forms import MAX_FIELDS, MAX_FILES, QUOTED, read_multipart, uploaded_bytes

PHOTO = b"\xff\xd8\xff photo"


NAMED = b'Content-Disposition: form-data; name="photo"; filename="a.jpg"'


async def upload(part_headers: bytes, content: bytes = PHOTO) -> bytes | None:
    """Send a form with one part, and read its photo."""
    return await send_body(b"--b\r\n" + part_headers + b"\r\n\r\n" + content + b"\r\n--b--\r\n")


async def send_body(body: bytes, chunk_length: int = 10_000) -> bytes | None:
    """Send a form in chunks, and read its photo."""
    starts = iter(range(0, len(body), chunk_length))

    async def receive() -> Message:
        start = next(starts)
        more = start + chunk_length < len(body)
        return {"type": "http.request", "body": body[start : start + chunk_length], "more_body": more}

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
        (b'Content-Disposition: form-data; name="photo"\r\nContent-Type: Text/Plain', b"text", None),
        (b'Content-Disposition: form-data; name="; filename*=x"', b"text", None),
    ],
)
async def test_an_empty_field_and_a_text_are_no_files(headers: bytes, content: bytes, expected: bytes | None) -> None:
    assert await upload(headers, content) == expected


@pytest.mark.parametrize("chunk_length", [1, 10_000])
@pytest.mark.parametrize("preamble", [b"", b"\r\n", b"This is a form.\r\n", b"--c\r\nparts follow --b\r\n" * 2])
@pytest.mark.parametrize("padding", [b"", b" \t"])
async def test_preamble_and_padding_of_rfc_2046_are_accepted(
    preamble: bytes, padding: bytes, chunk_length: int
) -> None:
    start, end = preamble + b"--b" + padding + b"\r\n", b"\r\n--b--" + padding + b"\r\nepilogue"
    between = b"\r\n--b" + padding + b"\r\n"
    text = b'Content-Disposition: form-data; name="echo"\r\n\r\n1'
    assert await send_body(start + text + between + NAMED + b"\r\n\r\n" + PHOTO + end, chunk_length) == PHOTO


@pytest.mark.parametrize("body", [b"no delimiter", b"--c\r\n\r\n", b"x" * (2 * 2**20), b"--b\r\n\r\n\r\n--b--"])
async def test_malformed_form_is_refused(body: bytes) -> None:
    with pytest.raises(HTTPException):
        await send_body(body)


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


@pytest.mark.parametrize("name", [b"a", b'a\\"b', b"a; filename=b", b'a\\"; filename*=b'])
async def test_quoted_names_of_texts_are_no_file_names(name: bytes) -> None:
    assert await upload(b'Content-Disposition: form-data; name="' + name + b'"') is None


def test_each_character_of_an_endless_quoted_string_is_looked_at_once() -> None:
    start = time.process_time()
    assert QUOTED.sub(b"", b'x; name="' + 60_000 * b'\\"') == b"x; name="
    assert time.process_time() - start < 5
