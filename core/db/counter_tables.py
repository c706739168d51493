"""The tables of numbers that are kept where they change: looks by style, photos by day, and rate limits."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
)

from core.db.columns import choice_constraint, metadata, person_column
from core.styles import Style

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
