"""What changes on the leaderboard, as it is committed: hearts, new looks, and looks that nobody may see any more.

A trigger (revision 0003) notifies of it. A notification names a look, its hearts and its style, which everybody may
see, and never a person.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

import asyncpg

from core.db.database import Database
from core.db.errors import is_outage
from core.errors import DatabaseUnavailableError
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
    hearts: int = 0
    """0 for a look that is gone."""
    style: Style | None = None
    """Of a new look."""


@asynccontextmanager
async def listen(database: Database) -> AsyncIterator["asyncio.Queue[BoardEvent | None]"]:
    """Receive events on a connection of their own; the queue ends with None when the connection is lost.

    Raises:
        DatabaseUnavailableError: the server cannot serve now.
    """
    events: asyncio.Queue[BoardEvent | None] = asyncio.Queue()
    with _outage_as_error():
        connection = await asyncpg.connect(**database.direct_url.asyncpg("eva board"))
    try:
        with _outage_as_error():
            connection.add_termination_listener(lambda _: events.put_nowait(None))
            await connection.add_listener(CHANNEL, lambda *values: events.put_nowait(_parse(values[-1])))
        yield events
    finally:
        # Without a round trip, so that the end of a process does not wait for the server.
        connection.terminate()


@contextmanager
def _outage_as_error() -> Iterator[None]:
    """Replace an error of the driver.

    Raises:
        DatabaseUnavailableError: the server cannot serve now.
    """
    try:
        yield
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        if isinstance(error, OSError) or is_outage(error):
            raise DatabaseUnavailableError(type(error).__name__) from error
        raise


def can_listen(database: Database) -> bool:
    """Whether connections keep what they listen to; those of PgBouncer do not."""
    return not database.direct_url.is_for_pgbouncer


def _parse(payload: object) -> BoardEvent:
    change, look_id, *rest = str(payload).split(" ")
    return BoardEvent(
        change=BoardChange(change),
        look_id=UUID(look_id),
        hearts=int(rest[0]) if rest else 0,
        style=Style(rest[1]) if len(rest) > 1 else None,
    )
