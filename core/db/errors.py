"""Classification of database errors: outages, and violated constraints."""

from collections.abc import Iterator
from contextlib import contextmanager

from asyncpg.exceptions import ForeignKeyViolationError, InterfaceError, InternalClientError, PostgresError
from sqlalchemy import Table
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from core.errors import DatabaseUnavailableError, PersonNotFoundError

LOCK_NOT_AVAILABLE = "55P03"
"""`lock_timeout` is over."""
DEADLOCK_DETECTED = "40P01"
"""Of two transactions that wait for each other, the one that the server ended; it would succeed now."""
UNDEFINED_COLUMN = "42703"
"""Of a table that another release has made."""
OUTAGE_SQLSTATE_CLASSES = frozenset({"08", "28", "53"})
"""Connection exception, invalid authorization, and insufficient resources: connections, memory, disk."""
OUTAGE_SQLSTATES = frozenset(
    {
        "25006",  # read_only_sql_transaction: the server has become a replica, or protects its disk
        "25P03",  # idle_in_transaction_session_timeout
        "3D000",  # invalid_catalog_name: the database does not exist
        DEADLOCK_DETECTED,
        "57P01",  # admin_shutdown
        "57P02",  # crash_shutdown
        "57P03",  # cannot_connect_now
        "57P04",  # database_dropped
        "57P05",  # idle_session_timeout
        "58030",  # io_error
    }
)
"""Further codes of a server that cannot serve now (PostgreSQL documentation, appendix A)."""


def is_outage(error: BaseException) -> bool:
    """Whether an error of the driver or of SQLAlchemy says that the server cannot serve now, and may do so later.

    Errors of a statement, of its values or of a constraint are not, in any class that wraps them; neither is an
    `OSError`, except while a connection is opened.
    """
    if isinstance(error, PoolTimeoutError):
        return True
    if isinstance(error, DBAPIError):
        if error.connection_invalidated:
            return True
        error = _driver_error(error)
    sqlstate = getattr(error, "sqlstate", None)
    if sqlstate is not None:
        return sqlstate in OUTAGE_SQLSTATES or sqlstate[:2] in OUTAGE_SQLSTATE_CLASSES
    if isinstance(error, InternalClientError):
        # asyncpg has read the server's last message, and not yet the end of the connection.
        return "cannot switch to state" in str(error)
    # asyncpg raises the same class for a wrong value and for a connection that is in use already.
    return isinstance(error, InterfaceError) and "closed" in str(error)


def is_misconfigured(error: BaseException | None) -> bool:
    """Whether a connection was refused for its user, password or database, which waiting does not change."""
    sqlstate = None if error is None else find_sqlstate(error)
    return sqlstate is not None and (sqlstate[:2] == "28" or sqlstate == "3D000")


def find_sqlstate(error: BaseException) -> str | None:
    """The SQLSTATE of an error of the database, or None."""
    code: str | None = getattr(_driver_error(error), "sqlstate", None)
    return code


def find_violated_constraint(error: IntegrityError | PostgresError) -> str | None:
    """The name of the constraint that an error of the database is about, or None."""
    name: str | None = getattr(_driver_error(error), "constraint_name", None)
    return name


def name_outage(error: BaseException) -> str:
    """The name of the error of the driver, e.g. of a wrong password: its text may hold the host and the user."""
    return type(_driver_error(error)).__name__


@contextmanager
def outage_as_error() -> Iterator[None]:
    """Translate an outage on a connection that is not one of `Database`.

    Raises:
        DatabaseUnavailableError: the server cannot serve now.
    """
    try:
        yield
    except (OSError, PostgresError, InterfaceError, InternalClientError) as error:
        if isinstance(error, OSError) or is_outage(error):
            raise DatabaseUnavailableError(name_outage(error)) from error
        raise


@contextmanager
def missing_person_as_error(table: Table, column: str = "person_id") -> Iterator[None]:
    """Translate a violated foreign key to `people` into `PersonNotFoundError`.

    Args:
        table: that the statement writes to.
        column: its foreign key.

    Raises:
        PersonNotFoundError: the person was deleted.
    """
    try:
        yield
    except (IntegrityError, ForeignKeyViolationError) as error:
        if find_violated_constraint(error) == f"fk_{table.name}_{column}":
            raise PersonNotFoundError from error
        raise


def _driver_error(error: BaseException) -> BaseException:
    """The asyncpg error inside of an error of SQLAlchemy, and of the outage that it was translated to."""
    if isinstance(error, DatabaseUnavailableError) and error.__cause__ is not None:
        error = error.__cause__
    if isinstance(error, DBAPIError) and error.orig is not None:
        return error.orig.__cause__ or error.orig
    return error
