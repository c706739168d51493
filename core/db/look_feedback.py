"""What owners say about their looks: guesses of the style before the verdict, and corrections after it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.clothing import Color, Item
from core.db import schema
from core.db.database import cursor_values, paginate
from core.db.look_summaries import HAS_IMAGES, LOOK_COLUMNS
from core.db.looks import Look, to_look, update_where
from core.db.schema import PendingQuestion
from core.styles import Style
from core.vision.attributes import Attribute


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectedPhoto:
    """A photo whose owner lets Eva learn from what they correct."""

    key: str
    """In the object storage."""
    style: Style
    """According to its owner."""


async def record_guess(connection: AsyncConnection, look_id: UUID, style: Style) -> bool:
    """Store the owner's guess; False if the look does not exist or does not wait for a guess."""
    waits_for_guess = schema.looks.c.pending_question == PendingQuestion.GUESS
    return await update_where(connection, look_id, waits_for_guess, guessed_style=style, pending_question=None)


async def record_correction(connection: AsyncConnection, look_id: UUID, style: Style | None) -> bool:
    """Store the style according to the owner instead of an earlier one, None to forget it; False without the look."""
    return await update_where(connection, look_id, corrected_style=style, pending_question=None)


async def record_item_corrections(
    connection: AsyncConnection,
    look: Look,
    denied: Mapping[Attribute, Attribute | None],
    told_colors: Mapping[Item, tuple[Color, ...]],
) -> Look:
    """Store what is not worn according to the owner, and the colors of garments.

    From then on nothing that is read from the look names what is not worn.

    Args:
        connection: a transaction that has locked the look.
        look: the look.
        denied: items and colors, each with what is worn instead; with itself where that is taken back.
        told_colors: of garments instead of earlier ones; none to forget them.

    Returns:
        The look as it is now.
    """
    left = look.verdict.attributes
    if left is None:
        return look
    corrections, colors = {**look.item_corrections, **denied}, {**look.told_colors, **told_colors}
    for thing, instead in denied.items():
        worn_on = next((garment for garment in look.told_colors if not colors[garment]), None)
        worn_on = worn_on if isinstance(thing, Color) else None
        left = left.restored(thing, worn_on) if thing is instead else left.without(thing, instead)
    colors = {garment: of_garment for garment, of_garment in colors.items() if of_garment}
    worn = {color for of_garment in told_colors.values() for color in of_garment}
    corrections = {
        thing: instead for thing, instead in corrections.items() if thing not in worn and thing is not instead
    }
    if (corrections, colors) == (look.item_corrections, look.told_colors):
        return look
    await update_where(
        connection,
        look.id,
        attributes=left.to_dict(),
        things=list(left.things),
        filters=left.filter_codes,
        item_corrections={thing.value: instead and instead.value for thing, instead in corrections.items()},
        told_colors={garment.value: [color.value for color in colors[garment]] for garment in colors} or None,
    )
    verdict = replace(look.verdict, attributes=replace(left, told_things=tuple(filter(None, corrections.values()))))
    return replace(look, verdict=verdict, item_corrections=corrections, told_colors=colors)


async def update_pending_question(connection: AsyncConnection, look_id: UUID, question: PendingQuestion | None) -> None:
    """Set the question about a look that the next answer belongs to; None for no question."""
    await update_where(connection, look_id, pending_question=question)


async def mark_revealed(connection: AsyncConnection, *look_ids: UUID) -> None:
    """Mark the verdicts as revealed: these looks do not wait for a guess any more."""
    table = schema.looks
    waits_for_guess = (table.c.id.in_(look_ids), table.c.pending_question == PendingQuestion.GUESS)
    await connection.execute(update(table).where(*waits_for_guess).values(pending_question=None))


async def mark_shown(connection: AsyncConnection, look_id: UUID) -> None:
    """Record that the verdict on a look was shown now, after newer looks: what is said next is about it.

    It does not wait for a guess any more.
    """
    not_guess = func.nullif(schema.looks.c.pending_question, PendingQuestion.GUESS)
    await update_where(connection, look_id, shown_at=func.now(), pending_question=not_guess)


async def list_corrected(connection: AsyncConnection, *, limit: int, after: UUID | None = None) -> list[Look]:
    """Looks with corrections whose photo still exists and whose owners let Eva learn, the oldest first.

    Args:
        connection: to execute on.
        limit: number of looks, at most.
        after: id of the last look of the page before.
    """
    table, owners = schema.looks, schema.people
    statement = paginate(
        select(*LOOK_COLUMNS)
        .join(owners, owners.c.id == table.c.person_id)
        .where(
            or_(table.c.corrected_style.is_not(None), table.c.item_corrections.is_not(None)),
            table.c.photo_key.is_not(None),
            owners.c.learning_consent.is_(True),
        ),
        table.c.id,
        has_cursor=after is not None,
        descending=False,
    )
    cursor = None if after is None else (after,)
    rows = await connection.execute(statement, {"limit": limit, **cursor_values(cursor)})
    return [to_look(row) for row in rows]


async def list_corrected_photos(connection: AsyncConnection, *, limit: int) -> Sequence[CorrectedPhoto]:
    """Photos with a corrected style that still exist and whose owners let Eva learn, the latest first."""
    table, owners = schema.looks, schema.people
    statement = (
        select(table.c.photo_key, table.c.corrected_style)
        .join(owners, owners.c.id == table.c.person_id)
        .where(
            table.c.corrected_style.is_not(None),
            table.c.images_stored_at.is_not(None),
            HAS_IMAGES,
            owners.c.learning_consent,
        )
        .order_by(table.c.id.desc())
        .limit(limit)
    )
    rows = await connection.execute(statement)
    return [CorrectedPhoto(key=row.photo_key, style=Style(row.corrected_style)) for row in rows]
