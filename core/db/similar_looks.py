"""Public looks that look like another one, by the angle between the embeddings that the model made of them.

Only looks that the same version of the model judged are compared. The search itself is the function
`find_similar_looks` of revision 0003. It needs a table of vectors, which needs the extension pgvector and is no part of
`core.db.schema`: where the extension is missing and Eva's role may not create it, nothing is ever found, and everything
else works. The table holds nothing that `looks` does not hold, so backups leave it out and the next migration fills it.

See ADR 0030.
"""

from dataclasses import dataclass
from uuid import UUID

import structlog
from sqlalchemy import Connection, Double, Integer, Uuid, bindparam, column, func, select, text, union_all
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import schema
from core.db.database import CompiledStatement
from core.db.index_builds import IndexBuild, create_indexes
from core.db.look_summaries import LeaderboardEntry, to_entry
from core.db.public_looks import select_entries, select_viewer_id
from core.db.relations import select_hidden_people

TABLE = "look_vectors"
MIN_VERSION = (0, 8)
"""The first version of pgvector that goes on searching where a filter left too little."""
INDEX = IndexBuild(name=f"ix_{TABLE}_embedding", table=TABLE, definition="USING hnsw (embedding halfvec_cosine_ops)")
"""Takes minutes for a million looks; until it is complete, a search reads all vectors. It is built when the table is
full, and so tells that."""

SELECT_STATE = text(f"""
SELECT to_regclass('{TABLE}') IS NOT NULL AS is_set_up,
    CASE WHEN to_regtype('halfvec') IS NOT NULL THEN extversion END AS installed,
    extversion IS NOT NULL AS is_created, default_version AS offered,
    coalesce((SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('{INDEX.name}')), false) AS is_complete
FROM (VALUES (1)) AS one
LEFT JOIN pg_extension ON extname = 'vector'
LEFT JOIN pg_available_extensions ON name = 'vector'
""")
CREATE_EXTENSION = text("CREATE EXTENSION IF NOT EXISTS vector")
CREATE_TABLE = text(f"""
CREATE TABLE {TABLE} (
    look_id uuid PRIMARY KEY REFERENCES looks (id) ON DELETE CASCADE,
    person_id uuid NOT NULL,
    model text NOT NULL,
    embedding halfvec(128) NOT NULL
)
""")
"""From here on, triggers add looks that become public, and delete others."""
FILL_BATCH = text(f"""
WITH batch AS (
    SELECT id, person_id, model, embedding FROM looks
    WHERE is_public AND embedding IS NOT NULL AND id > :after ORDER BY id LIMIT :size FOR SHARE
), filled AS (
    INSERT INTO {TABLE} SELECT id, person_id, model, to_vector_values(embedding)::halfvec(128) FROM batch
    ON CONFLICT DO NOTHING
)
SELECT id FROM batch ORDER BY id DESC LIMIT 1
""")
"""Looks of the batch cannot be taken back meanwhile, for a tenth of a second."""
BATCH_SIZE = 1000

log = structlog.get_logger()
MAX_DISTANCE = 0.5
"""Cosine distance, 0 to 2, from which a look is not similar."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorSearchState:
    """Whether a database can search by vectors."""

    is_set_up: bool
    """Whether the table exists."""
    installed: str | None
    """Version of pgvector in this database; None without it, or in a schema that Eva does not look into."""
    is_created: bool
    """Whether the extension exists in any schema."""
    offered: str | None
    """Version of pgvector that the server could create; None without it."""
    is_complete: bool
    """Whether the table has all vectors and an index of them."""

    @property
    def is_new_enough(self) -> bool:
        """Whether the version that is installed, or would be, has what Eva needs."""
        version = self.installed or self.offered
        return version is not None and tuple(map(int, version.split(".")[:2])) >= MIN_VERSION


async def get_state(connection: AsyncConnection) -> VectorSearchState:
    """Whether the database can search by vectors, and why not."""
    return VectorSearchState(**(await connection.execute(SELECT_STATE)).one()._mapping)


async def has_index(connection: AsyncConnection) -> bool:
    """Whether the vectors have their index; True as well without a table of them."""
    state = await get_state(connection)
    return state.is_complete or not state.is_set_up


def set_up(connection: Connection) -> None:
    """Create the extension and the table where that is possible; part of every migration, which fills the table then.

    Args:
        connection: in the transaction of the migration; a refused extension does not end it.
    """
    state = VectorSearchState(**connection.execute(SELECT_STATE).one()._mapping)
    if state.is_set_up or not state.is_new_enough:
        return
    if not state.is_created:
        try:
            with connection.begin_nested():
                connection.execute(CREATE_EXTENSION)
        except DBAPIError as error:
            log.info("similar_looks_unavailable", error=type(error.orig).__name__)
            return
        state = VectorSearchState(**connection.execute(SELECT_STATE).one()._mapping)
    if state.installed is not None and state.is_new_enough:
        connection.execute(CREATE_TABLE)


async def complete(connection: AsyncConnection, *, batch_size: int = BATCH_SIZE) -> None:
    """Add the looks that were public before the table existed, and build the index; both go on after an interruption.

    Args:
        connection: of `connect_for_builds`.
        batch_size: how many looks are added at a time.
    """
    if await has_index(connection):
        return
    last: UUID | None = UUID(int=0)
    while last is not None:
        last = (await connection.execute(FILL_BATCH, {"after": last, "size": batch_size})).scalar_one_or_none()
    await create_indexes(connection, [INDEX])


async def find_similar(
    connection: AsyncConnection, look_id: UUID, *, limit: int, viewer_key: str = "", viewer_id: UUID | None = None
) -> list[LeaderboardEntry]:
    """Public looks of others like this one, the most similar first.

    Looks of the owner of the look, of the viewer, and of people whom the viewer does not see are left out.

    Args:
        connection: to execute on.
        look_id: any look, public or not; whether the viewer may see it is the concern of the caller.
        limit: number of looks, at most 50.
        viewer_key: key of the viewer's browser session; empty for none.
        viewer_id: the viewer, if it is no browser session that asks.
    """
    rows = await SELECT_SIMILAR.fetch(
        connection, look_id=look_id, limit=limit, viewer_key=viewer_key, viewer_id=viewer_id
    )
    return [to_entry(row) for row in rows]


async def can_compare(connection: AsyncConnection, look_id: UUID) -> bool:
    """Whether similar looks can be found: the model made an embedding of this one, and there are vectors to search."""
    looks = schema.looks
    is_possible = looks.c.embedding.is_not(None), func.to_regclass(TABLE).is_not(None)
    return await connection.scalar(select(looks.c.id).where(looks.c.id == look_id, *is_possible)) is not None


_own = schema.looks.alias()
_hidden = union_all(
    select_hidden_people(select_viewer_id()),
    select(select_viewer_id()),
    select(_own.c.person_id).where(_own.c.id == bindparam("look_id")),
)
_found = func.find_similar_looks(
    bindparam("look_id", type_=Uuid),
    func.array(_hidden.scalar_subquery(), type_=ARRAY(Uuid)),
    bindparam("limit", type_=Integer),
).table_valued(column("look_id", Uuid), column("distance", Double))
SELECT_SIMILAR = CompiledStatement(
    select_entries()
    .join(_found, _found.c.look_id == schema.looks.c.id)
    .where(_found.c.distance < MAX_DISTANCE)
    .order_by(_found.c.distance)
)
