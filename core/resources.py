"""Everything that Eva remembers with, opened and closed together: the database, the pictures and their links."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import structlog
from anyio import CapacityLimiter, to_thread

from core.db.database import Database
from core.db.embedded_postgres import EmbeddedPostgres
from core.db.migrate import migrate_up
from core.errors import EmbeddedPostgresError
from core.object_storage import ObjectStorage
from core.settings import Settings
from core.signing import UrlSigner, load_secret_key
from core.vision.backends import available_cpus

log = structlog.get_logger()

POLL_INTERVAL = 1.0
"""Seconds between looks whether the embedded server lives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """What Eva remembers with."""

    database: Database
    storage: ObjectStorage
    url_signer: UrlSigner
    private_photo_ttl: timedelta
    """How long the pictures of a look that was not shared are kept."""
    cpu_limiter: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(available_cpus()))
    """Threads that decode, judge and draw at the same time: one for each core, for all uses together."""


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[Database]:
    """The database that the settings name, or the embedded one, which runs as long as somebody uses it.

    Raises:
        UnsupportedDatabaseUrlError: DATABASE_URL names no Postgres.
        DatabaseUnavailableError: that one does not answer.
        EmbeddedPostgresError: there is no DATABASE_URL, and the embedded Postgres does not start.
    """
    if settings.database_url is not None:
        async with Database(settings.database_url.get_secret_value()) as database:
            await database.check()
            yield database
        return
    if sys.platform == "win32":
        raise EmbeddedPostgresError("it needs Linux or macOS")
    from core.db.embedded_postgres import EmbeddedPostgres  # noqa: PLC0415

    server = EmbeddedPostgres(settings.data_dir / "postgres")
    await to_thread.run_sync(server.start)
    watch = asyncio.create_task(_supervise_embedded(server))
    try:
        async with Database(server.url) as database:
            yield database
    finally:
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)
        await to_thread.run_sync(server.stop)


@asynccontextmanager
async def open_resources(settings: Settings) -> AsyncIterator[Resources]:
    """All of Eva's memory, with the tables as this version needs them.

    Raises:
        MissingSecretKeyError: EVA_SECRET_KEY is not set in production.
        PersistenceError: the database or the place for pictures cannot be used.
    """
    links = UrlSigner(load_secret_key(settings))
    storage = ObjectStorage(settings.object_storage_url)
    async with open_database(settings) as database:
        await migrate_up(database)
        yield Resources(
            database=database,
            storage=storage,
            url_signer=links,
            private_photo_ttl=timedelta(hours=settings.private_photo_ttl_hours),
        )


async def _supervise_embedded(server: EmbeddedPostgres) -> None:
    """Start the embedded server again whenever it was killed: nobody else would."""
    while True:
        await asyncio.sleep(POLL_INTERVAL)
        if server.is_running():
            continue
        log.warning("the embedded database is gone and is started again")
        try:
            await to_thread.run_sync(server.restart)
        except EmbeddedPostgresError as error:
            log.error("the embedded database does not start", detail=error.detail)
