"""All tables and their indexes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from core.db.migrations.initial_looks import STYLES, create_looks_table

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TEXT_OF_PEOPLE = (
    ("people", "name"),
    ("people", "display_name_key"),
    ("people", "pending_name"),
    ("people", "pending_name_chat"),
    ("identities", "subject"),
    ("looks", "source_message_id"),
    ("looks", "photo_key"),
    ("looks", "heatmap_key"),
    ("looks", "attributes"),
    ("looks", "item_corrections"),
    ("reports", "reason"),
    ("person_reports", "reason"),
    ("inbox", "external_id"),
    ("inbox", "external_sender_id"),
    ("inbox", "payload"),
    ("job_checkpoints", "data"),
)
"""Columns without statistics: those hold samples of the values, which would outlive the rows."""

TABLES = (
    "job_checkpoints",
    "inbox",
    "one_time_tokens",
    "moderation_log",
    "daily_counts",
    "rate_limits",
    "installation",
    "person_style_counts",
    "reports",
    "person_reports",
    "look_guesses",
    "blocks",
    "follows",
    "bookmarks",
    "hearts",
    "looks",
    "identities",
    "people",
)


def upgrade() -> None:
    """Create everything."""
    _create_counters()
    op.create_table(
        "inbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("external_sender_id", sa.Text()),
        sa.Column("payload", postgresql.JSONB(none_as_null=True)),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("processed_at", sa.DateTime(timezone=True)),
        sa.Column("requeue_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("fault_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failed_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("channel IN ('telegram', 'kakao', 'web')", name="ck_inbox_channel"),
        sa.CheckConstraint("processed_at IS NULL OR failed_at IS NULL", name="ck_inbox_processed_or_failed"),
        sa.PrimaryKeyConstraint("id", name="pk_inbox"),
        sa.UniqueConstraint("channel", "external_id", name="uq_inbox_channel_external_id"),
    )
    op.create_index("ix_inbox_channel_external_sender_id", "inbox", ["channel", "external_sender_id"])
    op.create_index("ix_inbox_failed", "inbox", ["failed_at"], postgresql_where=sa.text("failed_at IS NOT NULL"))
    op.create_index(
        "ix_inbox_processed", "inbox", ["processed_at"], postgresql_where=sa.text("processed_at IS NOT NULL")
    )
    op.create_index(
        "ix_inbox_unfinished",
        "inbox",
        ["received_at"],
        postgresql_where=sa.text("processed_at IS NULL AND failed_at IS NULL"),
    )
    op.create_table(
        "people",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("consented_at", sa.DateTime(timezone=True)),
        sa.Column("guesses_first", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("pending_name_look_id", sa.Uuid()),
        sa.Column("pending_name_chat", sa.Text()),
        sa.Column("pending_name_asked_at", sa.DateTime(timezone=True)),
        sa.Column("pending_name", sa.Text()),
        sa.Column("learning_consent", sa.Boolean()),
        sa.Column("learning_asked_at", sa.DateTime(timezone=True)),
        sa.Column("learning_answered_at", sa.DateTime(timezone=True)),
        sa.Column("news_seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("news_since", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("daily_news", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("daily_news_on", sa.Date()),
        sa.Column("display_name_key", sa.Text()),
        sa.Column("followers", sa.Integer(), server_default="0", nullable=False),
        sa.Column("following", sa.Integer(), server_default="0", nullable=False),
        sa.Column("banned_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("language ~ '^[a-z]{2}$'", name="ck_people_language"),
        sa.CheckConstraint("(name IS NULL) = (display_name_key IS NULL)", name="ck_people_display_name_key"),
        sa.CheckConstraint(
            "(learning_consent IS NULL) = (learning_answered_at IS NULL)", name="ck_people_learning_answered_at"
        ),
        sa.CheckConstraint("char_length(name) BETWEEN 1 AND 40", name="ck_people_name"),
        sa.CheckConstraint("char_length(pending_name) BETWEEN 1 AND 40", name="ck_people_pending_name"),
        sa.CheckConstraint("followers >= 0 AND following >= 0", name="ck_people_followers"),
        sa.PrimaryKeyConstraint("id", name="pk_people"),
        sa.UniqueConstraint("display_name_key", name="uq_people_display_name_key"),
    )
    op.create_index(
        "ix_people_pending_name_look_id",
        "people",
        ["pending_name_look_id"],
        postgresql_where=sa.text("pending_name_look_id IS NOT NULL"),
    )
    op.create_table(
        "follows",
        sa.Column("follower_id", sa.Uuid(), nullable=False),
        sa.Column("followed_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("follower_id <> followed_id", name="ck_follows_not_self"),
        sa.ForeignKeyConstraint(["followed_id"], ["people.id"], name="fk_follows_followed_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["follower_id"], ["people.id"], name="fk_follows_follower_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("follower_id", "followed_id", name="pk_follows"),
    )
    op.create_index("ix_follows_followed_id", "follows", ["followed_id", sa.literal_column("created_at DESC")])
    op.create_table(
        "identities",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("blocked_at", sa.DateTime(timezone=True)),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "provider IN ('telegram', 'kakao', 'kakao_login', 'facebook', 'web')", name="ck_identities_provider"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_identities_person_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("provider", "subject", name="pk_identities"),
    )
    op.create_index("ix_identities_person_id", "identities", ["person_id"])
    op.create_index(
        "ix_identities_sessions", "identities", ["last_seen_at"], postgresql_where=sa.text("provider = 'web'")
    )
    op.create_table(
        "job_checkpoints",
        sa.Column("inbox_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("data", postgresql.JSONB(none_as_null=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["inbox_id"], ["inbox.id"], name="fk_job_checkpoints_inbox_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("inbox_id", "name", name="pk_job_checkpoints"),
    )
    create_looks_table()
    op.create_table(
        "one_time_tokens",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("octet_length(token_hash) = 32", name="ck_one_time_tokens_token_hash"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_one_time_tokens_person_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_one_time_tokens"),
    )
    op.create_index("ix_one_time_tokens_expires_at", "one_time_tokens", ["expires_at"])
    op.create_index("ix_one_time_tokens_person_id", "one_time_tokens", ["person_id"])
    op.create_table(
        "person_style_counts",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("style", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            f"style IN ({STYLES})",
            name="ck_person_style_counts_style",
        ),
        sa.CheckConstraint("count >= 0", name="ck_person_style_counts_count"),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name="fk_person_style_counts_person_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", "style", name="pk_person_style_counts"),
    )
    op.create_table(
        "bookmarks",
        sa.Column("look_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["look_id"], ["looks.id"], name="fk_bookmarks_look_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_bookmarks_person_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("look_id", "person_id", name="pk_bookmarks"),
    )
    op.create_index("ix_bookmarks_person_id", "bookmarks", ["person_id", sa.literal_column("created_at DESC")])
    op.create_table(
        "hearts",
        sa.Column("look_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["look_id"], ["looks.id"], name="fk_hearts_look_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_hearts_person_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("look_id", "person_id", name="pk_hearts"),
    )
    op.create_index("ix_hearts_person_id", "hearts", ["person_id", sa.literal_column("created_at DESC")])
    op.create_table(
        "moderation_log",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("moderator_id", sa.Uuid()),
        sa.Column("look_id", sa.Uuid()),
        sa.Column("person_id", sa.Uuid()),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("action IN ('hide', 'restore', 'ban', 'unban', 'dismiss')", name="ck_moderation_log_action"),
        sa.ForeignKeyConstraint(["look_id"], ["looks.id"], name="fk_moderation_log_look_id", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["moderator_id"], ["people.id"], name="fk_moderation_log_moderator_id", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_moderation_log_person_id", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_moderation_log"),
    )
    op.create_index("ix_moderation_log_look_id", "moderation_log", ["look_id"])
    op.create_index("ix_moderation_log_moderator_id", "moderation_log", ["moderator_id"])
    op.create_index("ix_moderation_log_person_id", "moderation_log", ["person_id"])
    op.create_table(
        "reports",
        sa.Column("look_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("reviewed_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("char_length(reason) <= 500", name="ck_reports_reason"),
        sa.ForeignKeyConstraint(["look_id"], ["looks.id"], name="fk_reports_look_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_reports_person_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("look_id", "person_id", name="pk_reports"),
    )
    op.create_index("ix_reports_person_id", "reports", ["person_id"])
    _create_relations()
    op.create_foreign_key(
        "fk_people_pending_name_look_id", "people", "looks", ["pending_name_look_id"], ["id"], ondelete="SET NULL"
    )
    for table, column in TEXT_OF_PEOPLE:
        op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS 0")


def _create_relations() -> None:
    op.create_table(
        "person_reports",
        sa.Column("reported_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("reviewed_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("reported_id <> person_id", name="ck_person_reports_not_self"),
        sa.CheckConstraint("char_length(reason) <= 500", name="ck_person_reports_reason"),
        sa.ForeignKeyConstraint(
            ["reported_id"], ["people.id"], name="fk_person_reports_reported_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_person_reports_person_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("reported_id", "person_id", name="pk_person_reports"),
    )
    op.create_index("ix_person_reports_person_id", "person_reports", ["person_id"])
    op.create_index(
        "ix_person_reports_open", "person_reports", ["reported_id"], postgresql_where=sa.text("reviewed_at IS NULL")
    )
    op.create_index("ix_people_daily_news", "people", ["id"], postgresql_where=sa.text("daily_news"))
    for reactions in ("hearts", "bookmarks"):
        op.create_index(f"ix_{reactions}_look_id", reactions, ["look_id", sa.literal_column("created_at DESC")])
    op.create_table(
        "look_guesses",
        sa.Column("look_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("style", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(f"style IN ({STYLES})", name="ck_look_guesses_style"),
        sa.ForeignKeyConstraint(["look_id"], ["looks.id"], name="fk_look_guesses_look_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_look_guesses_person_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("look_id", "person_id", name="pk_look_guesses"),
    )
    op.create_index("ix_look_guesses_person_id", "look_guesses", ["person_id"])
    op.create_table(
        "blocks",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("blocked_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("person_id <> blocked_id", name="ck_blocks_not_self"),
        sa.ForeignKeyConstraint(["blocked_id"], ["people.id"], name="fk_blocks_blocked_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_blocks_person_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person_id", "blocked_id", name="pk_blocks"),
    )
    op.create_index("ix_blocks_blocked_id", "blocks", ["blocked_id"])


def _create_counters() -> None:
    op.create_table(
        "daily_counts",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("shard", sa.SmallInteger(), nullable=False),
        sa.Column("photos_judged", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "shard", name="pk_daily_counts"),
    )
    op.create_table(
        "rate_limits",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("period", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", "period", name="pk_rate_limits"),
        prefixes=["UNLOGGED"],
    )
    op.create_index("ix_rate_limits_expires_at", "rate_limits", ["expires_at"])
    op.create_table(
        "installation",
        sa.Column("id", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("secret_fingerprint", sa.Text(), nullable=False),
        sa.CheckConstraint("id", name="ck_installation_single_row"),
        sa.PrimaryKeyConstraint("id", name="pk_installation"),
    )


def downgrade() -> None:
    """Drop everything."""
    op.drop_constraint("fk_people_pending_name_look_id", "people", type_="foreignkey")
    # Of `core.db.similar_looks`.
    op.execute("DROP TABLE IF EXISTS look_vectors")
    for table in TABLES:
        op.drop_table(table)
