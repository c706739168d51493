"""All tables and their indexes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

STYLES = "'business_casual', 'ethnic', 'feminine', 'girlish', 'retro', 'mode', 'casual', 'street'"

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
    "person_style_counts",
    "reports",
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
    op.create_table(
        "looks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("turn", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("shown_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("source_message_id", sa.Text(), nullable=False),
        sa.Column("photo_key", sa.Text()),
        sa.Column("heatmap_key", sa.Text()),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("perceptual_hash", sa.LargeBinary(), nullable=False),
        sa.Column("style", sa.Text(), nullable=False),
        sa.Column("probabilities", postgresql.ARRAY(sa.Double(), dimensions=1), nullable=False),
        sa.Column("outfit_probability", sa.Double(), nullable=False),
        sa.Column("band", sa.Text(), nullable=False),
        sa.Column("refusal", sa.Text()),
        sa.Column("region_height", sa.Text(), nullable=False),
        sa.Column("region_side", sa.Text(), nullable=False),
        sa.Column("concentration", sa.Double(), nullable=False),
        sa.Column("cam", sa.LargeBinary(), nullable=False),
        sa.Column("cam_columns", sa.SmallInteger(), nullable=False),
        sa.Column("attributes", postgresql.JSONB(none_as_null=True)),
        sa.Column("things", postgresql.ARRAY(sa.Text(), dimensions=1), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("embedding", sa.LargeBinary()),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("guessed_style", sa.Text()),
        sa.Column("corrected_style", sa.Text()),
        sa.Column("item_corrections", postgresql.JSONB(none_as_null=True)),
        sa.Column("pending_question", sa.Text()),
        sa.Column("hearts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("private_photo_ttl", sa.Interval(), nullable=False),
        sa.Column(
            "images_end_at",
            sa.DateTime(timezone=True),
            sa.Computed("(created_at AT TIME ZONE 'UTC' + private_photo_ttl) AT TIME ZONE 'UTC'", persisted=True),
        ),
        sa.Column("images_stored_at", sa.DateTime(timezone=True)),
        sa.Column("shared_at", sa.DateTime(timezone=True)),
        sa.Column("rising_at", sa.DateTime(timezone=True)),
        sa.Column("removed_at", sa.DateTime(timezone=True)),
        sa.Column("report_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("suspended_at", sa.DateTime(timezone=True)),
        sa.Column(
            "is_public",
            sa.Boolean(),
            sa.Computed("shared_at IS NOT NULL AND removed_at IS NULL AND suspended_at IS NULL", persisted=True),
        ),
        sa.Column("shared_day", sa.Date(), sa.Computed("(shared_at AT TIME ZONE 'Asia/Seoul')::date", persisted=True)),
        sa.Column(
            "shared_week",
            sa.Date(),
            sa.Computed("date_trunc('week', (shared_at AT TIME ZONE 'Asia/Seoul'))::date", persisted=True),
        ),
        sa.CheckConstraint("band IN ('clear', 'leaning', 'torn', 'not_an_outfit')", name="ck_looks_band"),
        sa.CheckConstraint("refusal IN ('several', 'part', 'laid_out')", name="ck_looks_refusal"),
        sa.CheckConstraint("channel IN ('telegram', 'kakao', 'web')", name="ck_looks_channel"),
        sa.CheckConstraint(
            f"corrected_style IN ({STYLES})",
            name="ck_looks_corrected_style",
        ),
        sa.CheckConstraint(
            f"guessed_style IN ({STYLES})",
            name="ck_looks_guessed_style",
        ),
        sa.CheckConstraint("language ~ '^[a-z]{2}$'", name="ck_looks_language"),
        sa.CheckConstraint("pending_question IN ('guess', 'correct')", name="ck_looks_pending_question"),
        sa.CheckConstraint("region_height IN ('upper', 'middle', 'lower', 'all_over')", name="ck_looks_region_height"),
        sa.CheckConstraint("region_side IN ('left', 'right', 'both')", name="ck_looks_region_side"),
        sa.CheckConstraint(
            f"style IN ({STYLES})",
            name="ck_looks_style",
        ),
        sa.CheckConstraint("(photo_key IS NULL) = (heatmap_key IS NULL)", name="ck_looks_both_images"),
        sa.CheckConstraint("cam_columns > 0 AND octet_length(cam) % cam_columns = 0", name="ck_looks_cam"),
        sa.CheckConstraint(
            "cardinality(probabilities) = 8 AND 0 <= ALL (probabilities) AND 1 >= ALL (probabilities)",
            name="ck_looks_probabilities",
        ),
        sa.CheckConstraint("concentration BETWEEN 0 AND 1", name="ck_looks_concentration"),
        sa.CheckConstraint("private_photo_ttl > '0'", name="ck_looks_private_photo_ttl"),
        sa.CheckConstraint("hearts >= 0", name="ck_looks_hearts"),
        sa.CheckConstraint("octet_length(perceptual_hash) = 80", name="ck_looks_perceptual_hash"),
        sa.CheckConstraint("octet_length(embedding) = 128", name="ck_looks_embedding"),
        sa.CheckConstraint("outfit_probability BETWEEN 0 AND 1", name="ck_looks_outfit_probability"),
        sa.CheckConstraint("report_count >= 0", name="ck_looks_report_count"),
        sa.CheckConstraint(
            "shared_at IS NULL OR removed_at IS NOT NULL OR photo_key IS NOT NULL", name="ck_looks_shared_has_images"
        ),
        sa.CheckConstraint("width > 0 AND height > 0", name="ck_looks_size"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_looks_person_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_looks"),
        sa.UniqueConstraint("person_id", "source_message_id", name="uq_looks_person_id_source_message_id"),
    )
    op.create_index(
        "ix_looks_board_hearts",
        "looks",
        [sa.literal_column("hearts DESC"), sa.literal_column("id DESC")],
        postgresql_where=sa.text("is_public"),
    )
    op.create_index(
        "ix_looks_corrected",
        "looks",
        ["id"],
        postgresql_where=sa.text("corrected_style IS NOT NULL OR item_corrections IS NOT NULL"),
    )
    op.create_index(
        "ix_looks_day_hearts",
        "looks",
        ["shared_day", sa.literal_column("hearts DESC"), sa.literal_column("id DESC")],
        postgresql_where=sa.text("is_public"),
    )
    for key in ("photo_key", "heatmap_key"):
        op.create_index(f"ix_looks_{key}", "looks", [key], postgresql_where=sa.text(f"{key} IS NOT NULL"))
    op.create_index(
        "ix_looks_person_new",
        "looks",
        ["person_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
    )
    op.create_index(
        "ix_looks_person_shared",
        "looks",
        ["person_id", sa.literal_column("shared_at DESC"), sa.literal_column("id DESC")],
        postgresql_where=sa.text("is_public"),
    )
    op.create_index(
        "ix_looks_private",
        "looks",
        ["images_end_at"],
        postgresql_where=sa.text("shared_at IS NULL AND photo_key IS NOT NULL"),
    )
    _create_filters()
    op.create_index("ix_looks_reported", "looks", ["id"], postgresql_where=sa.text("report_count > 0"))
    op.create_index(
        "ix_looks_board_new",
        "looks",
        [sa.literal_column("shared_at DESC"), sa.literal_column("id DESC")],
        postgresql_where=sa.text("is_public"),
    )
    op.create_index(
        "ix_looks_style_new",
        "looks",
        ["style", sa.literal_column("shared_at DESC"), sa.literal_column("id DESC")],
        postgresql_where=sa.text("is_public"),
    )
    op.create_index(
        "ix_looks_board_rising",
        "looks",
        [sa.literal_column("rising_at DESC"), sa.literal_column("id DESC")],
        postgresql_where=sa.text("is_public AND rising_at IS NOT NULL"),
    )
    op.create_index(
        "ix_looks_style_rising",
        "looks",
        ["style", sa.literal_column("rising_at DESC"), sa.literal_column("id DESC")],
        postgresql_where=sa.text("is_public AND rising_at IS NOT NULL"),
    )
    op.create_index(
        "ix_looks_style_day_hearts",
        "looks",
        ["style", "shared_day", sa.literal_column("hearts DESC"), sa.literal_column("id DESC")],
        postgresql_where=sa.text("is_public"),
    )
    op.create_index(
        "ix_looks_style_hearts",
        "looks",
        ["style", sa.literal_column("hearts DESC"), sa.literal_column("id DESC")],
        postgresql_where=sa.text("is_public"),
    )
    op.create_index(
        "ix_looks_style_week_hearts",
        "looks",
        ["style", "shared_week", sa.literal_column("hearts DESC"), sa.literal_column("id DESC")],
        postgresql_where=sa.text("is_public"),
    )
    op.create_index(
        "ix_looks_week_hearts",
        "looks",
        ["shared_week", sa.literal_column("hearts DESC"), sa.literal_column("id DESC")],
        postgresql_where=sa.text("is_public"),
    )
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
        sa.CheckConstraint("action IN ('hide', 'restore', 'ban', 'unban')", name="ck_moderation_log_action"),
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


def _create_filters() -> None:
    op.create_index(
        "ix_looks_things",
        "looks",
        ["things"],
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
        postgresql_where=sa.text("is_public"),
    )


def downgrade() -> None:
    """Drop everything."""
    op.drop_constraint("fk_people_pending_name_look_id", "people", type_="foreignkey")
    # Of `core.db.vector_search`.
    op.execute("DROP TABLE IF EXISTS look_vectors")
    for table in TABLES:
        op.drop_table(table)
