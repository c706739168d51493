"""The tables that Eva keeps for herself: photos by day, rate limits, one-time tokens, the key and the last backup.

`core.db.schema` has all tables, and is what everything else imports.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
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
    text,
)

from core.db.columns import metadata, person_column

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
