"""The cursor in a link to what is older: a moment, and the look that tells those of one moment apart."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from leaderboard_web.addresses import asked

if TYPE_CHECKING:
    from fastapi import Request

__all__ = ["Moment", "asked_moment"]

FORM = re.compile(r"(?P<at>\d{1,17})\.(?P<id>[0-9a-f]{32})", re.ASCII)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Where a list in the order of time goes on: after this one, with what is older."""

    at: datetime
    id: UUID

    def as_text(self) -> str:
        """The cursor for a link: microseconds since 1970, and the id."""
        return f"{(self.at - EPOCH) // timedelta(microseconds=1)}.{self.id.hex}"

    @classmethod
    def from_text(cls, text: str) -> Moment | None:
        """The cursor of a link; None if it is not one of ours."""
        match = FORM.fullmatch(text)
        if match is None:
            return None
        return cls(at=EPOCH + timedelta(microseconds=int(match["at"])), id=UUID(match["id"]))


def asked_moment(request: Request) -> Moment | None:
    """The cursor in the query `before`, if there is one.

    Raises:
        HTTPException: 404, it is not one of ours.
    """
    return asked(request, "before", Moment.from_text)
