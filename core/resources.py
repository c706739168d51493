"""The resources that services share: database, object storage, URL signer, decoders and processor limit."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import structlog
from anyio import CapacityLimiter, to_thread

from core.db import installation, similar_looks
from core.db.database import Database
from core.db.errors import is_misconfigured
from core.db.migrate import check_schema, migrate_up
from core.errors import (
    DatabaseUnavailableError,
    EmbeddedPostgresError,
    PersistenceError,
    SchemaOutdatedError,
)
from core.images.decode_pool import DecodePool
from core.images.recent_drawings import RecentDrawings
from core.object_storage import ObjectStorage
from core.runtime import ProcessKind, available_cpus
from core.settings import Settings
from core.signing import LimitKeySigner, UrlSigner, fingerprint, load_old_keys, load_secret_key

if TYPE_CHECKING:
    from core.db.embedded_postgres import EmbeddedPostgres

log = structlog.get_logger()

MAX_DECODE_THREADS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class StartTimings:
    """How a process waits for its database, in seconds."""

    timeout: float = 60.0
    """For which a server waits at its start for the database and its migration."""
    poll_interval: float = 1.0
    """Between checks that the embedded server is running, and that a database can be used at the start."""


DEFAULT_TIMINGS = StartTimings()


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """What the services of one process share."""

    database: Database
    storage: ObjectStorage
    url_signer: UrlSigner
    limit_signer: LimitKeySigner
    private_photo_ttl: timedelta
    """How long the images of a look that is not shared are stored."""
    finds_similar_looks: bool = True
    """Whether the database can search looks by similarity, see `core.db.similar_looks`."""
    is_secret_key_changed: bool = False
    """Whether the last process that was started signed with a key that this one does not know."""
    cpu_limiter: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(available_cpus()))
    """Limits the threads that infer, draw or compress at the same time to one for each processor, for all uses
    together."""
    recent_drawings: RecentDrawings = field(default_factory=RecentDrawings)
    """Pictures that are not stored, for a minute."""
    decode_pool: DecodePool = field(default_factory=lambda: DecodePool(available_cpus()))
    """Decodes untrusted photos, in as many processes of its own as there are processors, see ADR 0019."""
    decode_limiter: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(MAX_DECODE_THREADS))
    """Limits the threads that wait for the pool. They compute nothing, so they do not count for `cpu_limiter`."""


def has_database(settings: Settings) -> bool:
    """Whether there is a database already: a configured one, or an embedded PostgreSQL that was started before."""
    if settings.database_url is not None:
        return True
    from core.db.embedded_postgres import EmbeddedPostgres  # noqa: PLC0415

    return EmbeddedPostgres(settings.data_dir / "postgres").is_created()


@asynccontextmanager
async def open_database(
    settings: Settings, process: ProcessKind = ProcessKind.COMMAND, timings: StartTimings = DEFAULT_TIMINGS
) -> AsyncIterator[Database]:
    """Connect to the configured database, or run the embedded PostgreSQL while it is in use.

    Raises:
        UnsupportedDatabaseUrlError: DATABASE_URL is not a PostgreSQL URL, or leads workers through PgBouncer.
        DatabaseUnavailableError: that database does not answer; a server waits for `timings.timeout`.
        EmbeddedPostgresError: there is no DATABASE_URL, and the embedded PostgreSQL does not start.
    """
    if settings.database_url is not None:
        queue_url = settings.queue_database_url
        async with Database(
            settings.database_url.get_secret_value(),
            pool_size=settings.database_pool_size,
            application_name=f"eva {process}",
            queue_url=queue_url.get_secret_value() if queue_url else None,
        ) as database:
            if process.has_queue:
                database.require_direct_url("workers")
            await _wait_until(database.check, DatabaseUnavailableError, process, timings)
            if process.has_queue and queue_url is not None:
                async with Database(queue_url.get_secret_value(), pool_size=1) as direct:
                    await _wait_until(direct.check, DatabaseUnavailableError, process, timings)
            yield database
        return
    from core.db.embedded_postgres import EmbeddedPostgres  # noqa: PLC0415

    server = EmbeddedPostgres(settings.data_dir / "postgres")
    await to_thread.run_sync(server.start)
    supervisor = asyncio.create_task(_supervise_embedded(server, timings.poll_interval))
    try:
        async with Database(
            server.url, pool_size=settings.database_pool_size, application_name=f"eva {process}"
        ) as database:
            yield database
    finally:
        supervisor.cancel()
        await asyncio.gather(supervisor, return_exceptions=True)
        await to_thread.run_sync(server.stop)


@asynccontextmanager
async def open_resources(
    settings: Settings, process: ProcessKind = ProcessKind.COMMAND, timings: StartTimings = DEFAULT_TIMINGS
) -> AsyncIterator[Resources]:
    """Open all resources.

    The database is migrated to the current schema; `eva serve` and `eva worker` only check that DATABASE_URL's is.

    Raises:
        MissingSecretKeyError: EVA_SECRET_KEY is not set in production.
        WeakSecretKeyError: the secret key is empty or too short.
        PersistenceError: the database or the object storage cannot be used.
    """
    secret = load_secret_key(settings)
    old_secrets = load_old_keys(settings)
    url_signer = UrlSigner(secret, old=old_secrets)
    storage = ObjectStorage(settings.object_storage_url)
    async with open_database(settings, process, timings) as database:
        if process.only_checks_schema and settings.database_url is not None:
            await _wait_until(partial(check_schema, database), SchemaOutdatedError, process, timings)
        else:
            await migrate_up(database)
        async with database.connection() as connection:
            finds_similar_looks = (await similar_looks.get_state(connection)).is_set_up
        resources = Resources(
            finds_similar_looks=finds_similar_looks,
            database=database,
            storage=storage,
            url_signer=url_signer,
            limit_signer=LimitKeySigner(secret),
            private_photo_ttl=timedelta(hours=settings.private_photo_ttl_hours),
            is_secret_key_changed=process.is_server and await _is_secret_key_changed(database, secret, old_secrets),
        )
        with closing(resources.decode_pool):
            yield resources


async def _is_secret_key_changed(database: Database, secret: bytes, old_secrets: Sequence[bytes]) -> bool:
    """Record the key, and tell whether sessions and links that a former one signed are lost."""
    async with database.connection() as connection:
        former = await installation.record_secret_fingerprint(connection, fingerprint(secret))
    is_changed = former is not None and former not in map(fingerprint, old_secrets)
    if is_changed:
        log.warning("secret_key_changed")
    return is_changed


async def _wait_until(
    check: Callable[[], Awaitable[None]],
    expected: type[PersistenceError],
    process: ProcessKind,
    timings: StartTimings,
) -> None:
    """Repeat a check of the database until it succeeds; only servers wait, and not for what an operator must change."""
    deadline = time.monotonic() + timings.timeout
    while True:
        try:
            await check()
        except expected as error:
            if not process.is_server or time.monotonic() > deadline or is_misconfigured(error.__cause__):
                raise
            log.warning("database_unreachable", error=type(error).__name__)
            await asyncio.sleep(timings.poll_interval)
        else:
            return


async def _supervise_embedded(server: "EmbeddedPostgres", interval: float) -> None:
    """Restart the embedded server whenever it was killed."""
    while True:
        await asyncio.sleep(interval)
        if server.is_running():
            continue
        log.warning("embedded_postgres_restarting")
        try:
            await to_thread.run_sync(server.restart)
        except EmbeddedPostgresError as error:
            log.error("embedded_postgres_restart_failed", detail=error.detail)
