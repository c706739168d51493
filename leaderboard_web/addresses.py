"""Parts of addresses that name somebody or something."""

from __future__ import annotations

from uuid import UUID

from fastapi import HTTPException

__all__ = ["as_id"]


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
