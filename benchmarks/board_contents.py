"""Generate the database of a leaderboard after one year, in SQL.

Everything follows from the number of shared looks N and a fixed seed:

    people       N / 10; early ones share the most looks; each follows up to ten others, the last one follows 200
    looks        of the last 365 days, increasing, about 5 % of them today; styles are unevenly popular; things are
                 worn as often as in the labels of photos, embeddings form clusters
    hearts       Pareto (exponent 5/3): most looks have one or two, the best some thousands; three on average
    bookmarks    one for eight hearts
    reports      not reviewed yet: one or two for every 5,000th look; three, which suspend it, for every 20,000th

Triggers are disabled while it is loaded; what they count is written directly.
"""

from collections.abc import Iterator, Sequence
from itertools import chain

import numpy as np
import psycopg
from numpy.typing import NDArray

from core.clothing import Color
from core.confusables import confusable_key
from core.db.schema import IdentityProvider
from core.styles import STYLES

FOLLOWS = 200
"""How many others the last person follows."""
ATTRIBUTES = {
    **{"black": 0.42, "white": 0.33, "blue": 0.18, "red": 0.12, "beige": 0.11, "grey": 0.1, "pink": 0.1, "brown": 0.09},
    **{"green": 0.08, "navy": 0.06, "yellow": 0.05, "multi": 0.05, "orange": 0.03, "purple": 0.03},
    **{"dress": 0.24, "jeans": 0.2, "trousers": 0.24, "skirt": 0.14, "tshirt": 0.17, "shirt": 0.18, "jacket": 0.15},
    **{"sneakers": 0.18, "heels": 0.16, "boots": 0.11, "bag": 0.24, "coat": 0.07, "blazer": 0.06, "knit": 0.08},
    **{"floral": 0.07, "stripes": 0.06, "check": 0.04, "denim": 0.09, "leather": 0.06, "hat": 0.09, "tie": 0.02},
    **{"fur": 0.01, "dots": 0.008, "animal": 0.006, "jumpsuit": 0.01, "ruffles": 0.02, "vest": 0.02, "belt": 0.07},
}
"""Share of looks in which a thing is seen, about as in the labels; the rarest are rarer than there."""
EMBEDDING_SIZE = 128
CLUSTERS = 3_000
EMBEDDING_BATCH = 50_000
CLUSTER_SPREAD = (0.35, 0.9)
"""Deviation within a cluster, least and most, relative to that of the centers."""
DIRECTION_DECAY = 24.0
"""Weights of the directions fall by e in this many of them."""
TABLES = (
    "people",
    "identities",
    "looks",
    "hearts",
    "bookmarks",
    "follows",
    "reports",
    "person_style_counts",
    "daily_counts",
)

PREPARE = """
SET session_replication_role = replica;
SET maintenance_work_mem = '512MB';
SET work_mem = '256MB';
SELECT setseed(0.42);
CREATE TEMP TABLE crowd AS
    SELECT n, uuidv7(make_interval(secs => -86400 * 365 * (1 - n / {people}.0))) AS id
    FROM generate_series(1, {people}) AS n;
CREATE UNIQUE INDEX ON crowd (n);
CREATE TEMP TABLE album AS
    SELECT n, owner, style, least({people} - 1, hearts)::integer AS hearts, confidence, shared_at,
        uuidv7(shared_at - clock_timestamp()) AS id,
        CASE WHEN n % 20000 = 7 THEN 3 WHEN n % 5000 = 3 THEN 1 + n % 2 ELSE 0 END AS reports
    FROM (
        SELECT n,
            1 + floor(({people} - 1) * power(random(), 1.5))::integer AS owner,
            1 + floor(8 * power(random(), 1.4))::integer AS style,
            floor(1.2 * power(1 - random(), -0.6)) AS hearts,
            0.35 + 0.6 * random() AS confidence,
            CASE WHEN day = 0 THEN midnight + random() * (now() - midnight)
                ELSE midnight - make_interval(secs => 86400 * (day - random())) END AS shared_at
        FROM (
            SELECT n, floor(365 * power(random(), 2))::integer AS day,
                date_trunc('day', now() AT TIME ZONE 'Asia/Seoul') AT TIME ZONE 'Asia/Seoul' AS midnight
            FROM generate_series(1, {looks}) AS n
        ) AS dated ORDER BY shared_at
    ) AS drawn;
CREATE TEMP TABLE things AS SELECT * FROM (VALUES {things}) AS worn (code, frequency);
CREATE TEMP TABLE vectors (n integer, embedding bytea);
ANALYZE crowd;
ANALYZE album
"""
INSERTS = (
    """
INSERT INTO follows (follower_id, followed_id)
SELECT one.id, other.id FROM (
    SELECT DISTINCT who, whom FROM (
        SELECT n AS who, 1 + floor({people} * power(random(), 3))::integer AS whom
        FROM generate_series(1, {people} - 1) AS n, generate_series(1, 10)
        UNION ALL
        SELECT {people}, 1 + (turn * ({people} - 1) / {follows}) FROM generate_series(0, {follows} - 1) AS turn
    ) AS drawn WHERE who <> whom
) AS pair JOIN crowd AS one ON one.n = who JOIN crowd AS other ON other.n = whom
""",
    """
INSERT INTO people (id, name, display_name_key, language, created_at, followers, following)
SELECT id, 'Reader ' || n, 'reader' || translate(n::text, '01', 'ol'),
    CASE WHEN n % 4 = 0 THEN 'en' ELSE 'ko' END, uuid_extract_timestamp(id),
    coalesce(followers, 0), coalesce(following, 0)
FROM crowd
LEFT JOIN (SELECT followed_id, count(*) AS followers FROM follows GROUP BY followed_id) AS be ON be.followed_id = id
LEFT JOIN (SELECT follower_id, count(*) AS following FROM follows GROUP BY follower_id) AS do_ ON do_.follower_id = id
""",
    """
INSERT INTO identities (provider, subject, person_id) SELECT 'telegram', n::text, id FROM crowd
""",
    """
INSERT INTO looks (
    id, person_id, channel, source_message_id, photo_key, heatmap_key, width, height, perceptual_hash, style,
    probabilities, outfit_probability, band,
    region_height, region_side, concentration, cam, cam_columns, things, filters, embedding,
    model, engine, language, hearts, report_count,
    created_at, private_photo_ttl, images_stored_at, shared_at, suspended_at
)
SELECT album.id, crowd.id, 'telegram', album.n::text,
    substr(photo, 1, 2) || '/' || substr(photo, 3) || '.jpg', substr(map, 1, 2) || '/' || substr(map, 3) || '.jpg',
    900, 1200, decode(repeat(photo, 5), 'hex'), {styles}[style], {shares}, 0.99, 'clear', 'upper', 'both', 0.6,
    decode(repeat('00ff7f3f', 70), 'hex'), 14,
    seen,
    seen || ARRAY(
        SELECT color || '+' || item FROM unnest(seen) AS color, unnest(seen) AS item
        WHERE color = ANY ({colors}) AND item <> ALL ({colors})
    ),
    embedding,
    'vgg16-3f2a9c1d', 'litert', 'ko', hearts, reports,
    shared_at, interval '1 day', shared_at, shared_at, CASE WHEN reports = 3 THEN shared_at END
FROM album JOIN crowd ON crowd.n = owner JOIN vectors ON vectors.n = album.n
CROSS JOIN LATERAL (SELECT md5('photo' || album.n) AS photo, md5('map' || album.n) AS map) AS names
CROSS JOIN LATERAL (
    SELECT ARRAY(SELECT code FROM things WHERE random() < frequency AND album.n > 0) AS seen OFFSET 0
) AS worn
""",
    """
INSERT INTO hearts (look_id, person_id, created_at)
SELECT album.id, crowd.id, shared_at + random() * (now() - shared_at)
FROM album, generate_series(1, hearts) AS turn, crowd WHERE crowd.n = 1 + (album.n + turn * 7919) % {people}
""",
    """
INSERT INTO bookmarks (look_id, person_id, created_at)
SELECT album.id, crowd.id, shared_at + random() * (now() - shared_at)
FROM album, generate_series(1, (hearts + n % 8) / 8) AS turn, crowd
WHERE crowd.n = 1 + (album.n + turn * 7907) % {people}
""",
    """
INSERT INTO reports (look_id, person_id, created_at)
SELECT album.id, crowd.id, shared_at FROM album, generate_series(1, reports) AS turn, crowd
WHERE crowd.n = 1 + (album.n + turn * 7901) % {people}
""",
    """
INSERT INTO person_style_counts (person_id, style, count)
SELECT person_id, style, count(*) FROM looks WHERE is_public GROUP BY person_id, style
""",
    """
INSERT INTO daily_counts (day, shard, photos_judged) SELECT shared_day, 0, count(*) FROM looks GROUP BY shared_day
""",
)
"""Steps in this order; `{styles}` are their keys, `{shares}` eight probabilities with the style's own in its place."""

INDEXES = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
JOIN pg_class ON pg_class.oid = indrelid
WHERE relname = ANY (%s) AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
"""
COUNT_WRONG_HEARTS = """
SELECT count(*) FROM looks
LEFT JOIN (SELECT look_id, count(*) AS given FROM hearts GROUP BY look_id) AS counted ON look_id = id
WHERE hearts <> coalesce(given, 0)
"""


FILL_VECTORS = """
SET max_parallel_maintenance_workers = 2;
SET maintenance_work_mem = '4GB';
DROP INDEX ix_look_vectors_embedding;
INSERT INTO look_vectors
SELECT id, person_id, model, to_vector_values(embedding)::halfvec(128) FROM looks WHERE is_public;
CREATE INDEX ix_look_vectors_embedding ON look_vectors USING hnsw (embedding halfvec_cosine_ops);
VACUUM (ANALYZE) look_vectors
"""
"""As `core.db.similar_looks` does; the index takes minutes."""


def seed_database(url: str, looks: int, visitors: Sequence[str], *, with_vectors: bool = False) -> None:
    """Fill an empty database that has all tables.

    Args:
        url: of the database, for a superuser.
        looks: how many are shared.
        visitors: the web keys of people of its own, who then have hearts, bookmarks and follows; the first one is who
            follows 200 others.
        with_vectors: whether looks can be searched by similarity.

    Raises:
        AssertionError: a counter differs from what it counts.
    """
    people = looks // 10
    shares = "(ARRAY[confidence, (1 - confidence) * 0.5] || array_fill((1 - confidence) / 12, ARRAY[6]))"
    parts = {
        "people": str(people),
        "looks": str(looks),
        "follows": str(FOLLOWS),
        "things": ", ".join(f"('{code}', {frequency})" for code, frequency in ATTRIBUTES.items()),
        "colors": f"ARRAY[{', '.join(repr(color.value) for color in Color)}]",
        "styles": f"(ARRAY[{', '.join(repr(style.value) for style in STYLES)}])",
        # Rotated, so that the first one belongs to the style.
        "shares": f"(({shares})[10 - style : 8] || ({shares})[1 : 9 - style])",
    }
    with psycopg.connect(url, autocommit=True) as connection:
        indexes = connection.execute(INDEXES, (list(TABLES),)).fetchall()
        for name, _ in indexes:
            connection.execute(f"DROP INDEX {name}")
        for statement in PREPARE.split(";\n"):
            connection.execute(_fill_placeholders(statement, parts))
        _copy_embeddings(connection, looks)
        for statement in INSERTS:
            connection.execute(_fill_placeholders(statement, parts))
        for _, definition in indexes:
            connection.execute(definition)
        connection.execute("SET session_replication_role = origin")
        for number, key in enumerate(visitors):
            connection.execute(
                "INSERT INTO identities (provider, subject, person_id) SELECT %s, %s, id FROM crowd WHERE n = %s",
                (IdentityProvider.WEB.value, key, people - number * 7),
            )
        if with_vectors:
            for statement in FILL_VECTORS.split(";\n"):
                connection.execute(statement)
        for table in TABLES:
            connection.execute(f"VACUUM (ANALYZE) {table}")
        wrong_counters = connection.execute(COUNT_WRONG_HEARTS).fetchone()
        assert wrong_counters == (0,), wrong_counters
        name, key = connection.execute(
            "SELECT name, display_name_key FROM people WHERE name LIKE '%10'"
        ).fetchone() or ("", "")
        assert key == confusable_key(name), (name, key)


def draw_embeddings(count: int, *, seed: int = 42) -> Iterator[NDArray[np.uint8]]:
    """Batches of embeddings as `looks.embedding` stores them, n x 128, `count` in total.

    They form clusters whose sizes and widths differ. Directions are of unequal weight, as in the embeddings of photos,
    where 20 of 128 have most of the variance.
    """
    random = np.random.default_rng(seed)
    weights = np.exp(-np.arange(EMBEDDING_SIZE) / DIRECTION_DECAY).astype(np.float32)
    centers = random.standard_normal((CLUSTERS, EMBEDDING_SIZE), np.float32) * weights
    spread = random.uniform(*CLUSTER_SPREAD, CLUSTERS).astype(np.float32)
    popularity = random.pareto(1.2, CLUSTERS) + 0.2
    for start in range(0, count, EMBEDDING_BATCH):
        size = min(EMBEDDING_BATCH, count - start)
        cluster = random.choice(CLUSTERS, size, p=popularity / popularity.sum())
        noise = random.standard_normal((size, EMBEDDING_SIZE), np.float32) * weights
        vectors = centers[cluster] + noise * spread[cluster, None]
        yield quantize(vectors)


def quantize(vectors: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The bytes of `looks.embedding`, n x 128."""
    largest = np.abs(vectors).max(axis=1, keepdims=True)
    levels: NDArray[np.uint8] = np.rint(vectors * (127 / largest) + 128).astype(np.uint8)
    return levels


def _copy_embeddings(connection: psycopg.Connection[tuple[object, ...]], looks: int) -> None:
    """Fill `vectors` with one embedding for each look."""
    with connection.cursor().copy("COPY vectors FROM STDIN (FORMAT binary)") as copy:
        copy.set_types(["int4", "bytea"])
        for number, vector in enumerate(chain.from_iterable(draw_embeddings(looks)), 1):
            copy.write_row((number, vector.tobytes()))
    connection.execute("ANALYZE vectors")


def _fill_placeholders(statement: str, parts: dict[str, str]) -> str:
    for name, value in parts.items():
        statement = statement.replace(f"{{{name}}}", value)
    return statement
