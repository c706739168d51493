"""The connection to PostgreSQL: `Database`; statements that are compiled once: `CompiledStatement`; and pages of lists:
the rows after the last one of the page before, without OFFSET.

See ADR 0007.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import asyncpg
from asyncpg.exceptions import PostgresError
from sqlalchemy import ColumnElement, Integer, Select, TextClause, bindparam, event, func, text
from sqlalchemy.dialects.postgresql.asyncpg import dialect
from sqlalchemy.engine import URL, Dialect, ExceptionContext
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, ConnectionPoolEntry, PoolProxiedConnection
from sqlalchemy.sql.dml import ReturningInsert, ReturningUpdate

from core.db.database_url import STATEMENT_CACHE, DatabaseUrl
from core.db.errors import is_outage, name_outage
from core.errors import DatabaseUnavailableError, UnsupportedDatabaseUrlError

POOL_RECYCLE_SECONDS = 600
"""Seconds after which a connection is replaced: some networks drop longer ones silently."""
DRIVER_URL = URL.create("postgresql+asyncpg")
"""Without a host: asyncpg gets the parameters themselves."""
DIALECT: Dialect = dialect()  # type: ignore[no-untyped-call]
STATEMENT_TIMEOUT = 30.0
"""Seconds after which a statement is canceled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolUsage:
    """Numbers of connections."""

    used: int
    idle: int
    limit: int


class Database:
    """A PostgreSQL database and its connection pool. Nothing is connected before the first use.

    Repositories take the connection and never commit: the caller that opened the transaction commits it.
    """

    def __init__(
        self, url: str, *, pool_size: int = 20, application_name: str = "eva", queue_url: str | None = None
    ) -> None:
        """Configure the pool.

        Args:
            url: `postgresql://...` or `postgres://...`, with the parameters of libpq.
            pool_size: number of connections at most; opened as needed and kept open.
            application_name: of these connections in `pg_stat_activity`, unless the URL has one.
            queue_url: the same database for the queue, if that needs another way to it.

        Raises:
            UnsupportedDatabaseUrlError: the URL is not one of PostgreSQL, or has parameters that Eva does not support.
        """
        self.url = DatabaseUrl.parse(url)
        self.direct_url = DatabaseUrl.parse(queue_url or url)
        """The same database, for connections that keep a session of the server."""
        self.conninfo = self.direct_url.libpq(f"{application_name} queue")
        """The same database in libpq's form, for the queue's own connections."""
        self.engine = create_async_engine(
            DRIVER_URL,
            pool_size=pool_size,
            max_overflow=0,
            pool_recycle=POOL_RECYCLE_SECONDS,
            hide_parameters=True,
            isolation_level="AUTOCOMMIT",
            connect_args=self._connect_arguments(application_name),
        )
        event.listen(self.engine.sync_engine, "handle_error", _strip_row_values)
        event.listen(self.engine.sync_engine, "checkout", _reject_closed_connection)
        self.connection: Callable[[], AbstractAsyncContextManager[AsyncConnection]] = partial(
            self._connect, self.engine
        )
        """A connection in AUTOCOMMIT: each statement commits by itself and takes one round trip. Raises as
        `transaction`."""
        self._transactional = self.engine.execution_options(isolation_level="READ COMMITTED")
        self._snapshot = self.engine.execution_options(isolation_level="REPEATABLE READ")

    def _connect_arguments(self, application_name: str) -> dict[str, Any]:
        """What SQLAlchemy gives to asyncpg, and the size of its own statement cache."""
        size = self.url.statement_cache_size
        own: dict[str, Any] = {} if size is None else {STATEMENT_CACHE: size}
        if self.url.is_for_pgbouncer:
            # A connection of PgBouncer may have statements of other clients.
            own["prepared_statement_name_func"] = lambda: f"__eva_{uuid4()}__"
        return self.url.asyncpg(application_name) | own

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """A connection inside BEGIN and COMMIT; an exception rolls everything back.

        Raises:
            DatabaseUnavailableError: the server cannot serve now, or the pool had no connection for 30 s.
        """
        async with self._connect(self._transactional) as connection, connection.begin():
            yield connection

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[AsyncConnection]:
        """A transaction for reading: all its statements see the database as it was at the first one.

        Raises:
            DatabaseUnavailableError: as `transaction`.
        """
        async with self._connect(self._snapshot) as connection, connection.begin():
            yield connection

    @asynccontextmanager
    async def _connect(self, engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
        """A connection with the isolation level of an engine.

        Raises:
            DatabaseUnavailableError: the server cannot serve now, or the pool had no connection for 30 s. The cause is
                chained, since its text may hold the host and the user. All other errors pass unchanged.
        """
        is_connected = False
        try:
            connection = await engine.connect()
            is_connected = True
            try:
                yield connection
            finally:
                # In AUTOCOMMIT there is nothing to roll back; else a task does that, which a cancellation cannot end.
                await (connection.close() if engine is self.engine else connection.__aexit__(None, None, None))
        except Exception as error:
            if is_outage(error) or (isinstance(error, OSError) and not is_connected):
                raise DatabaseUnavailableError(name_outage(error)) from error
            raise

    def require_direct_url(self, what: str) -> None:
        """Check that there is a way to the database without PgBouncer.

        Args:
            what: needs it, in the plural.

        Raises:
            UnsupportedDatabaseUrlError: there is none.
        """
        if self.direct_url.is_for_pgbouncer:
            raise UnsupportedDatabaseUrlError(f"{what} need EVA_QUEUE_DATABASE_URL, a way without PgBouncer")

    async def check(self) -> None:
        """Execute a trivial statement.

        Raises:
            DatabaseUnavailableError: the database does not answer, or refuses the connection.
        """
        async with self.transaction() as connection:
            await connection.execute(text("SELECT 1"))

    def get_pool_usage(self) -> PoolUsage:
        """How many connections the process has."""
        pool = self.engine.pool
        assert isinstance(pool, AsyncAdaptedQueuePool)
        return PoolUsage(used=pool.checkedout(), idle=pool.checkedin(), limit=pool.size())

    async def close(self) -> None:
        """Close all connections."""
        await self.engine.dispose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()


class RecordRow(asyncpg.Record):  # type: ignore[misc]
    """A row whose columns are attributes, like those of SQLAlchemy's rows."""

    __slots__ = ()

    __getattr__ = asyncpg.Record.__getitem__


class CompiledStatement:
    """A statement with named parameters, compiled at its first execution and run without SQLAlchemy's execution layer.

    An implementation detail of the repositories: of the 0.3 ms of processor time that a short statement takes over
    SQLAlchemy, compilation-cache lookup, parameter processing and the greenlet switch take most.
    """

    def __init__(self, statement: Select[Any] | ReturningInsert[Any] | ReturningUpdate[Any] | TextClause) -> None:
        """Take the statement, with a `bindparam` for each value that is not known yet."""
        self.statement = statement

    async def fetch(self, connection: AsyncConnection, **values: object) -> Sequence[Any]:
        """Execute the statement and fetch all rows.

        On an AUTOCOMMIT connection it goes straight to asyncpg. In a transaction it goes through SQLAlchemy, which
        sends BEGIN with the first statement.

        Args:
            connection: of `Database`.
            values: of the statement's `bindparam`s, all of them.

        Raises:
            DatabaseUnavailableError: the database did not answer within `STATEMENT_TIMEOUT`.
        """
        sync = connection.sync_connection
        if sync is None or sync.in_transaction():
            rows: Sequence[Any] = (await connection.execute(self.statement, values)).all()
            return rows
        statement, names, constants = self._compiled
        known = constants | values
        driver: Any = sync.connection.driver_connection
        try:
            rows = await driver.fetch(
                statement, *(known[name] for name in names), timeout=STATEMENT_TIMEOUT, record_class=RecordRow
            )
        except PostgresError as error:
            # It quotes values of the row, and errors are logged.
            error.detail = None
            raise
        except TimeoutError as error:
            raise DatabaseUnavailableError("statement timeout") from error
        return rows

    @cached_property
    def _compiled(self) -> tuple[str, tuple[str, ...], dict[str, object]]:
        """The SQL text, the names of its parameters in their order, and the values of those that never change."""
        compiled = self.statement.compile(dialect=DIALECT)
        constants = {
            name: parameter.effective_value for parameter, name in compiled.bind_names.items() if not parameter.required
        }
        return str(compiled), tuple(compiled.positiontup or ()), constants


def _reject_closed_connection(
    connection: DBAPIConnection, record: ConnectionPoolEntry, proxy: PoolProxiedConnection
) -> None:
    """Replace a pooled connection that the server has closed; asyncpg notices that without a round trip."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError


def _strip_row_values(context: ExceptionContext) -> None:
    """Remove the row values that Postgres adds to an error: errors are logged, personal data is not."""
    error = context.original_exception
    error.args = (str(error).partition("\nDETAIL")[0],)
    if isinstance(error.__cause__, PostgresError):
        error.__cause__.detail = None


def after_cursor(columns: Sequence[ColumnElement[Any]], *, descending: bool = True) -> ColumnElement[bool]:
    """Condition for rows after the cursor, whose values are the parameters of `cursor_values`."""
    position = func.row(*(bindparam(f"after_{number}", type_=column.type) for number, column in enumerate(columns)))
    return func.row(*columns) < position if descending else func.row(*columns) > position


def paginate(
    statement: Select[tuple[Any, ...]],
    *columns: ColumnElement[Any],
    has_cursor: bool,
    descending: bool = True,
) -> Select[tuple[Any, ...]]:
    """Order a statement and cut it to one page.

    Args:
        statement: all rows.
        columns: the order, unique in the last column; an index should have them.
        has_cursor: whether the page comes after another one; the statement then has the parameters of `cursor_values`.
        descending: the direction of all columns.

    Returns:
        The statement with the parameter `limit`.
    """
    if has_cursor:
        statement = statement.where(after_cursor(columns, descending=descending))
    order = [column.desc() if descending else column.asc() for column in columns]
    return statement.order_by(*order).limit(bindparam("limit", type_=Integer))


def cursor_values(after: Sequence[object] | None) -> dict[str, object]:
    """The parameters of a cursor: the values of the ordering columns in the last row of the page before."""
    return {f"after_{number}": value for number, value in enumerate(after or ())}
