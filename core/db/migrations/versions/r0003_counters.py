"""The triggers that keep the counters.

Numbers that pages show are maintained by triggers where they change, and never counted when they are read; so they
also stay right when rows are deleted by a foreign key.
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

COUNT_HEARTS = """
CREATE FUNCTION count_hearts() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    half_life constant interval := '6 hours';
    latest timestamptz;
    hotness double precision;
BEGIN
    IF TG_OP = 'INSERT' THEN
        -- Two hearts as far apart as this weigh as one more; far apart, the older one weighs nothing.
        UPDATE looks SET hearts = hearts + 1, rising_at = CASE
            WHEN rising_at IS NULL THEN NEW.created_at
            ELSE greatest(rising_at, NEW.created_at) + half_life * log(2, (1 + power(2, -least(60, greatest(
                extract(epoch FROM rising_at - NEW.created_at), extract(epoch FROM NEW.created_at - rising_at)
            ) / extract(epoch FROM half_life))))::numeric)::double precision
        END
        WHERE id = NEW.look_id;
    ELSE
        SELECT max(created_at) INTO latest FROM hearts WHERE look_id = OLD.look_id;
        SELECT sum(power(2, -least(60, extract(epoch FROM latest - created_at) / extract(epoch FROM half_life))))
            INTO hotness FROM hearts WHERE look_id = OLD.look_id;
        UPDATE looks
            SET hearts = hearts - 1, rising_at = latest + half_life * log(2, hotness::numeric)::double precision
        WHERE id = OLD.look_id;
    END IF;
    RETURN NULL;
END
$$
"""
"""`rising_at` is the time at which a single heart would weigh as much as all hearts of a look together, where a heart
weighs half as much every six hours. The order of looks by it is that by decayed hearts, at every moment."""
COUNT_HEARTS_TRIGGER = """
CREATE TRIGGER count_hearts AFTER INSERT OR DELETE ON hearts FOR EACH ROW EXECUTE FUNCTION count_hearts()
"""

COUNT_FOLLOWS = """
CREATE FUNCTION count_follows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    follower uuid := coalesce(NEW.follower_id, OLD.follower_id);
    followed uuid := coalesce(NEW.followed_id, OLD.followed_id);
    step integer := CASE TG_OP WHEN 'INSERT' THEN 1 ELSE -1 END;
BEGIN
    -- Locked in the order of their ids, so that two people who follow each other at once do not deadlock.
    PERFORM FROM people WHERE id IN (follower, followed) ORDER BY id FOR NO KEY UPDATE;
    UPDATE people SET following = following + step WHERE id = follower;
    UPDATE people SET followers = followers + step WHERE id = followed;
    RETURN NULL;
END
$$
"""
COUNT_FOLLOWS_TRIGGER = """
CREATE TRIGGER count_follows AFTER INSERT OR DELETE ON follows FOR EACH ROW EXECUTE FUNCTION count_follows()
"""

COUNT_PUBLIC_STYLES = """
CREATE FUNCTION count_public_styles() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    owner uuid := coalesce(NEW.person_id, OLD.person_id);
    look_style text := coalesce(NEW.style, OLD.style);
    step integer := coalesce(NEW.is_public, false)::integer - coalesce(OLD.is_public, false)::integer;
BEGIN
    IF step = 1 THEN
        INSERT INTO person_style_counts (person_id, style, count) VALUES (owner, look_style, 1)
            ON CONFLICT (person_id, style) DO UPDATE SET count = person_style_counts.count + 1;
    ELSIF step = -1 THEN
        UPDATE person_style_counts SET count = count - 1 WHERE person_id = owner AND style = look_style;
    END IF;
    RETURN NULL;
END
$$
"""
COUNT_PUBLIC_STYLES_TRIGGER = """
CREATE TRIGGER count_public_styles
    AFTER INSERT OR DELETE OR UPDATE OF shared_at, removed_at, suspended_at, person_id ON looks
    FOR EACH ROW EXECUTE FUNCTION count_public_styles()
"""

COUNT_JUDGED_PHOTOS = """
CREATE FUNCTION count_judged_photos() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO daily_counts (day, shard, photos_judged)
    VALUES ((NEW.created_at AT TIME ZONE 'Asia/Seoul')::date, floor(random() * 8), 1)
        ON CONFLICT (day, shard) DO UPDATE SET photos_judged = daily_counts.photos_judged + 1;
    RETURN NULL;
END
$$
"""
COUNT_JUDGED_PHOTOS_TRIGGER = """
CREATE TRIGGER count_judged_photos AFTER INSERT ON looks
    FOR EACH ROW WHEN (NEW.band <> 'not_an_outfit') EXECUTE FUNCTION count_judged_photos()
"""

COUNT_REPORTS = """
CREATE FUNCTION count_reports() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    step integer := (TG_OP <> 'DELETE' AND NEW.reviewed_at IS NULL)::integer
                - (TG_OP <> 'INSERT' AND OLD.reviewed_at IS NULL)::integer;
BEGIN
    UPDATE looks SET
        report_count = report_count + step,
        suspended_at = CASE
            WHEN step = 1 AND report_count + step >= 3 THEN coalesce(suspended_at, now()) ELSE suspended_at
        END
    WHERE id = coalesce(NEW.look_id, OLD.look_id) AND step <> 0;
    RETURN NULL;
END
$$
"""
"""Three reports that no moderator has reviewed suspend a look, see `core.db.moderation.AUTO_SUSPEND_THRESHOLD`."""
COUNT_REPORTS_TRIGGER = """
CREATE TRIGGER count_reports AFTER INSERT OR DELETE OR UPDATE OF reviewed_at ON reports
    FOR EACH ROW EXECUTE FUNCTION count_reports()
"""

TRIGGERS = (
    COUNT_HEARTS,
    COUNT_HEARTS_TRIGGER,
    COUNT_FOLLOWS,
    COUNT_FOLLOWS_TRIGGER,
    COUNT_PUBLIC_STYLES,
    COUNT_PUBLIC_STYLES_TRIGGER,
    COUNT_JUDGED_PHOTOS,
    COUNT_JUDGED_PHOTOS_TRIGGER,
    COUNT_REPORTS,
    COUNT_REPORTS_TRIGGER,
)
FUNCTIONS = ("count_hearts", "count_follows", "count_public_styles", "count_judged_photos", "count_reports")


def upgrade() -> None:
    """Create the functions and triggers."""
    for statement in TRIGGERS:
        op.execute(statement)


def downgrade() -> None:
    """Drop the functions with their triggers."""
    for function in FUNCTIONS:
        op.execute(f"DROP FUNCTION {function} CASCADE")
