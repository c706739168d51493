"""What lists and cards show of a look, and whether its images may be shown.

The images of a private look end at `images_end_at`. From then on a look is read as if they had been deleted, whether
or not they have been: `photo_key` and `heatmap_key` are None. The rule is `HAS_IMAGES`, and only the database applies
it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, or_

from core.db import schema
from core.styles import STYLES, Style


@dataclass(frozen=True, slots=True, kw_only=True)
class LookSummary:
    """The columns of a look that lists and cards show."""

    id: UUID
    person_id: UUID
    photo_key: str | None
    """Key in the object storage; None once the image was deleted, or its time is over."""
    heatmap_key: str | None
    """Key in the object storage; None once the image was deleted, or its time is over."""
    images_end_at: datetime
    """When the time of the images is over, if the look is private then."""
    width: int
    """Of both images, in pixels."""
    height: int
    style: Style
    """The most probable style."""
    confidence: float
    """Its probability, 0 to 1."""
    hearts: int
    shared_at: datetime | None
    removed_at: datetime | None
    """When a moderator removed it from the leaderboard for good."""
    suspended_at: datetime | None
    """When it was suspended until a moderator decides."""
    is_public: bool
    """Whether the look is on the leaderboard: shared, and neither removed nor suspended."""
    things: Sequence[str]
    """Keys of the items that were seen, the most probable first, and then of the colors."""

    @property
    def images_until(self) -> datetime | None:
        """When the images end as things are; None for a shared look, whose images stay."""
        return self.images_end_at if self.shared_at is None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaderboardEntry:
    """A public look with the name of its owner."""

    look: LookSummary
    owner_name: str | None
    """The display name; None if the owner chose none."""
    is_hearted: bool = False
    """Whether the viewer gave it a heart."""


HAS_IMAGES = schema.looks.c.photo_key.is_not(None) & or_(
    schema.looks.c.shared_at.is_not(None), schema.looks.c.images_end_at > func.now()
)
"""Whether a look has images, and their time is not over; for the other repositories of looks."""

SUMMARY_COLUMNS = (
    *(
        schema.looks.c[name]
        for name in (
            *("id", "person_id", "photo_key", "heatmap_key", "width", "height", "style", "probabilities", "hearts"),
            *("images_end_at", "shared_at", "removed_at", "suspended_at", "is_public", "things"),
        )
    ),
    HAS_IMAGES.label("has_images"),
)
"""The columns of a `LookSummary`, in the order of `to_summary`."""
LOOK_COLUMNS = (schema.looks, HAS_IMAGES.label("has_images"))
"""What `core.db.looks.to_look` needs: all columns of the table, and whether the images may be shown."""


def to_summary(row: Iterable[Any]) -> LookSummary:
    """Convert a row that begins with `SUMMARY_COLUMNS`; for the other repositories of looks."""
    look_id, person_id, photo_key, heatmap_key, width, height, style, probabilities, hearts, *more = row
    images_end_at, shared_at, removed_at, suspended_at, is_public, things, has_images = more[:7]
    style = Style(style)
    return LookSummary(
        id=look_id,
        person_id=person_id,
        photo_key=photo_key if has_images else None,
        heatmap_key=heatmap_key if has_images else None,
        images_end_at=images_end_at,
        width=width,
        height=height,
        style=style,
        confidence=probabilities[STYLES.index(style)],
        hearts=hearts,
        shared_at=shared_at,
        removed_at=removed_at,
        suspended_at=suspended_at,
        is_public=is_public,
        things=tuple(things),
    )


def to_entry(row: Row[tuple[Any, ...]]) -> LeaderboardEntry:
    """Convert a row of `core.db.public_looks.select_entries`."""
    return LeaderboardEntry(look=to_summary(row), owner_name=row.owner_name, is_hearted=row.is_hearted)
