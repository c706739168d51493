"""Which looks have images in the object storage, and whose time is over.

See ADR 0008.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import Text, Uuid, bindparam, func, null, or_, select, update
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
    are_stored: bool
    """Whether both were stored; if not, a process may store them just now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicImages:
    """The keys of the images of a look on the leaderboard."""

    photo_key: str
    heatmap_key: str
    language: Language
    """Of the tags on the heatmap."""


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


async def list_stored(connection: AsyncConnection) -> list[ImageKeys]:
    """The keys of all images that were stored."""
    table = schema.looks
    is_stored = table.c.photo_key.is_not(None), table.c.images_stored_at.is_not(None)
    return [ImageKeys(**row._mapping) for row in await connection.execute(_SELECT_KEYS.where(*is_stored))]


async def lock_image_keys(
    connection: AsyncConnection, *, look_id: UUID | None = None, person_id: UUID | None = None
) -> list[ImageKeys]:
    """The keys of the images of a look or a person; the looks that have any are locked until the transaction ends."""
    table = schema.looks
    is_owned = table.c.id == look_id if look_id is not None else table.c.person_id == person_id
    statement = _SELECT_KEYS.where(is_owned, table.c.photo_key.is_not(None)).with_for_update()
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


_SELECT_KEYS = select(
    schema.looks.c.id.label("look_id"),
    schema.looks.c.photo_key,
    schema.looks.c.heatmap_key,
    schema.looks.c.images_stored_at.is_not(None).label("are_stored"),
)
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
