"""The table of looks of revision 0001, with its indexes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

STYLES = "'business_casual', 'ethnic', 'feminine', 'girlish', 'retro', 'mode', 'casual', 'street'"

BOARD_INDEXES: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("board_hearts", (), "hearts"),
    ("day_hearts", ("shared_day",), "hearts"),
    ("week_hearts", ("shared_week",), "hearts"),
    ("style_hearts", ("style",), "hearts"),
    ("style_day_hearts", ("style", "shared_day"), "hearts"),
    ("style_week_hearts", ("style", "shared_week"), "hearts"),
    ("board_new", (), "shared_at"),
    ("style_new", ("style",), "shared_at"),
    ("person_shared", ("person_id",), "shared_at"),
    ("board_rising", (), "rising_at"),
    ("style_rising", ("style",), "rising_at"),
)
"""Indexes of public looks: the end of the name, the columns that a page fixes, and the one that it sorts by."""


def create_looks_table() -> None:
    """Create the table; that of people exists."""
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
        sa.Column("filters", postgresql.ARRAY(sa.Text(), dimensions=1), server_default=sa.text("'{}'"), nullable=False),
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
    for name, equal, order in BOARD_INDEXES:
        op.create_index(
            f"ix_looks_{name}",
            "looks",
            [*equal, sa.literal_column(f"{order} DESC"), sa.literal_column("id DESC")],
            postgresql_where=sa.text("is_public AND rising_at IS NOT NULL" if order == "rising_at" else "is_public"),
        )
    op.create_index(
        "ix_looks_corrected",
        "looks",
        ["id"],
        postgresql_where=sa.text("corrected_style IS NOT NULL OR item_corrections IS NOT NULL"),
    )
    for key in ("photo_key", "heatmap_key"):
        op.create_index(f"ix_looks_{key}", "looks", [key], postgresql_where=sa.text(f"{key} IS NOT NULL"))
    op.create_index(
        "ix_looks_person_new",
        "looks",
        ["person_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
    )
    op.create_index(
        "ix_looks_private",
        "looks",
        ["images_end_at"],
        postgresql_where=sa.text("shared_at IS NULL AND photo_key IS NOT NULL"),
    )
    op.create_index(
        "ix_looks_filters",
        "looks",
        ["filters"],
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
        postgresql_where=sa.text("is_public"),
    )
    op.create_index("ix_looks_reported", "looks", ["id"], postgresql_where=sa.text("report_count > 0"))
