"""The triggers that keep the counters, and the functions around the optional table of vectors.

Numbers that pages show are maintained by triggers where they change, and never counted when they are read; so they
also stay right when rows are deleted by a foreign key.

`look_vectors` exists only where `core.db.similar_looks` could create it. The functions look for it when they are
called, and none has a type of pgvector in its signature, so all of them exist in every database.
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
        -- Locked before the other hearts are read, so that one that is given at the same time counts.
        PERFORM FROM looks WHERE id = OLD.look_id FOR NO KEY UPDATE;
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

TO_VECTOR_VALUES = """
CREATE FUNCTION to_vector_values(embedding bytea) RETURNS integer[] LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT array_agg(get_byte(embedding, place) - 128 ORDER BY place)
    FROM generate_series(0, octet_length(embedding) - 1) AS place
$$
"""
KEEP_LOOK_VECTOR = """
CREATE FUNCTION keep_look_vector() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_regclass('look_vectors') IS NULL THEN
        RETURN NULL;
    ELSIF NEW.is_public THEN
        INSERT INTO look_vectors (look_id, person_id, model, embedding)
            VALUES (NEW.id, NEW.person_id, NEW.model, to_vector_values(NEW.embedding)::halfvec(128))
            ON CONFLICT (look_id) DO UPDATE SET person_id = excluded.person_id;
    ELSE
        DELETE FROM look_vectors WHERE look_id = NEW.id;
    END IF;
    RETURN NULL;
END
$$
"""
"""Only public looks have a row, so that the index has no others."""
KEEP_LOOK_VECTOR_TRIGGER = """
CREATE TRIGGER keep_look_vector
    AFTER UPDATE OF shared_at, removed_at, suspended_at, person_id ON looks
    FOR EACH ROW WHEN (NEW.embedding IS NOT NULL) EXECUTE FUNCTION keep_look_vector()
"""
FIND_SIMILAR_LOOKS = """
CREATE FUNCTION find_similar_looks(target uuid, hidden uuid[], maximum integer)
RETURNS TABLE (look_id uuid, distance double precision) LANGUAGE plpgsql STABLE ROWS 20 AS $$
DECLARE
    wanted integer[];
    wanted_model text;
    others uuid[] := array_remove(hidden, NULL);
BEGIN
    SELECT to_vector_values(looks.embedding), looks.model INTO wanted, wanted_model FROM looks WHERE looks.id = target;
    IF wanted IS NULL OR to_regclass('look_vectors') IS NULL THEN
        RETURN;
    END IF;
    -- For this transaction: how many neighbours are kept while searching, and to go on where others took the places.
    PERFORM set_config('hnsw.ef_search', '80', true), set_config('hnsw.iterative_scan', 'strict_order', true);
    RETURN QUERY
        SELECT v.look_id, v.embedding <=> wanted::halfvec(128) FROM look_vectors AS v
        WHERE v.model = wanted_model AND v.person_id <> ALL (others)
        ORDER BY v.embedding <=> wanted::halfvec(128) LIMIT maximum;
END
$$
"""
"""The values of an embedding mean something within one version of the model only."""

NOTIFY_BOARD = """
CREATE FUNCTION notify_board() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('board', CASE
        WHEN TG_OP = 'DELETE' OR NOT NEW.is_public THEN 'gone ' || OLD.id
        WHEN NOT OLD.is_public THEN concat_ws(' ', 'new', NEW.id, NEW.person_id, NEW.hearts, NEW.style)
        ELSE concat_ws(' ', 'hearts', NEW.id, NEW.person_id, NEW.hearts)
    END);
    RETURN NULL;
END
$$
"""
"""Tells processes with open pages what has changed: see `core.db.board_events`."""
NOTIFY_BOARD_TRIGGER = """
CREATE TRIGGER notify_board AFTER UPDATE OF hearts, shared_at, removed_at, suspended_at ON looks
    FOR EACH ROW
    WHEN (OLD.is_public IS DISTINCT FROM NEW.is_public OR NEW.is_public AND OLD.hearts <> NEW.hearts)
    EXECUTE FUNCTION notify_board()
"""
NOTIFY_BOARD_ERASED_TRIGGER = """
CREATE TRIGGER notify_board_erased AFTER DELETE ON looks
    FOR EACH ROW WHEN (OLD.is_public) EXECUTE FUNCTION notify_board()
"""
NOTIFY_BLOCK = """
CREATE FUNCTION notify_block() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    pair blocks := coalesce(NEW, OLD);
BEGIN
    PERFORM pg_notify('board', concat_ws(' ', 'people', pair.person_id, pair.blocked_id));
    RETURN NULL;
END
$$
"""
NOTIFY_BLOCK_TRIGGER = """
CREATE TRIGGER notify_block AFTER INSERT OR DELETE ON blocks FOR EACH ROW EXECUTE FUNCTION notify_block()
"""
NOTIFY_IDENTITY = """
CREATE FUNCTION notify_identity() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('board', 'people ' || OLD.person_id);
    RETURN NULL;
END
$$
"""
"""Pages of a session that ends, or that belongs to another person now, show what its former person saw."""
NOTIFY_IDENTITY_TRIGGER = """
CREATE TRIGGER notify_identity AFTER DELETE OR UPDATE OF person_id ON identities
    FOR EACH ROW EXECUTE FUNCTION notify_identity()
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
    TO_VECTOR_VALUES,
    KEEP_LOOK_VECTOR,
    KEEP_LOOK_VECTOR_TRIGGER,
    FIND_SIMILAR_LOOKS,
    NOTIFY_BOARD,
    NOTIFY_BOARD_TRIGGER,
    NOTIFY_BOARD_ERASED_TRIGGER,
    NOTIFY_BLOCK,
    NOTIFY_BLOCK_TRIGGER,
    NOTIFY_IDENTITY,
    NOTIFY_IDENTITY_TRIGGER,
)
FUNCTIONS = (
    "count_hearts",
    "count_follows",
    "count_public_styles",
    "count_judged_photos",
    "count_reports",
    "keep_look_vector",
    "find_similar_looks",
    "to_vector_values",
    "notify_board",
    "notify_block",
    "notify_identity",
)


def upgrade() -> None:
    """Create the functions and triggers."""
    for statement in TRIGGERS:
        op.execute(statement)


def downgrade() -> None:
    """Drop the functions with their triggers."""
    for function in FUNCTIONS:
        op.execute(f"DROP FUNCTION {function} CASCADE")
