"""Addresses that Eva gives to others: pictures, behind links that end by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import timedelta

    from core.links import Links
    from core.settings import Settings

__all__ = ["picture_url"]


def picture_url(settings: Settings, links: Links, key: str, lifetime: timedelta) -> str | None:
    """The public address of a picture in the storage, good for this long; None if Eva has no public address.

    Args:
        settings: with the public address.
        links: signs.
        key: where the picture lies, e.g. `ab/cdef.jpg`.
        lifetime: of the link.
    """
    if settings.public_url is None:
        return None
    return f"{str(settings.public_url).rstrip('/')}/pictures/{key}?t={links.sign(key, lifetime)}"
