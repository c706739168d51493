"""Parts of addresses that name somebody or something, and the addresses of looks and people."""

from __future__ import annotations

from urllib.parse import quote
from uuid import UUID

from fastapi import HTTPException

__all__ = ["as_id", "look_path", "person_path"]


def as_id(text: str) -> UUID:
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


def look_path(look_id: UUID) -> str:
    """The page of a look."""
    return f"/looks/{look_id}"


def person_path(name: str) -> str:
    """The page of the person with this name."""
    return f"/people/{quote(name, safe='')}"
