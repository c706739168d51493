"""Rows to begin with, for tests that need some."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from sqlalchemy import select

from core.db import follows, looks, people, pictures, scraps, tables
from core.db.tables import Channel, Provider
from core.ids import uuid7
from core.photos import read_photo
from core.retention import take_down
from core.storage import new_key
from core.styles import Style
from core.vision.classifier import StyleClassifier
from core.vision.scripted import SCRIPTED_CARD, ScriptedEngine, scripted_outputs
from tests.pictures import encode, scene

if TYPE_CHECKING:
    from typing import Any
    from uuid import UUID

    from sqlalchemy.ext.asyncio import AsyncConnection

    from core.db.looks import Look
    from core.db.people import Person
    from core.memory import Memory
    from core.vision.verdict import Verdict

__all__ = ["a_look", "a_person", "a_photo", "a_verdict", "hide_look", "with_pictures"]


def a_verdict(style: Style = Style.STREET, **outputs: Any) -> Verdict:
    """What an Eva who sees this style says."""
    with StyleClassifier(ScriptedEngine([scripted_outputs(style, **outputs)]), SCRIPTED_CARD) as classifier:
        return classifier.judge(read_photo(encode(scene(96, 128))))


def a_photo(seed: int = 0, *, quality: int = 90) -> bytes:
    """A JPEG; another one for every seed."""
    return encode(scene(300, 400, seed=seed), quality=quality)


async def a_person(connection: AsyncConnection, provider: Provider = Provider.TELEGRAM) -> Person:
    """Somebody new."""
    return await people.meet(connection, provider, secrets.token_hex(8), language="ko")


async def a_look(
    connection: AsyncConnection, person_id: UUID, *, verdict: Verdict | None = None, stored: bool = True, **more: Any
) -> Look:
    """A new look of somebody's, as if its pictures were stored."""
    new: dict[str, Any] = {
        "id": uuid7(),
        "person_id": person_id,
        "channel": Channel.TELEGRAM,
        "source": secrets.token_hex(8),
        "photo_key": new_key(),
        "cam_key": new_key(),
        "width": 300,
        "height": 400,
        "fingerprint": secrets.token_bytes(80),
        "verdict": verdict or a_verdict(),
        "language": "ko",
    }
    look = await looks.add(connection, looks.NewLook(**new | more))
    if stored:
        await pictures.mark_stored(connection, look.id)
    kept = await looks.get(connection, look.id)
    assert kept is not None
    return kept


async def with_pictures(memory: Memory, look: Look) -> Look:
    """The same look, and its pictures are there."""
    assert look.photo_key is not None
    assert look.cam_key is not None
    await memory.storage.put(look.photo_key, b"photo")
    await memory.storage.put(look.cam_key, b"cam")
    return look


async def hide_look(memory: Memory, look_id: UUID) -> bool:
    """Hide a look as moderators do, without any; False if there is no such look."""
    async with memory.database.begin() as connection:
        look = await looks.lock(connection, look_id)
        return look is not None and await take_down(memory, connection, look)


async def scraps_of(connection: AsyncConnection, person_id: UUID) -> set[UUID]:
    """The looks of the board that a person keeps, a few at most."""
    return {each.shared.look.id for each in await scraps.of_person(connection, person_id, limit=20)}


async def followed_by(connection: AsyncConnection, person_id: UUID) -> set[UUID]:
    """Whom a person follows, a few at most."""
    return {each.id for each in await follows.followed_by(connection, person_id, limit=20)}


async def hearts_of(connection: AsyncConnection, person_id: UUID) -> set[UUID]:
    """The looks that have a person's heart."""
    found = select(tables.hearts.c.look_id).where(tables.hearts.c.person_id == person_id)
    return set((await connection.execute(found)).scalars())
