"""The cursor in a board's link to its next page: opaque to people, checked when it comes back."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from fastapi import Request

from core.db.leaderboard import LeaderboardCursor
from leaderboard_web.parameters import query_parameter

RANK_PATTERN = re.compile(r"(?P<shown>\d{1,9})\.(?P<hearts>\d{1,9})\.(?P<id>[0-9a-f]{32})", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class RankCursor:
    """How far somebody has come on a board."""

    offset: int
    """Looks that came before."""
    position: LeaderboardCursor
    """Of the last of them."""

    def encode(self) -> str:
        """The cursor for a link."""
        plain = f"{self.offset}.{self.position.hearts}.{self.position.look_id.hex}"
        return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> RankCursor | None:
        """The cursor of a link; None if it is not one of ours."""
        try:
            plain = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode("ascii")
        except (binascii.Error, ValueError):
            return None
        match = RANK_PATTERN.fullmatch(plain)
        if match is None:
            return None
        place = LeaderboardCursor(hearts=int(match["hearts"]), look_id=UUID(match["id"]))
        return cls(offset=int(match["shown"]), position=place)


TIME_PATTERN = re.compile(r"(?P<at>\d{1,17})\.(?P<id>[0-9a-f]{32})", re.ASCII)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeCursor:
    """Where a list in the order of time goes on: after this one, with what is older."""

    at: datetime
    id: UUID

    def encode(self) -> str:
        """The cursor for a link: microseconds since 1970, and the id."""
        return f"{(self.at - EPOCH) // timedelta(microseconds=1)}.{self.id.hex}"

    @classmethod
    def decode(cls, text: str) -> TimeCursor | None:
        """The cursor of a link; None if it is not one of ours."""
        match = TIME_PATTERN.fullmatch(text)
        if match is None:
            return None
        return cls(at=EPOCH + timedelta(microseconds=int(match["at"])), id=UUID(match["id"]))


def before_cursor(request: Request) -> TimeCursor | None:
    """The cursor in the query `before`, if there is one.

    Raises:
        HTTPException: 404, it is not one of ours.
    """
    return query_parameter(request, "before", TimeCursor.decode)
