"""Looks: judged photos, from private to shared to gone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import bindparam, case, func, literal, select, update
from sqlalchemy import delete as delete_from
from sqlalchemy.dialects.postgresql import insert as upsert

from core.db import tables
from core.db.direct import Statement
from core.db.errors import missing_person_as_error
from core.db.tables import Asked, Channel
from core.errors import PersonGone
from core.styles import STYLES, Style
from core.vision.region import Height, Region, Side
from core.vision.verdict import Band, Verdict, by_style

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import ColumnElement, Row
    from sqlalchemy.ext.asyncio import AsyncConnection


__all__ = [
    "GLIMPSE",
    "Glimpse",
    "Look",
    "NewLook",
    "add",
    "as_glimpse",
    "as_look",
    "by_source",
    "change",
    "count_since",
    "delete",
    "get",
    "hide",
    "lock",
    "of_person",
    "share",
    "styles_of",
    "unshare",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Glimpse:
    """As much of a look as a page with many of them shows."""

    id: UUID
    person_id: UUID
    photo_key: str | None
    """None once the picture was deleted."""
    cam_key: str | None
    """None once the picture was deleted."""
    width: int
    height: int
    style: Style
    """In which Eva saw it."""
    confidence: float
    """How clearly, 0 to 1."""
    hearts: int
    shared_at: datetime | None
    hidden_at: datetime | None
    """When it was taken off the board for good."""
    held_at: datetime | None
    """When it was taken off the board until a moderator has seen it."""

    @property
    def on_board(self) -> bool:
        """Whether everybody sees it."""
        return self.shared_at is not None and self.hidden_at is None and self.held_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLook:
    """A photo that was just judged."""

    id: UUID
    person_id: UUID
    channel: Channel
    source: str
    """What the photo is to its channel; one source of a person is one look, however often it is judged."""
    photo_key: str
    """Where the photo lies in the storage, as JPEG."""
    cam_key: str
    """Where the heat picture lies."""
    width: int
    """Of the stored pictures, in px."""
    height: int
    fingerprint: bytes
    """Perceptual hash of the photo, see `core.vision.fingerprint`."""
    verdict: Verdict
    language: str
    """The language in which Eva answered, two letters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look(Glimpse):
    """A judged photo, as Eva remembers it."""

    channel: Channel
    source: str
    fingerprint: bytes
    verdict: Verdict
    """As it was then; its map has 256 levels."""
    language: str
    guessed_style: Style | None
    """What the person guessed before they heard the verdict."""
    corrected_style: Style | None
    """What the person says it really is."""
    asked: Asked | None
    """What Eva waits to hear about it; until a guess is heard or waived, she has not told the verdict."""
    created_at: datetime
    stored_at: datetime | None
    """When both pictures were in the storage; None only while, or if never, that came to its end."""
    reports: int
    """How often it was reported since a moderator has seen it."""


async def add(connection: AsyncConnection, look: NewLook) -> Look:
    """Remember a look; if there is one of this person and source already, that one comes back, unchanged.

    One whose owner wants to guess first waits for the guess.

    Raises:
        PersonGone: the person was forgotten.
    """
    verdict = look.verdict
    cam = np.rint(verdict.cam * 255).astype(np.uint8)
    values = {
        "id": look.id,
        "person_id": look.person_id,
        "channel": look.channel,
        "source": look.source,
        "photo_key": look.photo_key,
        "cam_key": look.cam_key,
        "width": look.width,
        "height": look.height,
        "fingerprint": look.fingerprint,
        "style": verdict.style,
        "probabilities": [verdict.probabilities[style] for style in STYLES],
        "gate": verdict.outfit,
        "band": verdict.band,
        "region_height": verdict.region.height,
        "region_side": verdict.region.side,
        "concentration": verdict.region.concentration,
        "cam": cam.tobytes(),
        "cam_columns": cam.shape[1],
        "model": verdict.model,
        "engine": verdict.engine,
        "language": look.language,
    }
    with missing_person_as_error(tables.looks):
        row = await ADD.first(connection, **values)
    kept = as_look(row) if row is not None else await by_source(connection, look.person_id, look.source)
    if kept is None:
        raise PersonGone
    return kept


async def get(connection: AsyncConnection, look_id: UUID) -> Look | None:
    """A look, or None."""
    row = await ONE.first(connection, look_id=look_id)
    return None if row is None else as_look(row)


async def by_source(connection: AsyncConnection, person_id: UUID, source: str) -> Look | None:
    """The look that a person's photo from this source became, or None."""
    row = await BY_SOURCE.first(connection, person_id=person_id, source=source)
    return None if row is None else as_look(row)


async def lock(connection: AsyncConnection, look_id: UUID) -> Look | None:
    """A look that nobody else changes until the unit of work ends, or None."""
    row = (await connection.execute(select(tables.looks).where(tables.looks.c.id == look_id).with_for_update())).first()
    return None if row is None else as_look(row)


async def of_person(
    connection: AsyncConnection, person_id: UUID, *, limit: int, before: tuple[datetime, UUID] | None = None
) -> list[Look]:
    """A person's looks, the newest first.

    Args:
        connection: the unit of work.
        person_id: whose.
        limit: how many at most.
        before: (`created_at`, `id`) of the last one of the page before.
    """
    table = tables.looks
    found = select(table).where(table.c.person_id == person_id)
    if before is not None:
        found = found.where(func.row(table.c.created_at, table.c.id) < func.row(literal(before[0]), literal(before[1])))
    found = found.order_by(table.c.created_at.desc(), table.c.id.desc()).limit(limit)
    return [as_look(row) for row in await connection.execute(found)]


async def count_since(connection: AsyncConnection, person_id: UUID, moment: datetime) -> int:
    """How many looks of a person came at this moment or later."""
    return int((await SINCE.first(connection, person_id=person_id, moment=moment)).looks)


async def styles_of(connection: AsyncConnection, person_id: UUID) -> dict[Style, int]:
    """How often Eva saw each style in a person's outfits, the most frequent first; styles never seen are left out."""
    table = tables.looks
    found = (
        select(table.c.style, func.count().label("times"))
        .where(table.c.person_id == person_id, table.c.band != Band.NOT_AN_OUTFIT)
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
    table, people = tables.looks, tables.people
    # Locked, so that no ban overlooks it.
    owner = select(people.c.banned_at).join(table, table.c.person_id == people.c.id).where(table.c.id == look_id)
    banned = await connection.execute(owner.with_for_update(read=True, of=people))
    if banned.scalar_one_or_none() is not None:
        return False
    return await change(
        connection,
        look_id,
        table.c.stored_at.is_not(None),
        table.c.photo_key.is_not(None),
        table.c.hidden_at.is_(None),
        table.c.band != Band.NOT_AN_OUTFIT,
        shared_at=func.coalesce(table.c.shared_at, func.now()),
        asked=None,
    )


async def unshare(connection: AsyncConnection, look_id: UUID) -> bool:
    """Take a look off the board; False if it is gone."""
    return await change(connection, look_id, shared_at=None)


async def hide(connection: AsyncConnection, look_id: UUID) -> bool:
    """Take a look off the board for good, with its pictures, which must be deleted first; False if it is gone."""
    return await change(connection, look_id, hidden_at=func.now(), shared_at=None, photo_key=None, cam_key=None)


async def delete(connection: AsyncConnection, look_id: UUID) -> None:
    """Delete a look, its hearts, scraps and reports. Its pictures must be deleted first."""
    await connection.execute(delete_from(tables.looks).where(tables.looks.c.id == look_id))


async def change(
    connection: AsyncConnection, look_id: UUID, *conditions: ColumnElement[bool], **values: object
) -> bool:
    """Change columns of a look where the conditions hold; whether it is there and they did. For the repositories."""
    table = tables.looks
    changed = await connection.execute(update(table).where(table.c.id == look_id, *conditions).values(**values))
    return changed.rowcount == 1


NEW = (
    "channel",
    "source",
    "photo_key",
    "cam_key",
    "width",
    "height",
    "fingerprint",
    "style",
    "probabilities",
    "gate",
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
ADD = Statement(
    upsert(tables.looks)
    .values(
        **{each: bindparam(each) for each in ("id", "person_id", *NEW)},
        asked=select(case((tables.people.c.guesses_first, Asked.GUESS.value)))
        .where(tables.people.c.id == bindparam("person_id"))
        .scalar_subquery(),
    )
    .on_conflict_do_nothing(index_elements=["person_id", "source"])
    .returning(tables.looks)
)
ONE = Statement(select(tables.looks).where(tables.looks.c.id == bindparam("look_id")))
BY_SOURCE = Statement(
    select(tables.looks).where(
        tables.looks.c.person_id == bindparam("person_id"), tables.looks.c.source == bindparam("source")
    )
)
SINCE = Statement(
    select(func.count().label("looks")).where(
        tables.looks.c.person_id == bindparam("person_id"), tables.looks.c.created_at >= bindparam("moment")
    )
)


def as_look(row: Row[tuple[object, ...]]) -> Look:
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
        source=row.source,
        photo_key=row.photo_key,
        cam_key=row.cam_key,
        width=row.width,
        height=row.height,
        fingerprint=row.fingerprint,
        verdict=Verdict(
            style=style,
            probabilities=by_style(np.array(row.probabilities)),
            outfit=row.gate,
            band=Band(row.band),
            cam=cam,
            region=Region(
                height=Height(row.region_height), side=Side(row.region_side), concentration=row.concentration
            ),
            model=row.model,
            engine=row.engine,
        ),
        language=row.language,
        guessed_style=Style(row.guessed_style) if row.guessed_style else None,
        corrected_style=Style(row.corrected_style) if row.corrected_style else None,
        asked=Asked(row.asked) if row.asked else None,
        hearts=row.hearts,
        created_at=row.created_at,
        stored_at=row.stored_at,
        shared_at=row.shared_at,
        hidden_at=row.hidden_at,
        held_at=row.held_at,
        reports=row.reports,
    )


GLIMPSE = tuple(
    tables.looks.c[name]
    for name in (
        "id",
        "person_id",
        "photo_key",
        "cam_key",
        "width",
        "height",
        "style",
        "probabilities",
        "hearts",
        "shared_at",
        "hidden_at",
        "held_at",
    )
)
"""The columns of a `Glimpse`."""


def as_glimpse(row: Iterable[Any]) -> Glimpse:
    """A row that begins with the columns `GLIMPSE`; for the other repositories."""
    look_id, person_id, photo_key, cam_key, width, height, style, shares, hearts, shared, hidden, held, *_ = row
    style = Style(style)
    return Glimpse(
        id=look_id,
        person_id=person_id,
        photo_key=photo_key,
        cam_key=cam_key,
        width=width,
        height=height,
        style=style,
        confidence=shares[style.position],
        hearts=hearts,
        shared_at=shared,
        hidden_at=hidden,
        held_at=held,
    )
