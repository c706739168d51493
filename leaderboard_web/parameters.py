"""Parts of addresses that name somebody or something, what is asked behind them, and those of looks and people."""

from collections.abc import Callable
from typing import TypeVar
from urllib.parse import quote
from uuid import UUID

from fastapi import HTTPException, Request

Value = TypeVar("Value")


def parse_canonical_uuid(text: str) -> UUID:
    """The id in an address, only as we write it ourselves.

    Raises:
        HTTPException: 404, it is none.
    """
    try:
        found = UUID(text)
    except ValueError:
        raise HTTPException(404) from None
    if str(found) != text:
        raise HTTPException(404)
    return found


def query_parameter(request: Request, name: str, parse: Callable[[str], Value | None]) -> Value | None:
    """What an address says under a name; None where it says nothing.

    Args:
        request: of the page.
        name: of the parameter.
        read: understands it; gives None, or raises `ValueError`, where it cannot be one of ours.

    Raises:
        HTTPException: 404, it is none of ours.
    """
    said = request.query_params.get(name)
    if said is None:
        return None
    try:
        understood = parse(said)
    except ValueError:
        understood = None
    if understood is None:
        raise HTTPException(404)
    return understood


def look_path(look_id: UUID) -> str:
    """The page of a look."""
    return f"/looks/{look_id}"


def person_path(name: str) -> str:
    """The page of the person with this name."""
    return f"/people/{quote(name, safe='')}"
