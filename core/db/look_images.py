"""Which looks have images in the object storage, and which photos a person submitted lately.

See ADR 0008.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Integer,
    LargeBinary,
    Text,
    Uuid,
    bindparam,
    delete,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import schema
from core.db.database import CompiledStatement
from core.db.look_summaries import HAS_IMAGES
from core.i18n.translations import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageKeys:
    """The keys of a look's images in the object storage, also of those whose time is over."""

    look_id: UUID
    photo_key: str
    heatmap_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicImages:
    """The keys of the images of a look on the leaderboard."""

    photo_key: str
    heatmap_key: str
    language: Language
    """Of the tags on the heatmap."""


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


async def get_submission_state(
    connection: AsyncConnection,
    person_id: UUID,
    source_message_id: str,
    *,
    model: str,
    limit: int,
    daily_limit: int | None = None,
) -> SubmissionState:
    """Everything that decides whether a photo is judged, in one statement, which also counts the photo.

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
    (row,) = await SELECT_SUBMISSION_STATE.fetch(
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


async def mark_images_stored(connection: AsyncConnection, look_id: UUID) -> datetime | None:
    """Record that both images are in the object storage.

    Returns:
        When that was recorded first; None if the look was deleted or may not have images.
    """
    rows = await MARK_IMAGES_STORED.fetch(connection, look_id=look_id)
    return rows[0].images_stored_at if rows else None


async def lock_with_photo(connection: AsyncConnection, look_id: UUID, photo_key: str) -> bool:
    """Whether a look still has this photo; it cannot lose it until the transaction ends."""
    table = schema.looks
    statement = select(table.c.id).where(table.c.id == look_id, table.c.photo_key == photo_key, HAS_IMAGES)
    return (await connection.execute(statement.with_for_update(read=True))).first() is not None


async def is_available(connection: AsyncConnection, key: str) -> bool:
    """Whether this is the photo or the heatmap of a look, and its time is not over."""
    return bool(await SELECT_AVAILABLE.fetch(connection, key=key))


async def has_photo(connection: AsyncConnection, look_id: UUID, photo_key: str) -> bool:
    """Whether this is the photo of the look, and its time is not over."""
    return bool(await SELECT_PHOTO.fetch(connection, look_id=look_id, key=photo_key))


async def get_public(connection: AsyncConnection, look_id: UUID) -> PublicImages | None:
    """The images of a look on the leaderboard, which has both; None if it is not there."""
    rows = await SELECT_PUBLIC.fetch(connection, look_id=look_id)
    if not rows:
        return None
    row = rows[0]
    return PublicImages(photo_key=row.photo_key, heatmap_key=row.heatmap_key, language=Language(row.language))


async def lock_image_keys(connection: AsyncConnection, look_id: UUID) -> list[ImageKeys]:
    """The keys of a look's images, none if it has none; the look is locked until the transaction ends."""
    return await _lock_image_keys(connection, schema.looks.c.id == look_id)


async def lock_image_keys_of_person(connection: AsyncConnection, person_id: UUID) -> list[ImageKeys]:
    """The keys of all images of a person, with their looks locked until the transaction ends."""
    return await _lock_image_keys(connection, schema.looks.c.person_id == person_id)


async def _lock_image_keys(connection: AsyncConnection, condition: ColumnElement[bool]) -> list[ImageKeys]:
    table = schema.looks
    statement = _SELECT_KEYS.where(condition, table.c.photo_key.is_not(None)).with_for_update()
    return [ImageKeys(**row._mapping) for row in await connection.execute(statement)]


async def lock_expired(
    connection: AsyncConnection, *, limit: int, skipped_ids: Collection[UUID] = ()
) -> list[ImageKeys]:
    """The keys of images whose time is over, the oldest first.

    Their looks are locked until the transaction ends; looks that another transaction has locked are left out.

    Args:
        connection: in a transaction.
        limit: number of looks, at most.
        skipped_ids: further looks that are left out.
    """
    statement = (
        _SELECT_KEYS.where(*_IS_EXPIRED, schema.looks.c.id.not_in(skipped_ids))
        .order_by(schema.looks.c.images_end_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [ImageKeys(**row._mapping) for row in await connection.execute(statement)]


async def get_longest_overdue(connection: AsyncConnection) -> timedelta:
    """How long ago the time of an image that still exists was over, the longest such; zero if there is none."""
    oldest = (await connection.execute(select(func.min(schema.looks.c.images_end_at)).where(*_IS_EXPIRED))).scalar_one()
    return timedelta(0) if oldest is None else max(timedelta(0), datetime.now(UTC) - oldest)


async def clear_image_keys(connection: AsyncConnection, look_ids: Sequence[UUID]) -> None:
    """Record that the images of these looks were deleted; their pending questions are dropped."""
    table = schema.looks
    cleared = {"photo_key": null(), "heatmap_key": null(), "pending_question": null()}
    await connection.execute(update(table).where(table.c.id.in_(look_ids)).values(cleared))


_SELECT_KEYS = select(schema.looks.c.id.label("look_id"), schema.looks.c.photo_key, schema.looks.c.heatmap_key)
_IS_EXPIRED = (
    schema.looks.c.shared_at.is_(None),
    schema.looks.c.photo_key.is_not(None),
    schema.looks.c.images_end_at <= func.now(),
)
_KEY = bindparam("key", type_=Text)
SELECT_AVAILABLE = CompiledStatement(
    select(schema.looks.c.id).where(
        or_(schema.looks.c.photo_key == _KEY, schema.looks.c.heatmap_key == _KEY), HAS_IMAGES
    )
)
SELECT_PUBLIC = CompiledStatement(
    select(schema.looks.c.photo_key, schema.looks.c.heatmap_key, schema.looks.c.language).where(
        schema.looks.c.id == bindparam("look_id", type_=Uuid), schema.looks.c.is_public
    )
)
SELECT_PHOTO = CompiledStatement(
    select(schema.looks.c.id).where(
        schema.looks.c.id == bindparam("look_id", type_=Uuid), schema.looks.c.photo_key == _KEY, HAS_IMAGES
    )
)
_RECENT = (
    select(schema.looks.c.id, schema.looks.c.perceptual_hash, schema.looks.c.created_at)
    .where(
        schema.looks.c.person_id == bindparam("person_id", type_=Uuid),
        schema.looks.c.model == bindparam("model"),
        HAS_IMAGES,
        schema.looks.c.images_stored_at.is_not(None),
    )
    .order_by(schema.looks.c.created_at.desc(), schema.looks.c.id.desc())
    .limit(bindparam("limit", type_=Integer))
)
_recent = _RECENT.cte("recent")
_newest_first = _recent.c.created_at.desc(), _recent.c.id.desc()
_existing = (
    select(schema.looks.c.id)
    .where(
        schema.looks.c.person_id == bindparam("person_id", type_=Uuid),
        schema.looks.c.source_message_id == bindparam("source_message_id"),
    )
    .scalar_subquery()
)
_today = (
    select(func.count().label("looks"))
    .where(
        schema.looks.c.person_id == bindparam("person_id", type_=Uuid),
        schema.looks.c.created_at >= schema.MIDNIGHT_IN_SEOUL,
    )
    .cte("today")
)
_DAILY_LIMIT = bindparam("daily_limit", type_=Integer)
_upsert_counter = upsert(schema.rate_limits).from_select(
    ["key", "period", "count", "expires_at"],
    select(
        func.uuid_send(bindparam("person_id", type_=Uuid)),
        schema.TODAY_IN_SEOUL - literal_column("date '1970-01-01'"),
        _today.c.looks + 1,
        schema.MIDNIGHT_IN_SEOUL + literal_column("interval '1 day'"),
    ).where(
        _existing.is_(None),
        _today.c.looks < _DAILY_LIMIT,
    ),
)
_counted = (
    _upsert_counter.on_conflict_do_update(
        index_elements=["key", "period"],
        set_={"count": func.greatest(schema.rate_limits.c.count + 1, _upsert_counter.excluded.count)},
        where=schema.rate_limits.c.count < _DAILY_LIMIT,
    )
    .returning(schema.rate_limits.c.period)
    .cte("counted")
)
"""At least the looks of today, which a merge brings along and a crash of the database leaves."""
SELECT_SUBMISSION_STATE = CompiledStatement(
    select(
        _existing.label("existing_look_id"),
        select(_counted.c.period).scalar_subquery().label("counted_on"),
        select(func.array_agg(aggregate_order_by(_recent.c.id, *_newest_first))).scalar_subquery().label("recent_ids"),
        select(func.array_agg(aggregate_order_by(_recent.c.perceptual_hash, *_newest_first)))
        .scalar_subquery()
        .label("recent_hashes"),
    )
)
MARK_IMAGES_STORED = CompiledStatement(
    update(schema.looks)
    .where(schema.looks.c.id == bindparam("look_id", type_=Uuid), HAS_IMAGES)
    .values(images_stored_at=func.coalesce(schema.looks.c.images_stored_at, func.now()))
    .returning(schema.looks.c.images_stored_at)
)
