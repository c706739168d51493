"""Guesses of visitors: which style they saw in a public look, without the verdict on the page where they guess.

A person guesses once for each look, never for their own. Others see guesses as numbers only, once there are enough.
"""

from collections import Counter
from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import Text, Uuid, exists, func, literal, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import schema
from core.db.errors import missing_person_as_error
from core.db.public_looks import is_visible_to_viewer, select_viewer_id
from core.db.relations import is_unblocked, prevent_blocks
from core.styles import Style

MIN_GUESSES_SHOWN = 5
"""Number of guesses from which their distribution is shown; fewer would tell what a certain person chose."""
CANDIDATES = 200
"""The latest shared looks among which the next one to guess is chosen."""


async def record(connection: AsyncConnection, look_id: UUID, person_id: UUID, style: Style) -> bool:
    """Store a person's guess; the first one counts.

    Args:
        connection: the transaction.
        look_id: the look on the board.
        person_id: who guesses.
        style: what they guess.

    Returns:
        False if the look is not public, the person's own, or of a person they do not see.

    Raises:
        PersonNotFoundError: the person was deleted.
    """
    await prevent_blocks(connection, person_id, look_id)
    looks, table = schema.looks, schema.look_guesses
    is_open = (
        looks.c.id == look_id,
        looks.c.is_public,
        looks.c.person_id != person_id,
        is_unblocked(person_id, looks.c.person_id),
    )
    if (await connection.execute(select(looks.c.id).where(*is_open))).first() is None:
        return False
    row = select(looks.c.id, literal(person_id, Uuid), literal(style, Text)).where(*is_open)
    row = row.with_for_update(read=True, key_share=True)
    statement = upsert(table).from_select(["look_id", "person_id", "style"], row).on_conflict_do_nothing()
    with missing_person_as_error(table):
        await connection.execute(statement)
    return True


async def count_by_style(connection: AsyncConnection, look_id: UUID) -> Mapping[Style, int]:
    """How many guessed each style of a look, the most frequent first; empty for less than `MIN_GUESSES_SHOWN`."""
    table = schema.look_guesses
    statement = select(table.c.style, func.count()).where(table.c.look_id == look_id).group_by(table.c.style)
    counts = Counter({Style(style): count for style, count in await connection.execute(statement)})
    return dict(counts.most_common()) if counts.total() >= MIN_GUESSES_SHOWN else {}


async def find_open_look(connection: AsyncConnection, viewer_key: str) -> UUID | None:
    """One of the latest shared looks, at random, that the viewer can still guess; None if there is none.

    Args:
        connection: to execute on.
        viewer_key: of the viewer's browser session; empty for none.
    """
    looks, table, viewer = schema.looks, schema.look_guesses, select_viewer_id()
    is_guessed = exists().where(table.c.look_id == looks.c.id, table.c.person_id == viewer)
    candidates = (
        select(looks.c.id)
        .where(
            looks.c.is_public,
            func.coalesce(looks.c.person_id != viewer, True),
            is_visible_to_viewer(looks.c.person_id),
            ~is_guessed,
        )
        .order_by(looks.c.shared_at.desc(), looks.c.id.desc())
        .limit(CANDIDATES)
        .subquery()
    )
    statement = select(candidates.c.id).order_by(func.random()).limit(1)
    return (await connection.execute(statement, {"viewer_key": viewer_key})).scalar_one_or_none()
