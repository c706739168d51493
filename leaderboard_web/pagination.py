"""Keyset pagination: cursors in links to the next page of a list, and the pages themselves.

A cursor is the position of the last row of a page. In a link it is base64url of its fields, joined by dots; what does
not decode to exactly the same text again is refused.
"""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Generic, Self, TypeVar
from uuid import UUID

from fastapi import Depends, HTTPException, Query

from core.db.look_summaries import LeaderboardEntry

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
MAX_INTEGER = 2**31 - 1
"""Largest integer of a cursor: that of Postgres' `integer`."""
MAX_LENGTH = 120
"""Longest encoded cursor, in characters."""

Row = TypeVar("Row")
C = TypeVar("C", bound="Cursor")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Base of all cursors; fields are `int`, `datetime` or `UUID`."""

    def encode(self) -> str:
        """The cursor as a link carries it."""
        plain = ".".join(_encode_field(getattr(self, field.name)) for field in fields(self))
        return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> Self:
        """The cursor of a link.

        Raises:
            ValueError: the text is not an encoded cursor of this kind.
        """
        if len(text) > MAX_LENGTH:
            raise ValueError("too long")
        plain = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode("ascii")
        values = plain.split(".")
        if len(values) != len(fields(cls)):
            raise ValueError(text)
        parsed = [_decode_field(field.type, value) for field, value in zip(fields(cls), values, strict=True)]
        cursor = cls(**{field.name: value for field, value in zip(fields(cls), parsed, strict=True)})
        if cursor.encode() != text:
            raise ValueError(text)
        return cursor


@dataclass(frozen=True, slots=True, kw_only=True)
class RankCursor(Cursor):
    """A position on the leaderboard."""

    offset: int
    """Looks that came before the next page."""
    hearts: int
    look_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeCursor(Cursor):
    """A position in a list that is ordered by time, the latest first."""

    at: datetime
    id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Row]):
    """A page of a list."""

    rows: Sequence[Row]
    next_cursor: str | None
    """Encoded cursor of the next page; None on the last one."""


def build_page(rows: Sequence[Row], size: int, cursor_of: Callable[[Row], Cursor]) -> Page[Row]:
    """Cut a list to one page.

    Args:
        rows: up to `size` + 1 rows; the additional one shows that there is a next page.
        size: rows on a page.
        cursor_of: the cursor of a row.
    """
    shown = rows[:size]
    return Page(rows=shown, next_cursor=cursor_of(shown[-1]).encode() if len(rows) > size else None)


def shared_cursor(entry: LeaderboardEntry) -> TimeCursor:
    """The position of a look in a list of public looks by the time at which they were shared."""
    shared_at = entry.look.shared_at
    assert shared_at is not None, "the database requires it of looks on the leaderboard"
    return TimeCursor(at=shared_at, id=entry.look.id)


def cursor_parameter(kind: type[C], name: str) -> Any:
    """A dependency that reads a cursor from the query.

    Raises:
        HTTPException: 404, raised by the dependency for a malformed cursor.
    """

    async def read_cursor(text: Annotated[str | None, Query(alias=name)] = None) -> C | None:
        try:
            return None if text is None else kind.decode(text)
        except ValueError:
            raise HTTPException(404) from None

    return Depends(read_cursor)


BeforeTime = Annotated[TimeCursor | None, cursor_parameter(TimeCursor, "before")]


def _encode_field(value: int | datetime | UUID) -> str:
    if isinstance(value, datetime):
        return str((value - EPOCH) // MICROSECOND)
    return value.hex if isinstance(value, UUID) else str(value)


def _decode_field(kind: Any, text: str) -> int | datetime | UUID:
    if kind is UUID:
        return UUID(hex=text)
    if not (text.isascii() and text.isdigit()):
        raise ValueError(text)
    number = int(text)
    if kind is datetime:
        try:
            return EPOCH + number * MICROSECOND
        except OverflowError:
            raise ValueError(text) from None
    if number > MAX_INTEGER:
        raise ValueError(text)
    return number
