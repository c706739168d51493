"""Outages are distinguished from errors in statements."""

import asyncpg
import pytest
from asyncpg.exceptions import _base
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from core.db.errors import find_violated_constraint, is_outage


def wrap(kind: type[DBAPIError], cause: Exception) -> DBAPIError:
    original = Exception()
    original.__cause__ = cause
    return kind("SELECT 1", None, original)


OUTAGES = [
    asyncpg.ConnectionDoesNotExistError(""),
    asyncpg.AdminShutdownError(""),
    asyncpg.CannotConnectNowError(""),
    asyncpg.CrashShutdownError(""),
    asyncpg.TooManyConnectionsError(""),
    asyncpg.DiskFullError(""),
    asyncpg.OutOfMemoryError(""),
    asyncpg.ReadOnlySQLTransactionError(""),
    asyncpg.DeadlockDetectedError(""),
    asyncpg.InvalidPasswordError(""),
    asyncpg.InvalidCatalogNameError(""),
    asyncpg.InterfaceError("connection is closed"),
]
STATEMENT = [
    asyncpg.UndefinedColumnError(""),
    asyncpg.UniqueViolationError(""),
    asyncpg.NumericValueOutOfRangeError(""),
    asyncpg.InterfaceError("cannot perform operation: another operation is in progress"),
    _base.DataError("invalid input for query argument $1"),
]


@pytest.mark.parametrize("kind", [DBAPIError, OperationalError, ProgrammingError])
@pytest.mark.parametrize("error", OUTAGES)
def test_outages_are_recognized_in_every_class(error: Exception, kind: type[DBAPIError]) -> None:
    assert is_outage(error)
    assert is_outage(wrap(kind, error))


@pytest.mark.parametrize("kind", [DBAPIError, OperationalError, ProgrammingError, IntegrityError])
@pytest.mark.parametrize("error", STATEMENT)
def test_errors_of_statements_are_no_outages(error: Exception, kind: type[DBAPIError]) -> None:
    assert not is_outage(error)
    assert not is_outage(wrap(kind, error))


def test_an_invalidated_connection_and_an_exhausted_pool_are_outages() -> None:
    assert is_outage(DBAPIError("SELECT 1", None, Exception(), connection_invalidated=True))
    assert is_outage(PoolTimeoutError())


def test_a_violated_constraint_is_read_from_the_driver() -> None:
    error = asyncpg.ForeignKeyViolationError("uq_others")
    error.constraint_name = "fk_looks_person_id"
    assert find_violated_constraint(error) == "fk_looks_person_id"
    wrapped = wrap(IntegrityError, error)
    assert isinstance(wrapped, IntegrityError)
    assert find_violated_constraint(wrapped) == "fk_looks_person_id"
