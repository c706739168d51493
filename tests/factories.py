"""People, looks, photos and verdicts for tests."""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from core.db import looks, people, reactions, schema, submissions
from core.db.looks import Look
from core.db.people import Person
from core.db.relations import Relation, list_people
from core.db.schema import Channel, IdentityProvider
from core.i18n.translations import Language, VariantSeed
from core.images.decoding import decode_photo
from core.object_storage import generate_key
from core.resources import Resources
from core.services.deletion import remove_from_board
from core.styles import STYLES, Style
from core.vision.attributes import Attribute
from core.vision.classifier import StyleClassifier
from core.vision.fake_backend import FAKE_ATTRIBUTES_CARD, FAKE_MODEL_CARD, FakeBackend, add_attributes, make_outputs
from core.vision.verdict import ConfidenceBand, EvidenceRegion, HorizontalPart, Refusal, Verdict, VerticalPart
from tests.images import encode_image, make_scene


@cache
def classify_scripted(style: Style = Style.STREET, **outputs: Any) -> Verdict:
    """The verdict of a model that finds this style."""
    with StyleClassifier(FakeBackend([make_outputs(style, **outputs)]), FAKE_MODEL_CARD) as classifier:
        return classifier.classify(decode_photo(encode_image(make_scene(96, 128))))


def classify_with_attributes(
    style: Style = Style.STREET,
    things: Mapping[Attribute, float] | None = None,
    *,
    peaks: Mapping[Attribute, tuple[float, float]] | None = None,
    **outputs: Any,
) -> Verdict:
    """The verdict of a model that finds this style and these items and colors."""
    scripted = add_attributes(make_outputs(style, **outputs), things or {}, peaks=peaks)
    with StyleClassifier(FakeBackend([scripted]), FAKE_ATTRIBUTES_CARD) as classifier:
        return classifier.classify(decode_photo(encode_image(make_scene(96, 128))))


def make_classifier(style: Style = Style.STREET, **outputs: Any) -> StyleClassifier:
    """A classifier that finds this style in every photo."""
    return StyleClassifier(FakeBackend(lambda _: make_outputs(style, **outputs)), FAKE_MODEL_CARD)


@lru_cache(maxsize=256)
def make_photo(seed: int = 0, *, quality: int = 90) -> bytes:
    """A JPEG of 300 x 400 px, different for each seed."""
    return encode_image(make_scene(300, 400, seed=seed), quality=quality)


async def create_person(connection: AsyncConnection, provider: IdentityProvider = IdentityProvider.TELEGRAM) -> Person:
    """Create a person with one identity."""
    return await people.get_or_create_by_identity(connection, provider, secrets.token_hex(8), language=Language.KO)


async def create_look(
    connection: AsyncConnection, person_id: UUID, *, verdict: Verdict | None = None, stored: bool = True, **more: Any
) -> Look:
    """Create a look of a person, marked as stored unless `stored` is false; `more` are columns."""
    columns: dict[str, Any] = {
        "id": uuid7(),
        "person_id": person_id,
        "channel": Channel.TELEGRAM,
        "source_message_id": secrets.token_hex(8),
        "photo_key": generate_key(),
        "heatmap_key": generate_key(),
        "width": 300,
        "height": 400,
        "private_photo_ttl": timedelta(hours=24),
        "perceptual_hash": secrets.token_bytes(80),
        "verdict": verdict or classify_scripted(),
        "language": "ko",
    }
    look = await submissions.create(connection, submissions.LookInsert(**columns | more))
    if stored:
        await submissions.mark_images_stored(connection, look.id)
    created = await looks.get(connection, look.id)
    assert created is not None
    return created


async def mark_update_failed(connection: AsyncConnection, *inbox_ids: int) -> None:
    """Mark updates as given up, as `core.db.queued_updates` does after several attempts."""
    table = schema.inbox
    await connection.execute(update(table).where(table.c.id.in_(inbox_ids)).values(failed_at=func.now()))


async def store_images(resources: Resources, look: Look) -> Look:
    """Put the images of a look into the storage."""
    assert look.photo_key is not None
    assert look.heatmap_key is not None
    await resources.storage.put(look.photo_key, b"photo")
    await resources.storage.put(look.heatmap_key, b"cam")
    return look


async def end_images(resources: Resources, look: Look, ago: timedelta) -> None:
    """Let the time of a look's images be over since this long."""
    table = schema.looks
    created_at = func.now() - (look.images_end_at - look.created_at) - ago
    async with resources.database.transaction() as connection:
        await connection.execute(update(table).where(table.c.id == look.id).values(created_at=created_at))


def count_stored_files(storage_folder: Path) -> int:
    """The files in the folder of the image storage."""
    return sum(path.is_file() for path in storage_folder.rglob("*"))


async def count_people(resources: Resources) -> int:
    """The people in the database."""
    async with resources.database.transaction() as connection:
        return (await connection.execute(select(func.count()).select_from(schema.people))).scalar_one()


async def remove_look(resources: Resources, look_id: UUID) -> bool:
    """Remove a look as moderators do; False if it does not exist."""
    async with resources.database.transaction() as connection:
        look = await looks.lock(connection, look_id)
        return look is not None and await remove_from_board(resources, connection, look)


async def bookmarked_look_ids(connection: AsyncConnection, person_id: UUID) -> set[UUID]:
    """The public looks that a person bookmarked, at most 20."""
    return {bookmark.entry.look.id for bookmark in await reactions.list_bookmarks(connection, person_id, limit=20)}


async def followed_person_ids(connection: AsyncConnection, person_id: UUID) -> set[UUID]:
    """The people that a person follows, at most 20."""
    return {listed.person.id for listed in await list_people(connection, Relation.FOLLOWED, person_id, limit=20)}


async def hearted_look_ids(connection: AsyncConnection, person_id: UUID) -> set[UUID]:
    """The looks to which a person gave a heart."""
    query = select(schema.hearts.c.look_id).where(schema.hearts.c.person_id == person_id)
    return set((await connection.execute(query)).scalars())


def make_verdict(
    band: ConfidenceBand = ConfidenceBand.CLEAR,
    style: Style = Style.STREET,
    second: Style = Style.CASUAL,
    *,
    first: float | None = None,
    runner_up: float | None = None,
    height: VerticalPart = VerticalPart.UPPER,
    side: HorizontalPart = HorizontalPart.BOTH,
    concentration: float = 0.6,
    cold: bool = False,
    refusal: Refusal | None = None,
) -> Verdict:
    is_ambiguous = band is ConfidenceBand.AMBIGUOUS
    first = (0.38 if is_ambiguous else 0.7) if first is None else first
    runner_up = (0.35 if is_ambiguous else 0.2) if runner_up is None else runner_up
    rest = (1 - first - runner_up) / 6
    probabilities = {key: first if key is style else runner_up if key is second else rest for key in STYLES}
    return Verdict(
        style=style,
        runner_up=max((other for other in STYLES if other is not style), key=probabilities.__getitem__),
        probabilities=probabilities,
        outfit_probability=0.1 if band is ConfidenceBand.NOT_AN_OUTFIT else 0.97,
        band=band,
        cam=np.zeros((16, 16), np.float32) if cold else np.eye(16, dtype=np.float32),
        region=EvidenceRegion(vertical=height, horizontal=side, concentration=concentration),
        model="vgg16-00000000",
        engine="scripted",
        refusal=refusal,
    )


def make_look(look_id: UUID, verdict: Verdict | None = None) -> Look:
    """A private look with images that is stored nowhere."""
    verdict = verdict or make_verdict()
    now = datetime.now(UTC)
    return Look(
        id=look_id,
        person_id=uuid7(),
        photo_key=generate_key(),
        heatmap_key=generate_key(),
        images_end_at=now + timedelta(days=1),
        width=300,
        height=400,
        style=verdict.style,
        confidence=verdict.confidence,
        hearts=0,
        shared_at=None,
        removed_at=None,
        suspended_at=None,
        is_public=False,
        things=(),
        variant_seed=VariantSeed("somebody"),
        channel=Channel.TELEGRAM,
        source_message_id="42:1",
        perceptual_hash=bytes(80),
        verdict=verdict,
        language=Language.KO,
        guessed_style=None,
        corrected_style=None,
        item_corrections={},
        told_colors={},
        pending_question=None,
        created_at=now,
        images_stored_at=now,
        report_count=0,
    )


async def create_similar_look(resources: Resources, look_id: UUID, name: str) -> Look:
    """A public look of another person, who has this name, that resembles a look."""
    embedding = np.eye(1, 128, dtype=np.float32)[0]
    async with resources.database.transaction() as connection:
        person = await create_person(connection)
        await people.update_display_name(connection, person.id, name)
        verdict = replace(classify_scripted(), embedding=embedding)
        other = await store_images(resources, await create_look(connection, person.id, verdict=verdict))
        assert await looks.share(connection, other.id)
        table = schema.looks
        same = select(table.c.embedding).where(table.c.id == other.id).scalar_subquery()
        await connection.execute(update(table).where(table.c.id == look_id).values(embedding=same))
    return other
