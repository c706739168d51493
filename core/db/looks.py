"""Looks: judged photos, from private to shared to gone."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import ColumnElement, Row, bindparam, case, func, literal, select, update
from sqlalchemy import delete as delete_from
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import schema
from core.db.compiled_statements import CompiledStatement
from core.db.errors import missing_person_as_error
from core.db.schema import Channel, PendingQuestion
from core.errors import PersonNotFoundError
from core.styles import STYLES, Style
from core.vision.cam import EvidenceRegion, HorizontalPart, VerticalPart
from core.vision.verdict import ConfidenceBand, Verdict, to_style_mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class LookSummary:
    """As much of a look as a page with many of them shows."""

    id: UUID
    person_id: UUID
    photo_key: str | None
    """None once the picture was deleted."""
    heatmap_key: str | None
    """None once the picture was deleted."""
    width: int
    height: int
    style: Style
    """In which Eva saw it."""
    confidence: float
    """How clearly, 0 to 1."""
    hearts: int
    shared_at: datetime | None
    removed_at: datetime | None
    """When it was taken off the board for good."""
    suspended_at: datetime | None
    """When it was taken off the board until a moderator has seen it."""

    @property
    def is_public(self) -> bool:
        """Whether everybody sees it."""
        return self.shared_at is not None and self.removed_at is None and self.suspended_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class LookInsert:
    """A photo that was just judged."""

    id: UUID
    person_id: UUID
    channel: Channel
    source_message_id: str
    """What the photo is to its channel; one source of a person is one look, however often it is judged."""
    photo_key: str
    """Where the photo lies in the storage, as JPEG."""
    heatmap_key: str
    """Where the heat picture lies."""
    width: int
    """Of the stored pictures, in px."""
    height: int
    perceptual_hash: bytes
    """Perceptual hash of the photo, see `core.vision.perceptual_hash`."""
    verdict: Verdict
    language: str
    """The language in which Eva answered, two letters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look(LookSummary):
    """A judged photo, as Eva remembers it."""

    channel: Channel
    source_message_id: str
    perceptual_hash: bytes
    verdict: Verdict
    """As it was then; its map has 256 levels."""
    language: str
    guessed_style: Style | None
    """What the person guessed before they heard the verdict."""
    corrected_style: Style | None
    """What the person says it really is."""
    pending_question: PendingQuestion | None
    """What Eva waits to hear about it; until a guess is heard or waived, she has not told the verdict."""
    created_at: datetime
    images_stored_at: datetime | None
    """When both pictures were in the storage; None only while, or if never, that came to its end."""
    report_count: int
    """How often it was reported since a moderator has seen it."""


async def create(connection: AsyncConnection, look: LookInsert) -> Look:
    """Remember a look; if there is one of this person and source already, that one comes back, unchanged.

    One whose owner wants to guess first waits for the guess.

    Raises:
        PersonNotFoundError: the person was forgotten.
    """
    verdict = look.verdict
    cam = np.rint(verdict.cam * 255).astype(np.uint8)
    values = {
        "id": look.id,
        "person_id": look.person_id,
        "channel": look.channel,
        "source_message_id": look.source_message_id,
        "photo_key": look.photo_key,
        "heatmap_key": look.heatmap_key,
        "width": look.width,
        "height": look.height,
        "perceptual_hash": look.perceptual_hash,
        "style": verdict.style,
        "probabilities": [verdict.probabilities[style] for style in STYLES],
        "outfit_probability": verdict.outfit_probability,
        "band": verdict.band,
        "region_height": verdict.region.vertical,
        "region_side": verdict.region.horizontal,
        "concentration": verdict.region.concentration,
        "cam": cam.tobytes(),
        "cam_columns": cam.shape[1],
        "model": verdict.model,
        "engine": verdict.engine,
        "language": look.language,
    }
    with missing_person_as_error(schema.looks):
        row = await INSERT.fetch_one(connection, **values)
    kept = to_look(row) if row is not None else await get_by_source(connection, look.person_id, look.source_message_id)
    if kept is None:
        raise PersonNotFoundError
    return kept


async def get(connection: AsyncConnection, look_id: UUID) -> Look | None:
    """A look, or None."""
    row = await SELECT_BY_ID.fetch_one(connection, look_id=look_id)
    return None if row is None else to_look(row)


async def get_by_source(connection: AsyncConnection, person_id: UUID, source_message_id: str) -> Look | None:
    """The look that a person's photo from this source became, or None."""
    row = await SELECT_BY_SOURCE.fetch_one(connection, person_id=person_id, source_message_id=source_message_id)
    return None if row is None else to_look(row)


async def lock(connection: AsyncConnection, look_id: UUID) -> Look | None:
    """A look that nobody else changes until the unit of work ends, or None."""
    row = (await connection.execute(select(schema.looks).where(schema.looks.c.id == look_id).with_for_update())).first()
    return None if row is None else to_look(row)


async def list_for_person(
    connection: AsyncConnection, person_id: UUID, *, limit: int, before: tuple[datetime, UUID] | None = None
) -> list[Look]:
    """A person's looks, the newest first.

    Args:
        connection: the unit of work.
        person_id: whose.
        limit: how many at most.
        before: (`created_at`, `id`) of the last one of the page before.
    """
    table = schema.looks
    found = select(table).where(table.c.person_id == person_id)
    if before is not None:
        found = found.where(func.row(table.c.created_at, table.c.id) < func.row(literal(before[0]), literal(before[1])))
    found = found.order_by(table.c.created_at.desc(), table.c.id.desc()).limit(limit)
    return [to_look(row) for row in await connection.execute(found)]


async def count_since(connection: AsyncConnection, person_id: UUID, since: datetime) -> int:
    """How many looks of a person came at this moment or later."""
    return int((await COUNT_SINCE.fetch_one(connection, person_id=person_id, moment=since)).looks)


async def count_styles(connection: AsyncConnection, person_id: UUID) -> dict[Style, int]:
    """How often Eva saw each style in a person's outfits, the most frequent first; styles never seen are left out."""
    table = schema.looks
    found = (
        select(table.c.style, func.count().label("times"))
        .where(table.c.person_id == person_id, table.c.band != ConfidenceBand.NOT_AN_OUTFIT)
        .group_by(table.c.style)
        .order_by(func.count().desc(), table.c.style)
    )
    return {Style(row.style): row.times for row in await connection.execute(found)}


async def share(connection: AsyncConnection, look_id: UUID) -> bool:
    """Put a look on the board; one that is there stays where it is.

    Returns:
        False if that is not possible: it is gone or hidden, has no pictures any more, shows no outfit, or its owner is
        banned.
    """
    table, people = schema.looks, schema.people
    # Locked, so that no ban overlooks it.
    owner = select(people.c.banned_at).join(table, table.c.person_id == people.c.id).where(table.c.id == look_id)
    banned = await connection.execute(owner.with_for_update(read=True, of=people))
    if banned.scalar_one_or_none() is not None:
        return False
    return await update_where(
        connection,
        look_id,
        table.c.images_stored_at.is_not(None),
        table.c.photo_key.is_not(None),
        table.c.removed_at.is_(None),
        table.c.band != ConfidenceBand.NOT_AN_OUTFIT,
        shared_at=func.coalesce(table.c.shared_at, func.now()),
        pending_question=None,
    )


async def unshare(connection: AsyncConnection, look_id: UUID) -> bool:
    """Take a look off the board; False if it is gone."""
    return await update_where(connection, look_id, shared_at=None)


async def remove_from_board(connection: AsyncConnection, look_id: UUID) -> bool:
    """Take a look off the board for good, with its pictures, which must be deleted first; False if it is gone."""
    return await update_where(
        connection, look_id, removed_at=func.now(), shared_at=None, photo_key=None, heatmap_key=None
    )


async def delete(connection: AsyncConnection, look_id: UUID) -> None:
    """Delete a look, its hearts, scraps and reports. Its pictures must be deleted first."""
    await connection.execute(delete_from(schema.looks).where(schema.looks.c.id == look_id))


async def update_where(
    connection: AsyncConnection, look_id: UUID, *conditions: ColumnElement[bool], **values: object
) -> bool:
    """Change columns of a look where the conditions hold; whether it is there and they did. For the repositories."""
    table = schema.looks
    changed = await connection.execute(update(table).where(table.c.id == look_id, *conditions).values(**values))
    return changed.rowcount == 1


INSERT_COLUMNS = (
    "channel",
    "source_message_id",
    "photo_key",
    "heatmap_key",
    "width",
    "height",
    "perceptual_hash",
    "style",
    "probabilities",
    "outfit_probability",
    "band",
    "region_height",
    "region_side",
    "concentration",
    "cam",
    "cam_columns",
    "model",
    "engine",
    "language",
)
"""The columns of a new look, but for its id and its owner's."""
INSERT = CompiledStatement(
    upsert(schema.looks)
    .values(
        **{each: bindparam(each) for each in ("id", "person_id", *INSERT_COLUMNS)},
        pending_question=select(case((schema.people.c.guesses_first, PendingQuestion.GUESS.value)))
        .where(schema.people.c.id == bindparam("person_id"))
        .scalar_subquery(),
    )
    .on_conflict_do_nothing(index_elements=["person_id", "source_message_id"])
    .returning(schema.looks)
)
SELECT_BY_ID = CompiledStatement(select(schema.looks).where(schema.looks.c.id == bindparam("look_id")))
SELECT_BY_SOURCE = CompiledStatement(
    select(schema.looks).where(
        schema.looks.c.person_id == bindparam("person_id"),
        schema.looks.c.source_message_id == bindparam("source_message_id"),
    )
)
COUNT_SINCE = CompiledStatement(
    select(func.count().label("looks")).where(
        schema.looks.c.person_id == bindparam("person_id"), schema.looks.c.created_at >= bindparam("moment")
    )
)


def to_look(row: Row[tuple[object, ...]]) -> Look:
    """A whole row of the table as a look; for the other repositories."""
    cam = np.frombuffer(row.cam, np.uint8).reshape(-1, row.cam_columns).astype(np.float32) / np.float32(255)
    cam.setflags(write=False)
    style = Style(row.style)
    return Look(
        id=row.id,
        person_id=row.person_id,
        style=style,
        confidence=row.probabilities[style.position],
        channel=Channel(row.channel),
        source_message_id=row.source_message_id,
        photo_key=row.photo_key,
        heatmap_key=row.heatmap_key,
        width=row.width,
        height=row.height,
        perceptual_hash=row.perceptual_hash,
        verdict=Verdict(
            style=style,
            probabilities=to_style_mapping(np.array(row.probabilities)),
            outfit_probability=row.outfit_probability,
            band=ConfidenceBand(row.band),
            cam=cam,
            region=EvidenceRegion(
                vertical=VerticalPart(row.region_height),
                horizontal=HorizontalPart(row.region_side),
                concentration=row.concentration,
            ),
            model=row.model,
            engine=row.engine,
        ),
        language=row.language,
        guessed_style=Style(row.guessed_style) if row.guessed_style else None,
        corrected_style=Style(row.corrected_style) if row.corrected_style else None,
        pending_question=PendingQuestion(row.pending_question) if row.pending_question else None,
        hearts=row.hearts,
        created_at=row.created_at,
        images_stored_at=row.images_stored_at,
        shared_at=row.shared_at,
        removed_at=row.removed_at,
        suspended_at=row.suspended_at,
        report_count=row.report_count,
    )


SUMMARY_COLUMNS = tuple(
    schema.looks.c[name]
    for name in (
        "id",
        "person_id",
        "photo_key",
        "heatmap_key",
        "width",
        "height",
        "style",
        "probabilities",
        "hearts",
        "shared_at",
        "removed_at",
        "suspended_at",
    )
)
"""The columns of a `Glimpse`."""


def to_summary(row: Iterable[Any]) -> LookSummary:
    """A row that begins with the columns `GLIMPSE`; for the other repositories."""
    look_id, person_id, photo_key, cam_key, width, height, style, shares, hearts, shared, hidden, held, *_ = row
    style = Style(style)
    return LookSummary(
        id=look_id,
        person_id=person_id,
        photo_key=photo_key,
        heatmap_key=cam_key,
        width=width,
        height=height,
        style=style,
        confidence=shares[style.position],
        hearts=hearts,
        shared_at=shared,
        removed_at=hidden,
        suspended_at=held,
    )
