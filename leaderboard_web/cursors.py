"""Cursors in links to the next page of a list: opaque to people, checked when they come back."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from core.db.boards import Place

if TYPE_CHECKING:
    from core.db.looks import Glimpse

__all__ = ["Cursor", "Moment"]

FORM = re.compile(r"(?P<shown>\d{1,9})\.(?P<hearts>\d{1,9})\.(?P<id>[0-9a-f]{32})", re.ASCII)
MOMENT = re.compile(r"(?P<at>\d{1,16})\.(?P<id>[0-9a-f]{32})", re.ASCII)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """How far somebody has come on a board."""

    shown: int
    """Looks that came before."""
    place: Place
    """Of the last of them."""

    def as_text(self) -> str:
        """The cursor for a link."""
        return _opaque(f"{self.shown}.{self.place.hearts}.{self.place.look_id.hex}")

    @classmethod
    def from_text(cls, text: str) -> Cursor | None:
        """The cursor of a link; None if it is not one of ours."""
        match = _match(FORM, text)
        if match is None:
            return None
        place = Place(hearts=int(match["hearts"]), look_id=UUID(match["id"]))
        return cls(shown=int(match["shown"]), place=place)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """How far somebody has come in a list that begins with the latest."""

    at: datetime
    """When the last look was put there, to the microsecond."""
    look_id: UUID

    @classmethod
    def of(cls, look: Glimpse) -> Moment:
        """Of a shared look, by the time of its sharing."""
        return cls(at=look.shared_at or EPOCH, look_id=look.id)

    def as_text(self) -> str:
        """The cursor for a link."""
        return _opaque(f"{(self.at - EPOCH) // timedelta(microseconds=1)}.{self.look_id.hex}")

    @classmethod
    def from_text(cls, text: str) -> Moment | None:
        """The cursor of a link; None if it is not one of ours."""
        match = _match(MOMENT, text)
        if match is None:
            return None
        return cls(at=EPOCH + timedelta(microseconds=int(match["at"])), look_id=UUID(match["id"]))


def _opaque(plain: str) -> str:
    return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")


def _match(form: re.Pattern[str], text: str) -> re.Match[str] | None:
    try:
        plain = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return None
    return form.fullmatch(plain)
