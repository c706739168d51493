"""The metadata of all tables, and the columns and constraints that several of them have."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import CheckConstraint, Column, DateTime, ForeignKey, Integer, MetaData, Uuid, func

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def choice_constraint(column: str, choices: Iterable[str]) -> CheckConstraint:
    """The column has one of these values; null passes."""
    listed = ", ".join(f"'{choice}'" for choice in choices)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def person_column(name: str = "person_id") -> Column[Any]:
    """A reference to a person; the row is deleted with them."""
    return Column(name, Uuid, ForeignKey("people.id", ondelete="CASCADE"), nullable=False)


def look_column() -> Column[Any]:
    """A reference to a look; the row is deleted with it."""
    return Column("look_id", Uuid, ForeignKey("looks.id", ondelete="CASCADE"), nullable=False)


def counter_column(name: str) -> Column[Any]:
    """A number that starts at 0."""
    return Column(name, Integer, nullable=False, server_default="0")


def time_column(name: str) -> Column[Any]:
    """A time that may be missing."""
    return Column(name, DateTime(timezone=True))


def now_column(name: str = "created_at") -> Column[Any]:
    """The time of the insertion, unless another one is given."""
    return Column(name, DateTime(timezone=True), nullable=False, server_default=func.now())
