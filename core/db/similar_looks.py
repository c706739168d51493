"""Public looks that look like another one, by the angle between the embeddings that the model made of them.

Only looks that the same version of the model judged are compared.

The search itself is the function `find_similar_looks` of revision 0003. Without pgvector, see `core.db.vector_search`,
nothing is ever found.

See ADR 0030.
"""

from uuid import UUID

from sqlalchemy import Double, Integer, Uuid, bindparam, column, func, select, union_all
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import schema
from core.db.database import CompiledStatement
from core.db.look_summaries import LeaderboardEntry, to_entry
from core.db.public_looks import select_entries, select_viewer_id
from core.db.relations import select_hidden_people
from core.db.vector_search import TABLE

MAX_DISTANCE = 0.5
"""Cosine distance, 0 to 2, from which a look is not similar."""


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
