"""Tables and their constraints, as SQLAlchemy metadata.

The migrations create them; `eva migrate check` compares the two. All times are `timestamptz`. Rows that belong to a
person are deleted with the person (`ON DELETE CASCADE`), except for two tables, of which an erasure deletes rows by
itself: an update in the inbox is stored before its sender is known as a person, so it holds the messenger's id of the
sender instead, and the counter of a person's photos of a day in `rate_limits` has the person's id as its key.
"""

from enum import StrEnum

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
    Interval,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    false,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from core.db import small_tables
from core.db.small_tables import choice_constraint, counter_column, now_column, person_column, time_column
from core.styles import Style
from core.vision.verdict import ConfidenceBand, HorizontalPart, Refusal, VerticalPart


class Channel(StrEnum):
    """Where a photo was submitted."""

    TELEGRAM = "telegram"
    KAKAO = "kakao"
    WEB = "web"


class IdentityProvider(StrEnum):
    """Who authenticated an identity."""

    TELEGRAM = "telegram"
    KAKAO = "kakao"
    """The KakaoTalk chatbot; its user keys are valid for this bot only."""
    KAKAO_LOGIN = "kakao_login"
    FACEBOOK = "facebook"
    WEB = "web"
    """A browser session, identified by a random key that Eva issued."""


class PendingQuestion(StrEnum):
    """The question about a look that its owner has not answered yet; the answer is a style."""

    GUESS = "guess"
    """Which style the owner sees, before the verdict is revealed."""
    CORRECT = "correct"
    """Which style it really is, after the verdict."""


class ModerationAction(StrEnum):
    """An action of a moderator."""

    HIDE = "hide"
    RESTORE = "restore"
    BAN = "ban"
    UNBAN = "unban"
    DISMISS = "dismiss"
    """Reports of a person were found groundless."""
    RETRY = "retry"
    """Failed updates of messengers were processed again."""


metadata = small_tables.metadata
IS_PUBLIC = text("is_public")
IS_WAITING_FOR_MODERATOR = text("(report_count > 0 OR suspended_at IS NOT NULL)")
"""Also without reports: they are deleted with their reporters, the suspension is not."""
IS_RISING = text("is_public AND rising_at IS NOT NULL")
BY_HEARTS = (text("hearts DESC"), text("id DESC"))
BY_SHARED = (text("shared_at DESC"), text("id DESC"))
BY_RISING = (text("rising_at DESC"), text("id DESC"))
IMAGES_END_AT = "(created_at AT TIME ZONE 'UTC' + private_photo_ttl) AT TIME ZONE 'UTC'"
"""Only arithmetic without a time zone is immutable, as generated columns must be."""
SHARED_AT_IN_SEOUL = "(shared_at AT TIME ZONE 'Asia/Seoul')"
MIDNIGHT_IN_SEOUL = literal_column("date_trunc('day', now(), 'Asia/Seoul')", DateTime(timezone=True))
"""The time at which today began."""
TODAY_IN_SEOUL = literal_column("(now() AT TIME ZONE 'Asia/Seoul')::date", Date)
WEEK_IN_SEOUL = literal_column("date_trunc('week', now() AT TIME ZONE 'Asia/Seoul')::date", Date)
"""The Monday of this week."""
UNFINISHED = "processed_at IS NULL AND failed_at IS NULL"


people = Table(
    "people",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text),
    Column("language", Text, nullable=False),
    now_column(),
    time_column("consented_at"),
    Column("guesses_first", Boolean, nullable=False, server_default=false()),
    Column("pending_name_look_id", Uuid, ForeignKey("looks.id", ondelete="SET NULL", use_alter=True)),
    Column("pending_name_chat", Text),
    time_column("pending_name_asked_at"),
    Column("pending_name", Text),
    Column("learning_consent", Boolean),
    time_column("learning_asked_at"),
    time_column("learning_answered_at"),
    now_column("news_seen_at"),
    now_column("news_since"),
    Column("daily_news", Boolean, nullable=False, server_default=false()),
    Column("daily_news_on", Date),
    Column("display_name_key", Text, unique=True),
    counter_column("followers"),
    counter_column("following"),
    time_column("banned_at"),
    CheckConstraint("char_length(name) BETWEEN 1 AND 40", name="name"),
    CheckConstraint("(name IS NULL) = (display_name_key IS NULL)", name="display_name_key"),
    CheckConstraint("char_length(pending_name) BETWEEN 1 AND 40", name="pending_name"),
    CheckConstraint("(learning_consent IS NULL) = (learning_answered_at IS NULL)", name="learning_answered_at"),
    CheckConstraint("followers >= 0 AND following >= 0", name="followers"),
    CheckConstraint("language ~ '^[a-z]{2}$'", name="language"),
    Index("ix_people_daily_news", "id", postgresql_where=text("daily_news")),
    Index(None, "pending_name_look_id", postgresql_where=text("pending_name_look_id IS NOT NULL")),
)

identities = Table(
    "identities",
    metadata,
    Column("provider", Text, nullable=False),
    Column("subject", Text, nullable=False),
    person_column(),
    now_column(),
    time_column("blocked_at"),
    now_column("last_seen_at"),
    PrimaryKeyConstraint("provider", "subject"),
    choice_constraint("provider", IdentityProvider),
    Index(None, "person_id"),
    Index("ix_identities_sessions", "last_seen_at", postgresql_where=text("provider = 'web'")),
)

looks = Table(
    "looks",
    metadata,
    Column("id", Uuid, primary_key=True),
    person_column(),
    Column("turn", Integer, nullable=False, server_default=text("1")),
    time_column("shown_at"),
    Column("channel", Text, nullable=False),
    Column("source_message_id", Text, nullable=False),
    Column("photo_key", Text),
    Column("heatmap_key", Text),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("perceptual_hash", LargeBinary, nullable=False),
    Column("style", Text, nullable=False),
    Column("probabilities", ARRAY(Double, dimensions=1), nullable=False),
    Column("outfit_probability", Double, nullable=False),
    Column("band", Text, nullable=False),
    Column("refusal", Text),
    Column("region_height", Text, nullable=False),
    Column("region_side", Text, nullable=False),
    Column("concentration", Double, nullable=False),
    Column("cam", LargeBinary, nullable=False),
    Column("cam_columns", SmallInteger, nullable=False),
    Column("attributes", JSONB(none_as_null=True)),
    # Items and colors of `attributes` that were seen, and what the leaderboard is filtered by.
    Column("things", ARRAY(Text, dimensions=1), nullable=False, server_default=text("'{}'")),
    Column("filters", ARRAY(Text, dimensions=1), nullable=False, server_default=text("'{}'")),
    # One byte for each value, 128 for zero; the length of the vector is of no importance.
    Column("embedding", LargeBinary),
    Column("model", Text, nullable=False),
    Column("engine", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("guessed_style", Text),
    Column("corrected_style", Text),
    # Codes of items and colors that are not worn according to the owner, each with what is worn instead, or null.
    Column("item_corrections", JSONB(none_as_null=True)),
    # Codes of garments, each with the codes of its colors according to the owner; `item_corrections` is set as well.
    Column("told_colors", JSONB(none_as_null=True)),
    Column("pending_question", Text),
    counter_column("hearts"),
    now_column(),
    Column("private_photo_ttl", Interval, nullable=False),
    Column("images_end_at", DateTime(timezone=True), Computed(IMAGES_END_AT, persisted=True)),
    time_column("images_stored_at"),
    time_column("shared_at"),
    # Kept up to date by a trigger; see `core.db.leaderboard`.
    time_column("rising_at"),
    time_column("removed_at"),
    counter_column("report_count"),
    time_column("suspended_at"),
    Column(
        "is_public",
        Boolean,
        Computed("shared_at IS NOT NULL AND removed_at IS NULL AND suspended_at IS NULL", persisted=True),
    ),
    Column("shared_day", Date, Computed(f"{SHARED_AT_IN_SEOUL}::date", persisted=True)),
    Column("shared_week", Date, Computed(f"date_trunc('week', {SHARED_AT_IN_SEOUL})::date", persisted=True)),
    UniqueConstraint("person_id", "source_message_id"),
    choice_constraint("channel", Channel),
    choice_constraint("style", Style),
    choice_constraint("guessed_style", Style),
    choice_constraint("corrected_style", Style),
    choice_constraint("pending_question", PendingQuestion),
    choice_constraint("band", ConfidenceBand),
    choice_constraint("refusal", Refusal),
    choice_constraint("region_height", VerticalPart),
    choice_constraint("region_side", HorizontalPart),
    CheckConstraint("width > 0 AND height > 0", name="size"),
    CheckConstraint("octet_length(perceptual_hash) = 80", name="perceptual_hash"),
    CheckConstraint("octet_length(embedding) = 128", name="embedding"),
    CheckConstraint(
        "cardinality(probabilities) = 8 AND 0 <= ALL (probabilities) AND 1 >= ALL (probabilities)",
        name="probabilities",
    ),
    CheckConstraint("outfit_probability BETWEEN 0 AND 1", name="outfit_probability"),
    CheckConstraint("concentration BETWEEN 0 AND 1", name="concentration"),
    CheckConstraint("cam_columns > 0 AND octet_length(cam) % cam_columns = 0", name="cam"),
    CheckConstraint("language ~ '^[a-z]{2}$'", name="language"),
    CheckConstraint("private_photo_ttl > '0'", name="private_photo_ttl"),
    CheckConstraint("hearts >= 0", name="hearts"),
    CheckConstraint("report_count >= 0", name="report_count"),
    CheckConstraint("(photo_key IS NULL) = (heatmap_key IS NULL)", name="both_images"),
    CheckConstraint("shared_at IS NULL OR removed_at IS NOT NULL OR photo_key IS NOT NULL", name="shared_has_images"),
    Index("ix_looks_board_hearts", *BY_HEARTS, postgresql_where=IS_PUBLIC),
    Index("ix_looks_day_hearts", "shared_day", *BY_HEARTS, postgresql_where=IS_PUBLIC),
    Index("ix_looks_week_hearts", "shared_week", *BY_HEARTS, postgresql_where=IS_PUBLIC),
    Index("ix_looks_style_hearts", "style", *BY_HEARTS, postgresql_where=IS_PUBLIC),
    Index("ix_looks_style_day_hearts", "style", "shared_day", *BY_HEARTS, postgresql_where=IS_PUBLIC),
    Index("ix_looks_style_week_hearts", "style", "shared_week", *BY_HEARTS, postgresql_where=IS_PUBLIC),
    Index("ix_looks_board_new", *BY_SHARED, postgresql_where=IS_PUBLIC),
    Index("ix_looks_style_new", "style", *BY_SHARED, postgresql_where=IS_PUBLIC),
    Index("ix_looks_board_rising", *BY_RISING, postgresql_where=IS_RISING),
    Index("ix_looks_style_rising", "style", *BY_RISING, postgresql_where=IS_RISING),
    Index("ix_looks_person_shared", "person_id", text("shared_at DESC"), text("id DESC"), postgresql_where=IS_PUBLIC),
    Index(
        "ix_looks_filters",
        "filters",
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
        postgresql_where=IS_PUBLIC,
    ),
    Index("ix_looks_reported", "id", postgresql_where=IS_WAITING_FOR_MODERATOR),
    Index("ix_looks_person_new", "person_id", text("created_at DESC"), text("id DESC")),
    Index("ix_looks_photo_key", "photo_key", postgresql_where=text("photo_key IS NOT NULL")),
    Index("ix_looks_heatmap_key", "heatmap_key", postgresql_where=text("heatmap_key IS NOT NULL")),
    Index(
        "ix_looks_private",
        "images_end_at",
        postgresql_where=text("shared_at IS NULL AND photo_key IS NOT NULL"),
    ),
    Index(
        "ix_looks_corrected",
        "id",
        postgresql_where=text("corrected_style IS NOT NULL OR item_corrections IS NOT NULL"),
    ),
)

hearts = small_tables.hearts
bookmarks = small_tables.bookmarks
follows = small_tables.follows
blocks = small_tables.blocks
look_guesses = small_tables.look_guesses
reports = small_tables.reports
person_reports = small_tables.person_reports
person_style_counts = small_tables.person_style_counts

daily_counts = small_tables.daily_counts
rate_limits = small_tables.rate_limits
one_time_tokens = small_tables.one_time_tokens
installation = small_tables.installation

moderation_log = Table(
    "moderation_log",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("action", Text, nullable=False),
    Column("moderator_id", Uuid, ForeignKey("people.id", ondelete="SET NULL"), index=True),
    Column("look_id", Uuid, ForeignKey("looks.id", ondelete="SET NULL"), index=True),
    Column("person_id", Uuid, ForeignKey("people.id", ondelete="SET NULL"), index=True),
    now_column(),
    choice_constraint("action", ModerationAction),
)

inbox = Table(
    "inbox",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("channel", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("external_sender_id", Text),
    Column("payload", JSONB(none_as_null=True)),
    now_column("received_at"),
    time_column("processed_at"),
    counter_column("requeue_count"),
    counter_column("fault_count"),
    time_column("failed_at"),
    UniqueConstraint("channel", "external_id"),
    choice_constraint("channel", Channel),
    CheckConstraint("processed_at IS NULL OR failed_at IS NULL", name="processed_or_failed"),
    Index(None, "channel", "external_sender_id"),
    Index("ix_inbox_unfinished", "received_at", postgresql_where=text(UNFINISHED)),
    Index("ix_inbox_processed", "processed_at", postgresql_where=text("processed_at IS NOT NULL")),
    Index("ix_inbox_failed", "failed_at", postgresql_where=text("failed_at IS NOT NULL")),
)

job_checkpoints = Table(
    "job_checkpoints",
    metadata,
    Column("inbox_id", BigInteger, ForeignKey("inbox.id", ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False),
    Column("data", JSONB(none_as_null=True)),
    now_column(),
    PrimaryKeyConstraint("inbox_id", "name"),
)
