"""What people do with each other's looks: names that are one person's, boards by day and week, reports and moderators.

Whatever a page shows as a number is kept by the database itself where it changes, and never counted when it is read.
"""

import itertools

import sqlalchemy as sa
from alembic import op

from core.confusables import confusable_key

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

OLD_ON_BOARD = sa.text("shared_at IS NOT NULL AND hidden_at IS NULL")
ON_BOARD = sa.text("on_board")
HEARTS = (sa.text("hearts DESC"), sa.text("id DESC"))
STYLES = "'street', 'casual', 'mode', 'ethnic', 'girlish', 'feminine', 'retro', 'business_casual'"

COUNT_FOLLOWS = """
CREATE FUNCTION count_follows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    who uuid := coalesce(NEW.person_id, OLD.person_id);
    whom uuid := coalesce(NEW.followed_id, OLD.followed_id);
    step integer := CASE TG_OP WHEN 'INSERT' THEN 1 ELSE -1 END;
BEGIN
    -- Always in the same order, so that two who follow each other in one moment do not wait for each other.
    PERFORM FROM people WHERE id IN (who, whom) ORDER BY id FOR NO KEY UPDATE;
    UPDATE people SET following = following + step WHERE id = who;
    UPDATE people SET followers = followers + step WHERE id = whom;
    RETURN NULL;
END
$$
"""
COUNT_FOLLOWS_AT = """
CREATE TRIGGER count_follows AFTER INSERT OR DELETE ON follows FOR EACH ROW EXECUTE FUNCTION count_follows()
"""

COUNT_SHARED = """
CREATE FUNCTION count_shared() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    whose uuid := coalesce(NEW.person_id, OLD.person_id);
    what text := coalesce(NEW.style, OLD.style);
    step integer := coalesce(NEW.on_board, false)::integer - coalesce(OLD.on_board, false)::integer;
BEGIN
    IF step = 1 THEN
        INSERT INTO person_styles (person_id, style, looks) VALUES (whose, what, 1)
            ON CONFLICT (person_id, style) DO UPDATE SET looks = person_styles.looks + 1;
    ELSIF step = -1 THEN
        UPDATE person_styles SET looks = looks - 1 WHERE person_id = whose AND style = what;
    END IF;
    RETURN NULL;
END
$$
"""
COUNT_SHARED_AT = """
CREATE TRIGGER count_shared
    AFTER INSERT OR DELETE OR UPDATE OF shared_at, hidden_at, held_at, person_id ON looks
    FOR EACH ROW EXECUTE FUNCTION count_shared()
"""

COUNT_JUDGED = """
CREATE FUNCTION count_judged() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO days (day, shard, judged)
    VALUES ((NEW.created_at AT TIME ZONE 'Asia/Seoul')::date, floor(random() * 8), 1)
        ON CONFLICT (day, shard) DO UPDATE SET judged = days.judged + 1;
    RETURN NULL;
END
$$
"""
COUNT_JUDGED_AT = """
CREATE TRIGGER count_judged AFTER INSERT ON looks
    FOR EACH ROW WHEN (NEW.band <> 'not_an_outfit') EXECUTE FUNCTION count_judged()
"""

COUNT_REPORTS = """
CREATE FUNCTION count_reports() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    step integer := (TG_OP <> 'DELETE' AND NEW.seen_at IS NULL)::integer
                - (TG_OP <> 'INSERT' AND OLD.seen_at IS NULL)::integer;
BEGIN
    UPDATE looks SET
        reports = reports + step,
        held_at = CASE WHEN step = 1 AND reports + step >= 3 THEN coalesce(held_at, now()) ELSE held_at END
    WHERE id = coalesce(NEW.look_id, OLD.look_id) AND step <> 0;
    RETURN NULL;
END
$$
"""
"""Three that no moderator has seen hold a look: it is off the board until one has."""
COUNT_REPORTS_AT = """
CREATE TRIGGER count_reports AFTER INSERT OR DELETE OR UPDATE OF seen_at ON reports
    FOR EACH ROW EXECUTE FUNCTION count_reports()
"""

SHARED_ALREADY = """
INSERT INTO person_styles (person_id, style, looks)
SELECT person_id, style, count(*) FROM looks WHERE on_board GROUP BY person_id, style
"""
FOLLOWED_ALREADY = """
UPDATE people SET
    followers = (SELECT count(*) FROM follows WHERE followed_id = people.id),
    following = (SELECT count(*) FROM follows WHERE person_id = people.id)
"""


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), server_default="0", nullable=False)


def _key_names() -> None:
    """Of people with one name, all but the first get a number."""
    connection, taken = op.get_bind(), set[str]()
    named = connection.execute(sa.text("SELECT id, name FROM people WHERE name IS NOT NULL ORDER BY id")).all()
    for row in named:
        numbered = (f"{row.name[:30]} {number}" for number in itertools.count(2))
        name = next(each for each in itertools.chain([row.name], numbered) if confusable_key(each) not in taken)
        taken.add(confusable_key(name))
        keyed = sa.text("UPDATE people SET name = :name, name_key = :key WHERE id = :id")
        connection.execute(keyed, {"id": row.id, "name": name, "key": confusable_key(name)})


def upgrade() -> None:
    """Add the columns, tables and counters, and put the boards' indexes anew."""
    op.add_column("people", sa.Column("name_key", sa.Text(), nullable=True))
    op.add_column("people", _number("followers"))
    op.add_column("people", _number("following"))
    op.add_column("people", sa.Column("banned_at", sa.DateTime(timezone=True), nullable=True))
    _key_names()
    op.create_unique_constraint(op.f("uq_people_name_key"), "people", ["name_key"])
    op.create_check_constraint(op.f("ck_people_name_key"), "people", "(name IS NULL) = (name_key IS NULL)")
    op.create_check_constraint(op.f("ck_people_followers"), "people", "followers >= 0 AND following >= 0")

    op.add_column("looks", _number("reports"))
    op.add_column("looks", sa.Column("held_at", sa.DateTime(timezone=True), nullable=True))
    seoul = "(shared_at AT TIME ZONE 'Asia/Seoul')"
    for name, kind, formula in (
        ("on_board", sa.Boolean(), "shared_at IS NOT NULL AND hidden_at IS NULL AND held_at IS NULL"),
        ("shared_day", sa.Date(), f"{seoul}::date"),
        ("shared_week", sa.Date(), f"date_trunc('week', {seoul})::date"),
    ):
        op.add_column("looks", sa.Column(name, kind, sa.Computed(formula, persisted=True), nullable=True))
    op.create_check_constraint(op.f("ck_looks_reports"), "looks", "reports >= 0")
    for index in ("board_hearts", "board_new", "style_hearts", "style_new"):
        op.drop_index(f"ix_looks_{index}", "looks")
    for index, columns in (
        ("board_hearts", HEARTS),
        ("day_hearts", ("shared_day", *HEARTS)),
        ("week_hearts", ("shared_week", *HEARTS)),
        ("style_hearts", ("style", *HEARTS)),
        ("style_day_hearts", ("style", "shared_day", *HEARTS)),
        ("style_week_hearts", ("style", "shared_week", *HEARTS)),
        ("person_shared", ("person_id", sa.text("shared_at DESC"), sa.text("id DESC"))),
    ):
        op.create_index(f"ix_looks_{index}", "looks", list(columns), postgresql_where=ON_BOARD)
    op.create_index("ix_looks_reported", "looks", ["id"], postgresql_where=sa.text("reports > 0"))

    op.add_column("reports", sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True))

    op.create_table(
        "person_styles",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("style", sa.Text(), nullable=False),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.CheckConstraint(f"style IN ({STYLES})", name="ck_person_styles_style"),
        sa.CheckConstraint("looks >= 0", name="ck_person_styles_looks"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_person_styles_person_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person_id", "style", name="pk_person_styles"),
    )
    op.create_table(
        "days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("shard", sa.SmallInteger(), nullable=False),
        sa.Column("judged", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "shard", name="pk_days"),
    )
    op.create_table(
        "moderation",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("moderator_id", sa.Uuid(), nullable=True),
        sa.Column("look_id", sa.Uuid(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("act IN ('hide', 'restore', 'ban', 'unban')", name="ck_moderation_act"),
        sa.ForeignKeyConstraint(
            ["moderator_id"], ["people.id"], name="fk_moderation_moderator_id", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["look_id"], ["looks.id"], name="fk_moderation_look_id", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_moderation_person_id", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_moderation"),
    )
    for column in ("moderator_id", "look_id", "person_id"):
        op.create_index(f"ix_moderation_{column}", "moderation", [column])
    op.create_table(
        "tickets",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("octet_length(digest) = 32", name="ck_tickets_digest"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_tickets_person_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("digest", name="pk_tickets"),
    )
    op.create_index("ix_tickets_person_id", "tickets", ["person_id"])
    op.create_index("ix_tickets_expires_at", "tickets", ["expires_at"])

    for statement in (
        SHARED_ALREADY,
        FOLLOWED_ALREADY,
        COUNT_FOLLOWS,
        COUNT_FOLLOWS_AT,
        COUNT_SHARED,
        COUNT_SHARED_AT,
        COUNT_JUDGED,
        COUNT_JUDGED_AT,
        COUNT_REPORTS,
        COUNT_REPORTS_AT,
    ):
        op.execute(statement)


def downgrade() -> None:
    """Remove them."""
    for name, table in (
        ("count_reports", "reports"),
        ("count_judged", "looks"),
        ("count_shared", "looks"),
        ("count_follows", "follows"),
    ):
        op.execute(f"DROP TRIGGER {name} ON {table}")
        op.execute(f"DROP FUNCTION {name}")
    for table in ("tickets", "moderation", "days", "person_styles"):
        op.drop_table(table)
    op.drop_column("reports", "seen_at")
    for column in ("on_board", "shared_day", "shared_week", "reports", "held_at"):
        op.drop_column("looks", column)  # their indexes go with them
    for index, columns in (
        ("board_hearts", HEARTS),
        ("board_new", (sa.text("shared_at DESC"), sa.text("id DESC"))),
        ("style_hearts", ("style", *HEARTS)),
        ("style_new", ("style", sa.text("shared_at DESC"), sa.text("id DESC"))),
    ):
        op.create_index(f"ix_looks_{index}", "looks", list(columns), postgresql_where=OLD_ON_BOARD)
    op.drop_constraint(op.f("ck_people_followers"), "people")
    for column in ("name_key", "followers", "following", "banned_at"):
        op.drop_column("people", column)
