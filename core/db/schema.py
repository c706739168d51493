"""All tables, with what they promise. Migrations make them; `eva migrate check` says when the two differ.

Times are timestamptz. What belongs to a person goes when the person goes (ON DELETE CASCADE); the inbox, which is
written before anybody knows whose it is, names its sender instead.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Date,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    false,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from core.styles import Style
from core.vision.cam import HorizontalPart, VerticalPart
from core.vision.verdict import ConfidenceBand


class Channel(StrEnum):
    """Where a photo came from."""

    TELEGRAM = "telegram"
    KAKAO = "kakao"
    WEB = "web"


class IdentityProvider(StrEnum):
    """Who says who a person is."""

    TELEGRAM = "telegram"
    KAKAO = "kakao"
    """Kakao's chatbot: a key that holds for this bot alone."""
    KAKAO_LOGIN = "kakao_login"
    FACEBOOK = "facebook"
    WEB = "web"
    """A browser, by a random key that Eva gave it."""


class PendingQuestion(StrEnum):
    """What Eva asked about a look and waits to hear: a style."""

    GUESS = "guess"
    """Which its owner sees, before she has told hers."""
    CORRECT = "correct"
    """Which it really is, after she has."""


class ModerationAction(StrEnum):
    """What a moderator did."""

    HIDE = "hide"
    RESTORE = "restore"
    BAN = "ban"
    UNBAN = "unban"


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

IS_PUBLIC = text("on_board")
BY_HEARTS = (text("hearts DESC"), text("id DESC"))
SHARED_AT_IN_SEOUL = "(shared_at AT TIME ZONE 'Asia/Seoul')"


def _choice_constraint(column: str, choices: Iterable[str]) -> CheckConstraint:
    listed = ", ".join(f"'{choice}'" for choice in choices)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def _person_column(name: str = "person_id") -> Column[Any]:
    return Column(name, Uuid, ForeignKey("people.id", ondelete="CASCADE"), nullable=False)


def _look_column() -> Column[Any]:
    return Column("look_id", Uuid, ForeignKey("looks.id", ondelete="CASCADE"), nullable=False)


def _counter_column(name: str) -> Column[Any]:
    return Column(name, Integer, nullable=False, server_default="0")


def _time_column(name: str) -> Column[Any]:
    return Column(name, DateTime(timezone=True))


def _created_column() -> Column[Any]:
    return Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now())


def _reaction_table(name: str) -> Table:
    """What a person can put on a look once, and their latest."""
    return Table(
        name,
        metadata,
        _look_column(),
        _person_column(),
        _created_column(),
        PrimaryKeyConstraint("look_id", "person_id"),
        Index(None, "person_id", text("created_at DESC")),
    )


people = Table(
    "people",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text),
    Column("language", Text, nullable=False),
    _created_column(),
    _time_column("consented_at"),
    Column("guesses_first", Boolean, nullable=False, server_default=false()),
    Column("naming", Uuid, ForeignKey("looks.id", ondelete="SET NULL", use_alter=True)),
    Column("name_key", Text, unique=True),
    _counter_column("followers"),
    _counter_column("following"),
    _time_column("banned_at"),
    CheckConstraint("char_length(name) BETWEEN 1 AND 40", name="name"),
    CheckConstraint("(name IS NULL) = (name_key IS NULL)", name="name_key"),
    CheckConstraint("followers >= 0 AND following >= 0", name="followers"),
    CheckConstraint("language ~ '^[a-z]{2}$'", name="language"),
    Index(None, "naming", postgresql_where=text("naming IS NOT NULL")),
)

identities = Table(
    "identities",
    metadata,
    Column("provider", Text, nullable=False),
    Column("subject", Text, nullable=False),
    _person_column(),
    _created_column(),
    _time_column("unreachable_at"),
    Column("used_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    PrimaryKeyConstraint("provider", "subject"),
    _choice_constraint("provider", IdentityProvider),
    Index(None, "person_id"),
    Index("ix_identities_browsers", "used_at", postgresql_where=text("provider = 'web'")),
)

looks = Table(
    "looks",
    metadata,
    Column("id", Uuid, primary_key=True),
    _person_column(),
    Column("channel", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("photo_key", Text),
    Column("cam_key", Text),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("style", Text, nullable=False),
    Column("probabilities", ARRAY(Double, dimensions=1), nullable=False),
    Column("gate", Double, nullable=False),
    Column("band", Text, nullable=False),
    Column("region_height", Text, nullable=False),
    Column("region_side", Text, nullable=False),
    Column("concentration", Double, nullable=False),
    Column("cam", LargeBinary, nullable=False),
    Column("cam_columns", SmallInteger, nullable=False),
    Column("model", Text, nullable=False),
    Column("engine", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("guessed_style", Text),
    Column("corrected_style", Text),
    Column("asked", Text),
    _counter_column("hearts"),
    _created_column(),
    _time_column("stored_at"),
    _time_column("shared_at"),
    _time_column("hidden_at"),
    _counter_column("reports"),
    _time_column("held_at"),
    Column(
        "on_board",
        Boolean,
        Computed("shared_at IS NOT NULL AND hidden_at IS NULL AND held_at IS NULL", persisted=True),
    ),
    Column("shared_day", Date, Computed(f"{SHARED_AT_IN_SEOUL}::date", persisted=True)),
    Column("shared_week", Date, Computed(f"date_trunc('week', {SHARED_AT_IN_SEOUL})::date", persisted=True)),
    UniqueConstraint("person_id", "source"),
    _choice_constraint("channel", Channel),
    _choice_constraint("style", Style),
    _choice_constraint("guessed_style", Style),
    _choice_constraint("corrected_style", Style),
    _choice_constraint("asked", PendingQuestion),
    _choice_constraint("band", ConfidenceBand),
    _choice_constraint("region_height", VerticalPart),
    _choice_constraint("region_side", HorizontalPart),
    CheckConstraint("width > 0 AND height > 0", name="size"),
    CheckConstraint("octet_length(fingerprint) = 80", name="fingerprint"),
    CheckConstraint(
        "cardinality(probabilities) = 8 AND 0 <= ALL (probabilities) AND 1 >= ALL (probabilities)",
        name="probabilities",
    ),
    CheckConstraint("gate BETWEEN 0 AND 1", name="gate"),
    CheckConstraint("concentration BETWEEN 0 AND 1", name="concentration"),
    CheckConstraint("cam_columns > 0 AND octet_length(cam) % cam_columns = 0", name="cam"),
    CheckConstraint("language ~ '^[a-z]{2}$'", name="language"),
    CheckConstraint("hearts >= 0", name="hearts"),
    CheckConstraint("reports >= 0", name="reports"),
    CheckConstraint("(photo_key IS NULL) = (cam_key IS NULL)", name="both_pictures"),
    CheckConstraint("shared_at IS NULL OR hidden_at IS NOT NULL OR photo_key IS NOT NULL", name="shared_is_seen"),
    Index("ix_looks_board_hearts", *BY_HEARTS, postgresql_where=IS_PUBLIC),
    Index("ix_looks_day_hearts", "shared_day", *BY_HEARTS, postgresql_where=IS_PUBLIC),
    Index("ix_looks_week_hearts", "shared_week", *BY_HEARTS, postgresql_where=IS_PUBLIC),
    Index("ix_looks_style_hearts", "style", *BY_HEARTS, postgresql_where=IS_PUBLIC),
    Index("ix_looks_style_day_hearts", "style", "shared_day", *BY_HEARTS, postgresql_where=IS_PUBLIC),
    Index("ix_looks_style_week_hearts", "style", "shared_week", *BY_HEARTS, postgresql_where=IS_PUBLIC),
    Index("ix_looks_person_shared", "person_id", text("shared_at DESC"), text("id DESC"), postgresql_where=IS_PUBLIC),
    Index("ix_looks_reported", "id", postgresql_where=text("reports > 0")),
    Index("ix_looks_person_new", "person_id", text("created_at DESC"), text("id DESC")),
    Index(
        "ix_looks_private",
        "created_at",
        postgresql_where=text("shared_at IS NULL AND photo_key IS NOT NULL"),
    ),
    Index("ix_looks_corrected", "id", postgresql_where=text("corrected_style IS NOT NULL")),
)

hearts = _reaction_table("hearts")
bookmarks = _reaction_table("scraps")

follows = Table(
    "follows",
    metadata,
    _person_column(),
    _person_column("followed_id"),
    _created_column(),
    PrimaryKeyConstraint("person_id", "followed_id"),
    CheckConstraint("person_id <> followed_id", name="another"),
    Index(None, "followed_id"),
)

reports = Table(
    "reports",
    metadata,
    _look_column(),
    _person_column(),
    Column("reason", Text, nullable=False, server_default=""),
    _created_column(),
    _time_column("seen_at"),
    PrimaryKeyConstraint("look_id", "person_id"),
    CheckConstraint("char_length(reason) <= 500", name="reason"),
    Index(None, "person_id"),
)

person_style_counts = Table(
    "person_styles",
    metadata,
    _person_column(),
    Column("style", Text, nullable=False),
    Column("looks", Integer, nullable=False),
    PrimaryKeyConstraint("person_id", "style"),
    _choice_constraint("style", Style),
    CheckConstraint("looks >= 0", name="looks"),
)

daily_counts = Table(
    "days",
    metadata,
    Column("day", Date, nullable=False),
    Column("shard", SmallInteger, nullable=False),
    Column("judged", Integer, nullable=False),
    PrimaryKeyConstraint("day", "shard"),
)

moderation_log = Table(
    "moderation",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("act", Text, nullable=False),
    Column("moderator_id", Uuid, ForeignKey("people.id", ondelete="SET NULL"), index=True),
    Column("look_id", Uuid, ForeignKey("looks.id", ondelete="SET NULL"), index=True),
    Column("person_id", Uuid, ForeignKey("people.id", ondelete="SET NULL"), index=True),
    _created_column(),
    _choice_constraint("act", ModerationAction),
)

one_time_tokens = Table(
    "tickets",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    _person_column(),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("octet_length(digest) = 32", name="digest"),
    Index(None, "person_id"),
    Index(None, "expires_at"),
)

inbox = Table(
    "inbox",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("platform", Text, nullable=False),
    Column("update_id", Text, nullable=False),
    Column("sender", Text),
    Column("payload", JSONB(none_as_null=True)),
    Column("received_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    _time_column("done_at"),
    UniqueConstraint("platform", "update_id"),
    _choice_constraint("platform", Channel),
    Index(None, "platform", "sender"),
    Index("ix_inbox_undone", "received_at", postgresql_where=text("done_at IS NULL")),
    Index("ix_inbox_done", "done_at", postgresql_where=text("done_at IS NOT NULL")),
)

job_checkpoints = Table(
    "deliveries",
    metadata,
    Column("inbox_id", BigInteger, ForeignKey("inbox.id", ondelete="CASCADE"), nullable=False),
    Column("step", Text, nullable=False),
    Column("message", Text),
    Column("sent_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    PrimaryKeyConstraint("inbox_id", "step"),
)
