"""Looks: judged photos with their verdicts, private or shared.

The images of a private look end at `images_end_at`. From then on a look is read as if they had been deleted, whether
or not they have been: `photo_key`, `heatmap_key` and `pending_question` are None.

A new look is the concern of `core.db.submissions`, its images of `core.db.look_images`, what its owner says of it of
`core.db.look_feedback`, and its place on the leaderboard of `core.db.leaderboard`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import ColumnElement, Row, bindparam, func, select, update
from sqlalchemy import delete as delete_from
from sqlalchemy.ext.asyncio import AsyncConnection

from core.clothing import Color, Item
from core.db import schema
from core.db.database import CompiledStatement, cursor_values, paginate
from core.db.look_summaries import HAS_IMAGES, LOOK_COLUMNS, LookSummary
from core.db.schema import Channel, PendingQuestion
from core.i18n.translations import Language, VariantSeed
from core.styles import STYLES, Style
from core.vision.attributes import Attribute, Attributes, parse_corrections, parse_told_colors
from core.vision.verdict import ConfidenceBand, EvidenceRegion, HorizontalPart, Refusal, Verdict, VerticalPart

CAM_LEVELS = 255
"""Largest value of the stored class activation map, one byte a cell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look(LookSummary):
    """A judged photo with everything that is stored of it."""

    variant_seed: VariantSeed
    """Selects the words about this look: others than about the owner's look before it."""
    channel: Channel
    source_message_id: str
    perceptual_hash: bytes
    verdict: Verdict
    """The verdict of the model at the time; its activation map is quantized to 256 levels."""
    language: Language
    guessed_style: Style | None
    """The owner's guess before the verdict was revealed."""
    corrected_style: Style | None
    """The style according to its owner."""
    item_corrections: Mapping[Attribute, Attribute | None] = field(hash=False)
    """What is not worn according to its owner, each with what is worn instead; `verdict` does not name it any more."""
    told_colors: Mapping[Item, tuple[Color, ...]] = field(hash=False)
    """The colors of garments according to its owner, who corrected Eva or told what she could not see."""
    pending_question: PendingQuestion | None
    """While it is GUESS, the verdict has not been revealed."""
    created_at: datetime
    images_stored_at: datetime | None
    """When both images were in the object storage; None before that, or if it failed."""
    report_count: int
    """Number of reports that no moderator has reviewed."""

    @property
    def accepted_style(self) -> Style:
        """The style according to its owner, or else to Eva."""
        return self.corrected_style or self.style

    @property
    def is_corrected(self) -> bool:
        """Whether its owner corrected the style, an item or a color."""
        return self.corrected_style is not None or bool(self.item_corrections) or bool(self.told_colors)


async def get(connection: AsyncConnection, look_id: UUID) -> Look | None:
    """A look, or None."""
    rows = await SELECT_BY_ID.fetch(connection, look_id=look_id)
    return to_look(rows[0]) if rows else None


async def get_by_source(connection: AsyncConnection, person_id: UUID, source_message_id: str) -> Look | None:
    """The look of a person's photo from this message, or None."""
    rows = await SELECT_BY_SOURCE.fetch(connection, person_id=person_id, source_message_id=source_message_id)
    return to_look(rows[0]) if rows else None


async def get_current(connection: AsyncConnection, person_id: UUID, look_id: UUID | None = None) -> Look | None:
    """The look on a person's screen if it is theirs, else the one whose verdict they were shown last; None without."""
    on_screen = None if look_id is None else await get(connection, look_id)
    if on_screen is not None and on_screen.person_id == person_id:
        return on_screen
    table = schema.looks
    shown_at = func.coalesce(table.c.shown_at, table.c.created_at)
    statement = (
        select(*LOOK_COLUMNS)
        .where(table.c.person_id == person_id)
        .order_by(shown_at.desc(), table.c.id.desc())
        .limit(1)
    )
    row = (await connection.execute(statement)).first()
    return None if row is None else to_look(row)


async def lock(connection: AsyncConnection, look_id: UUID) -> Look | None:
    """A look, locked against changes until the transaction ends; or None."""
    statement = select(*LOOK_COLUMNS).where(schema.looks.c.id == look_id).with_for_update()
    row = (await connection.execute(statement)).first()
    return None if row is None else to_look(row)


async def list_for_person(
    connection: AsyncConnection,
    person_id: UUID,
    *,
    limit: int,
    after: tuple[datetime, UUID] | None = None,
    public_only: bool = False,
    style: Style | None = None,
) -> list[Look]:
    """A person's looks, the newest first.

    Args:
        connection: to execute on.
        person_id: the owner.
        limit: number of looks, at most.
        after: (`created_at`, `id`) of the last look of the page before.
        public_only: without those that are not on the leaderboard.
        style: without those of other styles.
    """
    table = schema.looks
    conditions = [table.c.person_id == person_id]
    if public_only:
        conditions.append(table.c.is_public)
    if style is not None:
        conditions.append(table.c.style == style)
    statement = paginate(
        select(*LOOK_COLUMNS).where(*conditions),
        table.c.created_at,
        table.c.id,
        has_cursor=after is not None,
    )
    rows = await connection.execute(statement, {"limit": limit, **cursor_values(after)})
    return [to_look(row) for row in rows]


async def count(connection: AsyncConnection, person_id: UUID) -> int:
    """Number of a person's looks."""
    statement = select(func.count()).where(schema.looks.c.person_id == person_id)
    return (await connection.execute(statement)).scalar_one()


async def share(connection: AsyncConnection, look_id: UUID) -> bool:
    """Put a look on the leaderboard; one that is shared already keeps its time.

    Returns:
        False if that is not possible: the look was deleted or removed, has no images, shows no outfit, or its owner is
        banned.
    """
    table, people = schema.looks, schema.people
    # Locks the owner, so that a concurrent ban sees this look.
    owner = select(people.c.banned_at).join(table, table.c.person_id == people.c.id).where(table.c.id == look_id)
    banned_at = await connection.execute(owner.with_for_update(read=True, of=people))
    if banned_at.scalar_one_or_none() is not None:
        return False
    return await update_where(
        connection,
        look_id,
        table.c.images_stored_at.is_not(None),
        HAS_IMAGES,
        table.c.removed_at.is_(None),
        table.c.band != ConfidenceBand.NOT_AN_OUTFIT,
        shared_at=func.coalesce(table.c.shared_at, func.now()),
        pending_question=None,
    )


async def unshare(connection: AsyncConnection, look_id: UUID) -> bool:
    """Take a look off the leaderboard; False if it does not exist."""
    return await update_where(connection, look_id, shared_at=None)


async def remove_from_board(connection: AsyncConnection, look_id: UUID) -> bool:
    """Take a look off the leaderboard for good and clear its image keys; False if it does not exist.

    The images must be deleted from the object storage before.
    """
    return await update_where(
        connection, look_id, removed_at=func.now(), shared_at=None, photo_key=None, heatmap_key=None
    )


async def delete(connection: AsyncConnection, look_id: UUID) -> None:
    """Delete a look with its hearts, bookmarks and reports; its images must be deleted before."""
    await connection.execute(delete_from(schema.looks).where(schema.looks.c.id == look_id))


async def update_where(
    connection: AsyncConnection, look_id: UUID, *conditions: ColumnElement[bool], **values: object
) -> bool:
    """Update columns of a look if the conditions hold; for the other repositories of looks.

    Args:
        connection: to execute on.
        look_id: the look.
        conditions: that must hold for it.
        values: by the names of the columns.

    Returns:
        Whether the look exists and the conditions held.
    """
    table = schema.looks
    updated = await connection.execute(update(table).where(table.c.id == look_id, *conditions).values(**values))
    return updated.rowcount == 1


def to_look(row: Row[tuple[object, ...]]) -> Look:
    """Convert a row with `LOOK_COLUMNS`; for the other repositories of looks."""
    cam = np.frombuffer(row.cam, np.uint8).reshape(-1, row.cam_columns).astype(np.float32) / np.float32(CAM_LEVELS)
    cam.setflags(write=False)
    attributes = json.loads(row.attributes) if isinstance(row.attributes, str) else row.attributes
    corrections = {} if row.item_corrections is None else parse_corrections(_decode(row.item_corrections))
    style, probabilities = Style(row.style), dict(zip(STYLES, row.probabilities, strict=True))
    return Look(
        id=row.id,
        person_id=row.person_id,
        style=style,
        confidence=probabilities[style],
        variant_seed=VariantSeed(str(row.person_id), row.turn),
        channel=Channel(row.channel),
        source_message_id=row.source_message_id,
        photo_key=row.photo_key if row.has_images else None,
        heatmap_key=row.heatmap_key if row.has_images else None,
        images_end_at=row.images_end_at,
        width=row.width,
        height=row.height,
        perceptual_hash=row.perceptual_hash,
        verdict=Verdict(
            style=style,
            runner_up=max((other for other in STYLES if other is not style), key=probabilities.__getitem__),
            probabilities=probabilities,
            outfit_probability=row.outfit_probability,
            band=ConfidenceBand(row.band),
            refusal=None if row.refusal is None else Refusal(row.refusal),
            cam=cam,
            region=EvidenceRegion(
                vertical=VerticalPart(row.region_height),
                horizontal=HorizontalPart(row.region_side),
                concentration=row.concentration,
            ),
            model=row.model,
            engine=row.engine,
            attributes=None if attributes is None else Attributes.from_dict(attributes, corrections.values()),
        ),
        language=Language(row.language),
        guessed_style=Style(row.guessed_style) if row.guessed_style else None,
        corrected_style=Style(row.corrected_style) if row.corrected_style else None,
        item_corrections=corrections,
        told_colors={} if row.told_colors is None else parse_told_colors(_decode(row.told_colors)),
        pending_question=PendingQuestion(row.pending_question) if row.pending_question and row.has_images else None,
        hearts=row.hearts,
        created_at=row.created_at,
        images_stored_at=row.images_stored_at,
        shared_at=row.shared_at,
        removed_at=row.removed_at,
        suspended_at=row.suspended_at,
        is_public=row.is_public,
        things=tuple(row.things),
        report_count=row.report_count,
    )


def _decode(stored: str | dict[str, Any]) -> dict[str, Any]:
    """A JSON object: text from a compiled statement, a dictionary from SQLAlchemy."""
    return dict(json.loads(stored)) if isinstance(stored, str) else stored


SELECT_BY_ID = CompiledStatement(select(*LOOK_COLUMNS).where(schema.looks.c.id == bindparam("look_id")))
SELECT_BY_SOURCE = CompiledStatement(
    select(*LOOK_COLUMNS).where(
        schema.looks.c.person_id == bindparam("person_id"),
        schema.looks.c.source_message_id == bindparam("source_message_id"),
    )
)
