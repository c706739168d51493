"""Photos that people submit: what decides whether one is judged, the look that it becomes, and the count of a day.

See ADR 0008.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np
from sqlalchemy import (
    Integer,
    LargeBinary,
    Text,
    Uuid,
    bindparam,
    case,
    cast,
    delete,
    func,
    literal,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import schema
from core.db.database import CompiledStatement
from core.db.look_summaries import HAS_IMAGES, LOOK_COLUMNS
from core.db.looks import CAM_LEVELS, Look, get_by_source, to_look
from core.db.schema import Channel, PendingQuestion
from core.errors import PersonNotFoundError
from core.i18n.translations import Language
from core.styles import STYLES
from core.vision.verdict import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionState:
    """What is known of a person's photos before another one is judged."""

    existing_look_id: UUID | None
    """The look of the same message, if an earlier attempt created one."""
    recent_hashes: tuple[tuple[UUID, bytes], ...]
    """Ids and perceptual hashes of the latest looks with images that the same model judged."""
    counted_on: int | None
    """The day on which the photo was counted for the limit of a day, see `uncount_photo`. None if it was not: the limit
    is reached, there is none, or the look exists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookInsert:
    """The values of a new look."""

    id: UUID
    person_id: UUID
    channel: Channel
    source_message_id: str
    """Identifies the photo within its channel; a person has one look for each, however often it is judged."""
    photo_key: str
    """Key of the JPEG in the object storage."""
    heatmap_key: str
    """Key of the JPEG with the heatmap."""
    width: int
    """Of both images, in pixels."""
    height: int
    private_photo_ttl: timedelta
    """How long the images are kept while the look is private; the promise to this person, whatever is set later."""
    perceptual_hash: bytes
    """80 bytes, see `core.vision.perceptual_hash`."""
    verdict: Verdict
    language: Language
    """The language of the reply."""


async def record_submission(
    connection: AsyncConnection,
    person_id: UUID,
    source_message_id: str,
    *,
    model: str,
    limit: int,
    daily_limit: int | None = None,
) -> SubmissionState:
    """Count a photo, and return everything that decides whether it is judged, in one statement.

    It counts before it is judged, so that photos at the same time cannot pass the limit together, and apart from the
    looks, so that deleting some gives none back.

    Args:
        connection: to execute on.
        person_id: who submits the photo.
        source_message_id: identifies the photo within its channel.
        model: version of the model.
        limit: number of recent hashes, at most.
        daily_limit: photos of the person that are judged a day, which begins at midnight in Seoul; None for any number.
    """
    (row,) = await RECORD_SUBMISSION.fetch(
        connection,
        person_id=person_id,
        source_message_id=source_message_id,
        model=model,
        limit=limit,
        daily_limit=daily_limit,
    )
    return SubmissionState(
        existing_look_id=row.existing_look_id,
        recent_hashes=tuple(zip(row.recent_ids or (), row.recent_hashes or (), strict=True)),
        counted_on=row.counted_on,
    )


async def create(connection: AsyncConnection, look: LookInsert) -> Look:
    """Insert a look; if the person has one from this message already, that one is returned unchanged.

    If its owner wants to guess first, the look waits for the guess.

    Raises:
        PersonNotFoundError: the person was deleted.
    """
    verdict = look.verdict
    cam = np.rint(verdict.cam * CAM_LEVELS).astype(np.uint8)
    embedding = None
    if verdict.embedding is not None:
        embedding = np.rint(verdict.embedding * (127 / np.abs(verdict.embedding).max()) + 128).astype(np.uint8)
    attributes = verdict.attributes
    values = {
        "id": look.id,
        "person_id": look.person_id,
        "channel": look.channel,
        "source_message_id": look.source_message_id,
        "photo_key": look.photo_key,
        "heatmap_key": look.heatmap_key,
        "width": look.width,
        "height": look.height,
        "private_photo_ttl": look.private_photo_ttl,
        "perceptual_hash": look.perceptual_hash,
        "style": verdict.style,
        "probabilities": [verdict.probabilities[style] for style in STYLES],
        "outfit_probability": verdict.outfit_probability,
        "band": verdict.band,
        "refusal": verdict.refusal,
        "region_height": verdict.region.vertical,
        "region_side": verdict.region.horizontal,
        "concentration": verdict.region.concentration,
        "cam": cam.tobytes(),
        "cam_columns": cam.shape[1],
        "attributes": None if attributes is None else json.dumps(attributes.to_dict()),
        "things": [] if attributes is None else list(attributes.things),
        "filters": [] if attributes is None else attributes.filter_codes,
        "embedding": None if embedding is None else embedding.tobytes(),
        "model": verdict.model,
        "engine": verdict.engine,
        "language": look.language,
    }
    rows = await INSERT.fetch(connection, **values)
    if rows:
        return to_look(rows[0])
    existing = await get_by_source(connection, look.person_id, look.source_message_id)
    if existing is None:
        raise PersonNotFoundError
    return existing


async def mark_images_stored(connection: AsyncConnection, look_id: UUID) -> datetime | None:
    """Record that both images are in the object storage.

    Returns:
        When that was recorded first; None if the look was deleted or may not have images.
    """
    rows = await MARK_IMAGES_STORED.fetch(connection, look_id=look_id)
    return rows[0].images_stored_at if rows else None


async def uncount_photo(connection: AsyncConnection, person_id: UUID, day: int) -> None:
    """Take back that a photo was counted on a day, because it was not judged.

    No counter of zero is left, also not of a person who was erased meanwhile.
    """
    table = schema.rate_limits
    is_counter = table.c.key == person_id.bytes, table.c.period == day
    deleted = await connection.execute(delete(table).where(*is_counter, table.c.count <= 1).returning(table.c.key))
    if deleted.first() is None:
        await connection.execute(update(table).where(*is_counter).values(count=table.c.count - 1))


async def move_photo_counts(connection: AsyncConnection, source: UUID, target: UUID) -> None:
    """Add the numbers of one person's photos a day to those of another one."""
    table = schema.rate_limits
    count = table.c["count"]
    moved = select(literal(target.bytes, LargeBinary), table.c.period, count, table.c.expires_at).where(
        table.c.key == source.bytes
    )
    statement = upsert(table).from_select(["key", "period", "count", "expires_at"], moved)
    both = count + statement.excluded["count"]
    await connection.execute(statement.on_conflict_do_update(index_elements=["key", "period"], set_={"count": both}))
    await delete_photo_counts(connection, source)


async def delete_photo_counts(connection: AsyncConnection, person_id: UUID) -> None:
    """Delete the numbers of a person's photos a day."""
    await connection.execute(delete(schema.rate_limits).where(schema.rate_limits.c.key == person_id.bytes))


_looks, _counters = schema.looks, schema.rate_limits
_is_own = _looks.c.person_id == bindparam("person_id", type_=Uuid)
_recent = (
    select(_looks.c.id, _looks.c.perceptual_hash, _looks.c.created_at)
    .where(_is_own, _looks.c.model == bindparam("model"), HAS_IMAGES, _looks.c.images_stored_at.is_not(None))
    .order_by(_looks.c.created_at.desc(), _looks.c.id.desc())
    .limit(bindparam("limit", type_=Integer))
    .cte("recent")
)
_newest_first = _recent.c.created_at.desc(), _recent.c.id.desc()
_existing = (
    select(_looks.c.id).where(_is_own, _looks.c.source_message_id == bindparam("source_message_id")).scalar_subquery()
)
_today = (
    select(func.count().label("looks")).where(_is_own, _looks.c.created_at >= schema.MIDNIGHT_IN_SEOUL).cte("today")
)
_daily_limit = bindparam("daily_limit", type_=Integer)
_first_of_day = upsert(_counters).from_select(
    ["key", "period", "count", "expires_at"],
    select(
        func.uuid_send(bindparam("person_id", type_=Uuid)),
        schema.TODAY_IN_SEOUL - literal_column("date '1970-01-01'"),
        _today.c.looks + 1,
        schema.MIDNIGHT_IN_SEOUL + literal_column("interval '1 day'"),
    ).where(_existing.is_(None), _today.c.looks < _daily_limit),
)
_counted = (
    _first_of_day.on_conflict_do_update(
        index_elements=["key", "period"],
        set_={"count": func.greatest(_counters.c.count + 1, _first_of_day.excluded.count)},
        where=_counters.c.count < _daily_limit,
    )
    .returning(_counters.c.period)
    .cte("counted")
)
"""At least the looks of today, which a merge brings along and a crash of the database leaves."""
RECORD_SUBMISSION = CompiledStatement(
    select(
        _existing.label("existing_look_id"),
        select(_counted.c.period).scalar_subquery().label("counted_on"),
        select(func.array_agg(aggregate_order_by(_recent.c.id, *_newest_first))).scalar_subquery().label("recent_ids"),
        select(func.array_agg(aggregate_order_by(_recent.c.perceptual_hash, *_newest_first)))
        .scalar_subquery()
        .label("recent_hashes"),
    )
)
GIVEN_COLUMNS = tuple(
    schema.looks.c[name]
    for name in (
        *("id", "channel", "source_message_id", "photo_key", "heatmap_key", "width", "height", "private_photo_ttl"),
        *("perceptual_hash", "style", "probabilities", "outfit_probability", "band", "refusal", "region_height"),
        *("region_side", "concentration", "cam", "cam_columns", "things", "filters", "embedding", "model", "engine"),
        "language",
    )
)
COMPUTED_COLUMNS = ("person_id", "turn", "attributes", "pending_question")
_earlier = schema.looks.alias()
_last_turn = (
    select(_earlier.c.turn)
    .where(_earlier.c.person_id == bindparam("person_id"))
    .order_by(_earlier.c.created_at.desc(), _earlier.c.id.desc())
    .limit(1)
    .scalar_subquery()
)
_new_look = (
    select(
        *(bindparam(column.name, type_=column.type) for column in GIVEN_COLUMNS),
        schema.people.c.id,
        func.coalesce(_last_turn, 0) + 1,
        cast(bindparam("attributes", type_=Text), JSONB),
        case((schema.people.c.guesses_first, PendingQuestion.GUESS.value)),
    )
    .where(schema.people.c.id == bindparam("person_id"))
    .with_for_update(read=True, key_share=True, of=schema.people)
)
INSERT = CompiledStatement(
    upsert(schema.looks)
    .from_select([*(column.name for column in GIVEN_COLUMNS), *COMPUTED_COLUMNS], _new_look)
    .on_conflict_do_nothing(index_elements=["person_id", "source_message_id"])
    .returning(*LOOK_COLUMNS)
)
"""Inserts nothing if the person does not exist, or has a look from this message."""
MARK_IMAGES_STORED = CompiledStatement(
    update(schema.looks)
    .where(schema.looks.c.id == bindparam("look_id", type_=Uuid), HAS_IMAGES)
    .values(images_stored_at=func.coalesce(schema.looks.c.images_stored_at, func.now()))
    .returning(schema.looks.c.images_stored_at)
)
