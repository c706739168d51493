"""People, looks, what people do with looks, and the inbox."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

STYLES = "'business_casual', 'ethnic', 'feminine', 'girlish', 'retro', 'mode', 'casual', 'street'"
ON_BOARD = sa.text("shared_at IS NOT NULL AND hidden_at IS NULL")

COUNT_HEARTS = """
CREATE FUNCTION count_hearts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        UPDATE looks SET hearts = hearts + 1 WHERE id = NEW.look_id;
    ELSE
        UPDATE looks SET hearts = hearts - 1 WHERE id = OLD.look_id;
    END IF;
    RETURN NULL;
END
$$
"""
"""A trigger and not the repository, so that the number is also right after somebody's hearts went with them."""
COUNT_HEARTS_AT = """
CREATE TRIGGER count_hearts AFTER INSERT OR DELETE ON hearts FOR EACH ROW EXECUTE FUNCTION count_hearts()
"""


def upgrade() -> None:
    """Make the tables, their indexes, and the counter of hearts."""
    op.create_table(
        "inbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("update_id", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=True),
        sa.Column("payload", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("platform IN ('telegram', 'kakao', 'web')", name="ck_inbox_platform"),
        sa.PrimaryKeyConstraint("id", name="pk_inbox"),
        sa.UniqueConstraint("platform", "update_id", name="uq_inbox_platform_update_id"),
    )
    op.create_index("ix_inbox_done", "inbox", ["done_at"], postgresql_where=sa.text("done_at IS NOT NULL"))
    op.create_index("ix_inbox_platform_sender", "inbox", ["platform", "sender"])
    op.create_table(
        "people",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("consented_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("language ~ '^[a-z]{2}$'", name="ck_people_language"),
        sa.CheckConstraint("char_length(name) BETWEEN 1 AND 40", name="ck_people_name"),
        sa.PrimaryKeyConstraint("id", name="pk_people"),
    )
    op.create_table(
        "deliveries",
        sa.Column("inbox_id", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["inbox_id"], ["inbox.id"], name="fk_deliveries_inbox_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("inbox_id", "step", name="pk_deliveries"),
    )
    op.create_table(
        "follows",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("followed_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("person_id <> followed_id", name="ck_follows_another"),
        sa.ForeignKeyConstraint(["followed_id"], ["people.id"], name="fk_follows_followed_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_follows_person_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person_id", "followed_id", name="pk_follows"),
    )
    op.create_index("ix_follows_followed_id", "follows", ["followed_id"])
    op.create_table(
        "identities",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("unreachable_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "provider IN ('telegram', 'kakao', 'kakao_login', 'facebook', 'web')", name="ck_identities_provider"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_identities_person_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("provider", "subject", name="pk_identities"),
    )
    op.create_index("ix_identities_person_id", "identities", ["person_id"])
    op.create_table(
        "looks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("photo_key", sa.Text(), nullable=True),
        sa.Column("cam_key", sa.Text(), nullable=True),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("style", sa.Text(), nullable=False),
        sa.Column("probabilities", postgresql.ARRAY(sa.Double(), dimensions=1), nullable=False),
        sa.Column("gate", sa.Double(), nullable=False),
        sa.Column("band", sa.Text(), nullable=False),
        sa.Column("region_height", sa.Text(), nullable=False),
        sa.Column("region_side", sa.Text(), nullable=False),
        sa.Column("concentration", sa.Double(), nullable=False),
        sa.Column("cam", sa.LargeBinary(), nullable=False),
        sa.Column("cam_columns", sa.SmallInteger(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("guessed_style", sa.Text(), nullable=True),
        sa.Column("corrected_style", sa.Text(), nullable=True),
        sa.Column("hearts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("shared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hidden_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("band IN ('clear', 'leaning', 'torn', 'not_an_outfit')", name="ck_looks_band"),
        sa.CheckConstraint("channel IN ('telegram', 'kakao', 'web')", name="ck_looks_channel"),
        sa.CheckConstraint(f"corrected_style IN ({STYLES})", name="ck_looks_corrected_style"),
        sa.CheckConstraint(f"guessed_style IN ({STYLES})", name="ck_looks_guessed_style"),
        sa.CheckConstraint("language ~ '^[a-z]{2}$'", name="ck_looks_language"),
        sa.CheckConstraint("region_height IN ('upper', 'middle', 'lower', 'all_over')", name="ck_looks_region_height"),
        sa.CheckConstraint("region_side IN ('left', 'right', 'both')", name="ck_looks_region_side"),
        sa.CheckConstraint(f"style IN ({STYLES})", name="ck_looks_style"),
        sa.CheckConstraint("(photo_key IS NULL) = (cam_key IS NULL)", name="ck_looks_both_pictures"),
        sa.CheckConstraint("cam_columns > 0 AND octet_length(cam) % cam_columns = 0", name="ck_looks_cam"),
        sa.CheckConstraint(
            "cardinality(probabilities) = 8 AND 0 <= ALL (probabilities) AND 1 >= ALL (probabilities)",
            name="ck_looks_probabilities",
        ),
        sa.CheckConstraint("concentration BETWEEN 0 AND 1", name="ck_looks_concentration"),
        sa.CheckConstraint("gate BETWEEN 0 AND 1", name="ck_looks_gate"),
        sa.CheckConstraint("hearts >= 0", name="ck_looks_hearts"),
        sa.CheckConstraint("octet_length(fingerprint) = 80", name="ck_looks_fingerprint"),
        sa.CheckConstraint(
            "shared_at IS NULL OR hidden_at IS NOT NULL OR photo_key IS NOT NULL", name="ck_looks_shared_is_seen"
        ),
        sa.CheckConstraint("width > 0 AND height > 0", name="ck_looks_size"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_looks_person_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_looks"),
        sa.UniqueConstraint("person_id", "source", name="uq_looks_person_id_source"),
    )
    op.create_index(
        "ix_looks_board_hearts", "looks", [sa.text("hearts DESC"), sa.text("id DESC")], postgresql_where=ON_BOARD
    )
    op.create_index(
        "ix_looks_board_new", "looks", [sa.text("shared_at DESC"), sa.text("id DESC")], postgresql_where=ON_BOARD
    )
    op.create_index("ix_looks_corrected", "looks", ["id"], postgresql_where=sa.text("corrected_style IS NOT NULL"))
    op.create_index("ix_looks_person_new", "looks", ["person_id", sa.text("created_at DESC"), sa.text("id DESC")])
    op.create_index(
        "ix_looks_private",
        "looks",
        ["created_at"],
        postgresql_where=sa.text("shared_at IS NULL AND photo_key IS NOT NULL"),
    )
    op.create_index(
        "ix_looks_style_hearts",
        "looks",
        ["style", sa.text("hearts DESC"), sa.text("id DESC")],
        postgresql_where=ON_BOARD,
    )
    op.create_index(
        "ix_looks_style_new",
        "looks",
        ["style", sa.text("shared_at DESC"), sa.text("id DESC")],
        postgresql_where=ON_BOARD,
    )
    op.create_table(
        "hearts",
        sa.Column("look_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["look_id"], ["looks.id"], name="fk_hearts_look_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_hearts_person_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("look_id", "person_id", name="pk_hearts"),
    )
    op.create_index("ix_hearts_person_id", "hearts", ["person_id", sa.text("created_at DESC")])
    op.create_table(
        "reports",
        sa.Column("look_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("char_length(reason) <= 500", name="ck_reports_reason"),
        sa.ForeignKeyConstraint(["look_id"], ["looks.id"], name="fk_reports_look_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_reports_person_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("look_id", "person_id", name="pk_reports"),
    )
    op.create_index("ix_reports_person_id", "reports", ["person_id"])
    op.create_table(
        "scraps",
        sa.Column("look_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["look_id"], ["looks.id"], name="fk_scraps_look_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_scraps_person_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("look_id", "person_id", name="pk_scraps"),
    )
    op.create_index("ix_scraps_person_id", "scraps", ["person_id", sa.text("created_at DESC")])
    op.execute(COUNT_HEARTS)
    op.execute(COUNT_HEARTS_AT)


def downgrade() -> None:
    """Remove everything that Eva remembers."""
    for table in ("scraps", "reports", "hearts", "looks", "identities", "follows", "deliveries", "people", "inbox"):
        op.drop_table(table)
    op.execute("DROP FUNCTION count_hearts")
