"""The fields of a plain form (`application/x-www-form-urlencoded`), read in memory and never long."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from fastapi import HTTPException

if TYPE_CHECKING:
    from fastapi import Request

__all__ = ["read_fields"]

MOST_BYTES = 8 * 1024
MOST_FIELDS = 8


async def read_fields(request: Request) -> dict[str, str]:
    """The fields of a form; of several with one name the last.

    Raises:
        HTTPException: 400, the body is no such form; 413, it is longer than any of ours.
    """
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise HTTPException(413)
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError:
        raise HTTPException(400) from None
    return dict(pairs)
