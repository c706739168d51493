"""The way to Postgres: one URL, units of work on pooled connections, and a lighter way for pages that only read."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from asyncpg.exceptions import InterfaceError, PostgresError
from sqlalchemy import event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DisconnectionError, SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine

from core.db.direct import Direct, direct_pool
from core.errors import DatabaseUnavailable, UnknownDatabase

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from types import TracebackType
    from typing import Self

    from asyncpg import Pool
    from sqlalchemy.engine import URL, ExceptionContext
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.ext.asyncio import AsyncConnection
    from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

__all__ = ["DATABASE_FAULTS", "Database", "for_asyncpg", "for_libpq"]

DATABASE_FAULTS = (OSError, SQLAlchemyError, PostgresError, InterfaceError)
"""What a unit of work raises while the database is away; a connection that fails is not always wrapped."""

RECYCLE = 600
"""Seconds after which a connection is made anew: longer ones are dropped silently by some networks."""
POSTGRES = {"postgres", "postgresql", "postgresql+asyncpg", "postgresql+psycopg"}
LIBPQ_ONLY = {"channel_binding", "gssencmode"}
"""Parameters that hosts put into their URLs and asyncpg does not take."""


class Database:
    """A Postgres and the connections to it. Nothing is connected before the first unit of work.

    Repositories take the connection of a unit of work and never commit: who begins it, commits it.
    """

    def __init__(self, url: str, *, pool_size: int = 20, direct_size: int = 8) -> None:
        """Name the database.

        Args:
            url: `postgresql://...`, `postgres://...`, with the parameters of libpq.
            pool_size: connections at most; opened as needed and kept, since to open one takes longer than a page.
            direct_size: further ones at most, see `direct`; few are enough, for one is busy for about a millisecond.

        Raises:
            UnknownDatabase: the URL names no Postgres.
        """
        self.conninfo = for_libpq(url)
        """The same database as libpq writes it, for the queue's own connections."""
        self.engine = create_async_engine(
            for_asyncpg(url),
            pool_size=pool_size,
            max_overflow=0,
            pool_recycle=RECYCLE,
            hide_parameters=True,
        )
        event.listen(self.engine.sync_engine, "handle_error", _hide_details)
        event.listen(self.engine.sync_engine, "checkout", _must_live)
        self._autocommit = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._direct: Pool | None = None
        self._turns = asyncio.Semaphore(direct_size)
        self._direct_size = direct_size

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """One unit of work: all of it is committed at the end, none of it after an exception."""
        async with self.engine.begin() as connection:
            yield connection

    @asynccontextmanager
    async def autocommit(self) -> AsyncIterator[AsyncConnection]:
        """A connection on which each statement is a unit of work by itself, which takes one round trip and not three.

        For statements that are rare; `direct` takes less of the processor.
        """
        async with self._autocommit.connect() as connection:
            yield connection

    @asynccontextmanager
    async def direct(self) -> AsyncIterator[Direct]:
        """A connection for the statements of `core.db.direct`, each of which is a unit of work by itself."""
        if self._direct is None:
            self._direct = direct_pool(self.engine.url, self._direct_size)
            # Nothing is connected yet, so nobody comes in between.
            await self._direct
        # In a line: where a pool of the driver is busy, who comes late may pass who waits.
        async with self._turns, self._direct.acquire() as connection:
            yield Direct(connection)

    async def check(self) -> None:
        """Ask the database for a sign of life.

        Raises:
            DatabaseUnavailable: there is none.
        """
        try:
            async with self.begin() as connection:
                await connection.execute(text("SELECT 1"))
        except DATABASE_FAULTS as error:
            # What the driver says may hold the address and the user, so it is chained, but not quoted.
            raise DatabaseUnavailable(type(error).__name__) from error

    async def close(self) -> None:
        """Close all connections."""
        if self._direct is not None:
            await self._direct.close()
            self._direct = None
        await self.engine.dispose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


def for_asyncpg(url: str) -> URL:
    """A database's URL for SQLAlchemy over asyncpg.

    Raises:
        UnknownDatabase: it names no Postgres.
    """
    parsed = _parse(url)
    query = {name: value for name, value in parsed.query.items() if name not in LIBPQ_ONLY}
    if "sslmode" in query:
        query["ssl"] = query.pop("sslmode")
    return parsed.set(drivername="postgresql+asyncpg", query=query)


def for_libpq(url: str) -> str:
    """A database's URL for libpq, password and all.

    Raises:
        UnknownDatabase: it names no Postgres.
    """
    return _parse(url).set(drivername="postgresql").render_as_string(hide_password=False)


def _must_live(connection: DBAPIConnection, record: ConnectionPoolEntry, proxy: PoolProxiedConnection) -> None:
    """Hand out no connection whose server has gone; the driver hears of that by itself, so nobody needs to ask."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError


def _hide_details(context: ExceptionContext) -> None:
    """Cut off what Postgres adds to an error, the values of the row: errors are logged, and people are not."""
    error = context.original_exception
    error.args = (str(error).partition("\nDETAIL")[0],)
    if isinstance(error.__cause__, PostgresError):
        error.__cause__.detail = None


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        # The chained error would quote the URL, and with it the password.
        raise UnknownDatabase from None
    if parsed.drivername not in POSTGRES:
        raise UnknownDatabase(parsed.drivername)
    return parsed
