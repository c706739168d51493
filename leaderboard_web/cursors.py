"""The cursor in a board's link to its next page: opaque to people, checked when it comes back."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from uuid import UUID

from core.db.boards import Place

__all__ = ["Cursor"]

FORM = re.compile(r"(?P<shown>\d{1,9})\.(?P<hearts>\d{1,9})\.(?P<id>[0-9a-f]{32})", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """How far somebody has come on a board."""

    shown: int
    """Looks that came before."""
    place: Place
    """Of the last of them."""

    def as_text(self) -> str:
        """The cursor for a link."""
        plain = f"{self.shown}.{self.place.hearts}.{self.place.look_id.hex}"
        return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")

    @classmethod
    def from_text(cls, text: str) -> Cursor | None:
        """The cursor of a link; None if it is not one of ours."""
        try:
            plain = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode("ascii")
        except (binascii.Error, ValueError):
            return None
        match = FORM.fullmatch(plain)
        if match is None:
            return None
        place = Place(hearts=int(match["hearts"]), look_id=UUID(match["id"]))
        return cls(shown=int(match["shown"]), place=place)
