"""The tables of what people do: reactions, follows, blocks, guesses, reports, and the number of their looks by style.

`core.db.schema` has all tables, and is what everything else imports.
"""

from sqlalchemy import CheckConstraint, Column, Index, Integer, PrimaryKeyConstraint, Table, Text, text

from core.db.columns import choice_constraint, look_column, metadata, now_column, person_column, time_column
from core.styles import Style


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
