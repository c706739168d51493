"""The short way to Postgres: statements that are put together once, over the driver itself.

Of the 0.3 ms of processor time that a short statement takes, SQLAlchemy takes nine tenths: it looks the statement up,
binds and unbinds each value, and goes through a greenlet; and a page waits for a few of them, a photo for a dozen. So
what is asked all the time is written with SQLAlchemy and compiled once, and a `Direct` hands the text and the values to
asyncpg. Inside a unit of work, which may have changed something, the same goes over the unit's own connection.
"""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import asyncpg
from asyncpg.exceptions import PostgresError
from sqlalchemy.dialects.postgresql.asyncpg import dialect

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Select, TextClause
    from sqlalchemy.engine import URL, Dialect
    from sqlalchemy.ext.asyncio import AsyncConnection
    from sqlalchemy.sql.dml import ReturningInsert, ReturningUpdate

__all__ = ["Connection", "Direct", "Statement", "direct_pool"]

DIALECT: Dialect = dialect()  # type: ignore[no-untyped-call]
STATEMENTS = 100
"""That a connection keeps prepared, if the URL does not say another number."""
SECONDS = 30
"""After which a statement is given up."""


class Row(asyncpg.Record):  # type: ignore[misc]
    """A row whose columns are attributes, as those of SQLAlchemy's rows are."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


class Direct:
    """A connection on which each statement is a unit of work by itself."""

    __slots__ = ("_connection",)

    def __init__(self, connection: asyncpg.Connection) -> None:
        """Take a connection of the driver."""
        self._connection = connection

    async def fetch(self, statement: str, values: Sequence[object]) -> Sequence[Any]:
        """All rows that answer a statement with places for values, `$1` and so on."""
        try:
            rows: Sequence[Any] = await self._connection.fetch(statement, *values)
        except PostgresError as error:
            # It would quote values of the row, and errors are logged.
            error.detail = None
            raise
        return rows


Connection: TypeAlias = "AsyncConnection | Direct"
"""Where a `Statement` can be executed."""


class Statement:
    """A statement whose values have names, put together and compiled once."""

    def __init__(self, statement: Select[Any] | ReturningInsert[Any] | ReturningUpdate[Any] | TextClause) -> None:
        """Take the statement, with a `bindparam` for each value that is not known yet."""
        self._statement = statement

    async def all(self, connection: Connection, **values: object) -> Sequence[Any]:
        """All rows of the answer.

        Args:
            connection: a direct one, or a unit of work.
            values: of the statement's `bindparam`s, all of them.
        """
        if not isinstance(connection, Direct):
            rows: Sequence[Any] = (await connection.execute(self._statement, values)).all()
            return rows
        statement, names, constants = self._compiled
        known = constants | values
        return await connection.fetch(statement, [known[name] for name in names])

    async def first(self, connection: Connection, **values: object) -> Any:
        """The first row of the answer, or None."""
        rows = await self.all(connection, **values)
        return rows[0] if rows else None

    @cached_property
    def _compiled(self) -> tuple[str, tuple[str, ...], dict[str, object]]:
        """The statement's text, the names of its values in their order, and those values that never change."""
        compiled = self._statement.compile(dialect=DIALECT)
        constants = {name: each.effective_value for each, name in compiled.bind_names.items() if not each.required}
        return str(compiled), tuple(compiled.positiontup or ()), constants


class _Connection(asyncpg.Connection):  # type: ignore[misc]
    """One that is not washed between two users, who leave nothing behind: that would be a round trip more."""

    def get_reset_query(self) -> str:
        """What the server is told when somebody is done."""
        return ""


def direct_pool(url: URL, size: int) -> asyncpg.Pool:
    """The driver's own pool for a database; it connects when it is first used.

    Args:
        url: as `core.db.engine.for_asyncpg` makes it.
        size: connections at most; who comes when all are busy waits in a line.
    """
    _, options = DIALECT.create_connect_args(url)
    prepared = options.pop("prepared_statement_cache_size", STATEMENTS)
    return asyncpg.create_pool(
        **options,
        statement_cache_size=prepared,
        min_size=0,
        max_size=size,
        connection_class=_Connection,
        record_class=Row,
        command_timeout=SECONDS,
        init=_read_json,
    )


async def _read_json(connection: asyncpg.Connection) -> None:
    await connection.set_type_codec("jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog")
