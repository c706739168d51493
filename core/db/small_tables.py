"""The small tables: what people do (reactions, follows, blocks, reports, the number of their looks by style), counters,
tokens and the installation; and the metadata and kinds of columns of all tables.

`core.db.schema` has all tables, and is what everything else imports.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    Uuid,
    func,
    text,
)

from core.styles import Style

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


def _reaction_table(name: str) -> Table:
    """A table of reactions: one row per look and person."""
    return Table(
        name,
        metadata,
        look_column(),
        person_column(),
        now_column(),
        PrimaryKeyConstraint("look_id", "person_id"),
        Index(None, "person_id", text("created_at DESC")),
        Index(None, "look_id", text("created_at DESC")),
    )


hearts = _reaction_table("hearts")
bookmarks = _reaction_table("bookmarks")

follows = Table(
    "follows",
    metadata,
    person_column("follower_id"),
    person_column("followed_id"),
    now_column(),
    PrimaryKeyConstraint("follower_id", "followed_id"),
    CheckConstraint("follower_id <> followed_id", name="not_self"),
    Index(None, "followed_id", text("created_at DESC")),
)

blocks = Table(
    "blocks",
    metadata,
    person_column(),
    person_column("blocked_id"),
    now_column(),
    PrimaryKeyConstraint("person_id", "blocked_id"),
    CheckConstraint("person_id <> blocked_id", name="not_self"),
    Index(None, "blocked_id"),
)

look_guesses = Table(
    "look_guesses",
    metadata,
    look_column(),
    person_column(),
    Column("style", Text, nullable=False),
    now_column(),
    PrimaryKeyConstraint("look_id", "person_id"),
    choice_constraint("style", Style),
    Index(None, "person_id"),
)

reports = Table(
    "reports",
    metadata,
    look_column(),
    person_column(),
    Column("reason", Text, nullable=False, server_default=""),
    now_column(),
    time_column("reviewed_at"),
    PrimaryKeyConstraint("look_id", "person_id"),
    CheckConstraint("char_length(reason) <= 500", name="reason"),
    Index(None, "person_id"),
)

person_reports = Table(
    "person_reports",
    metadata,
    person_column("reported_id"),
    person_column(),
    Column("reason", Text, nullable=False, server_default=""),
    now_column(),
    time_column("reviewed_at"),
    PrimaryKeyConstraint("reported_id", "person_id"),
    CheckConstraint("reported_id <> person_id", name="not_self"),
    CheckConstraint("char_length(reason) <= 500", name="reason"),
    Index(None, "person_id"),
    Index("ix_person_reports_open", "reported_id", postgresql_where=text("reviewed_at IS NULL")),
)

person_style_counts = Table(
    "person_style_counts",
    metadata,
    person_column(),
    Column("style", Text, nullable=False),
    Column("count", Integer, nullable=False),
    PrimaryKeyConstraint("person_id", "style"),
    choice_constraint("style", Style),
    CheckConstraint("count >= 0", name="count"),
)


daily_counts = Table(
    "daily_counts",
    metadata,
    Column("day", Date, nullable=False),
    Column("shard", SmallInteger, nullable=False),
    Column("photos_judged", Integer, nullable=False),
    PrimaryKeyConstraint("day", "shard"),
)

rate_limits = Table(
    "rate_limits",
    metadata,
    Column("key", LargeBinary, nullable=False),
    Column("period", BigInteger, nullable=False),
    Column("count", Integer, nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("key", "period"),
    Index(None, "expires_at"),
    prefixes=["UNLOGGED"],
)

one_time_tokens = Table(
    "one_time_tokens",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    person_column(),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("octet_length(token_hash) = 32", name="token_hash"),
    Index(None, "person_id"),
    Index(None, "expires_at"),
)

installation = Table(
    "installation",
    metadata,
    Column("id", Boolean, primary_key=True, server_default=text("true")),
    Column("secret_fingerprint", Text, nullable=False),
    Column("backed_up_at", DateTime(timezone=True)),
    CheckConstraint("id", name="single_row"),
)
