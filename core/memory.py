"""Everything that Eva remembers with, opened and closed together: the database, the pictures and their links."""

from __future__ import annotations

import asyncio
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
from anyio import CapacityLimiter, to_thread

from core.db.engine import Database
from core.db.migrate import migrate_up
from core.errors import EmbeddedUnavailable
from core.keys import secret_key
from core.links import Links
from core.storage import Storage
from core.vision.engines import usable_cores

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from core.db.embedded import EmbeddedPostgres
    from core.settings import Settings

__all__ = ["Memory", "open_database", "open_memory"]

log = structlog.get_logger()

WATCH = 1.0
"""Seconds between looks whether the embedded server lives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What Eva remembers with."""

    database: Database
    storage: Storage
    links: Links
    keep_private: timedelta
    """How long the pictures of a look that was not shared are kept."""
    cores: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(usable_cores()))
    """Threads that decode, judge and draw at the same time: one for each core, for all uses together."""


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[Database]:
    """The database that the settings name, or the embedded one, which runs as long as somebody uses it.

    Raises:
        UnknownDatabase: DATABASE_URL names no Postgres.
        DatabaseUnavailable: that one does not answer.
        EmbeddedUnavailable: there is no DATABASE_URL, and the embedded Postgres does not start.
    """
    if settings.database_url is not None:
        async with Database(settings.database_url.get_secret_value()) as database:
            await database.check()
            yield database
        return
    if sys.platform == "win32":
        raise EmbeddedUnavailable("it needs Linux or macOS")
    from core.db.embedded import EmbeddedPostgres  # noqa: PLC0415

    server = EmbeddedPostgres(settings.data_dir / "postgres")
    await to_thread.run_sync(server.start)
    watch = asyncio.create_task(_watch(server))
    try:
        async with Database(server.url) as database:
            yield database
    finally:
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)
        await to_thread.run_sync(server.stop)


@asynccontextmanager
async def open_memory(settings: Settings) -> AsyncIterator[Memory]:
    """All of Eva's memory, with the tables as this version needs them.

    Raises:
        SecretMissing: EVA_SECRET_KEY is not set in production.
        MemoryFault: the database or the place for pictures cannot be used.
    """
    links = Links(secret_key(settings))
    storage = Storage(settings.pictures_url)
    async with open_database(settings) as database:
        await migrate_up(database)
        yield Memory(
            database=database,
            storage=storage,
            links=links,
            keep_private=timedelta(hours=settings.keep_private_hours),
        )


async def _watch(server: EmbeddedPostgres) -> None:
    """Start the embedded server again whenever it was killed: nobody else would."""
    while True:
        await asyncio.sleep(WATCH)
        if server.runs():
            continue
        log.warning("the embedded database is gone and is started again")
        try:
            await to_thread.run_sync(server.revive)
        except EmbeddedUnavailable as error:
            log.error("the embedded database does not start", detail=error.detail)
