"""What changes on the leaderboard, as it is committed: hearts, new looks, and looks that are public no longer.

Triggers (revision 0003) notify of it. The owner of a look is named for those who do not see each other, and is sent to
no page; so are people whose view has changed.

See ADR 0031.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

import asyncpg

from core.db.database import Database
from core.db.errors import outage_as_error
from core.styles import Style

CHANNEL = "board"


class BoardChange(StrEnum):
    """What happened to a look; the value is the first word of a notification."""

    HEARTS = "hearts"
    NEW = "new"
    """It became public."""
    GONE = "gone"
    """It is not public any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardEvent:
    """A change of one look."""

    change: BoardChange
    look_id: UUID
    owner_id: UUID | None = None
    """None for a look that is gone."""
    hearts: int = 0
    """0 for a look that is gone."""
    style: Style | None = None
    """Of a new look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleEvent:
    """Whom these people see has changed: by a block, or because a session or a chat belongs to another person now."""

    people: frozenset[UUID]


EventQueue = asyncio.Queue[BoardEvent | PeopleEvent | None]


@asynccontextmanager
async def listen(database: Database) -> AsyncIterator[EventQueue]:
    """Receive events on a connection of their own; the queue ends with None when the connection is lost.

    Raises:
        DatabaseUnavailableError: the server cannot serve now.
    """
    events: EventQueue = asyncio.Queue()
    with outage_as_error():
        connection = await asyncpg.connect(**database.direct_url.asyncpg("eva board"))
    try:
        with outage_as_error():
            connection.add_termination_listener(lambda _: events.put_nowait(None))
            await connection.add_listener(CHANNEL, lambda *values: events.put_nowait(_parse(values[-1])))
        yield events
    finally:
        # Without a round trip, so that the end of a process does not wait for the server.
        connection.terminate()


def can_listen(database: Database) -> bool:
    """Whether connections keep what they listen to; those of PgBouncer do not."""
    return not database.direct_url.is_for_pgbouncer


def _parse(payload: object) -> BoardEvent | PeopleEvent:
    name, *values = str(payload).split(" ")
    if name == "people":
        return PeopleEvent(people=frozenset(map(UUID, values)))
    change, look_id, rest = BoardChange(name), UUID(values[0]), values[1:]
    if change is BoardChange.GONE:
        return BoardEvent(change=change, look_id=look_id)
    style = Style(rest[2]) if change is BoardChange.NEW else None
    return BoardEvent(change=change, look_id=look_id, owner_id=UUID(rest[0]), hearts=int(rest[1]), style=style)
