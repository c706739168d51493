"""View model of a look on the pages of its owner."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from math import ceil
from uuid import UUID

from core.conversation.narration import format_percent, style_name
from core.conversation.sharing import is_sample
from core.db.looks import Look
from core.db.schema import PendingQuestion
from core.i18n.translations import Language
from core.resources import Resources
from core.seoul_time import SEOUL
from core.styles import Style
from core.vision.verdict import ConfidenceBand
from leaderboard_web.urls import private_image_url, private_thumbnail_url


class LookVisibility(StrEnum):
    """Who sees a look; the value is also the end of its translation key `me.state.<value>`."""

    PRIVATE = "private"
    SHARED = "shared"
    SUSPENDED = "held"
    """Not on the leaderboard until a moderator decides about reports."""
    REMOVED = "hidden"
    """Removed from the leaderboard by a moderator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnLookView:
    """A look on the pages of its owner."""

    id: UUID
    visibility: LookVisibility
    style: Style
    style_name: str | None
    """None without an outfit in the photo."""
    told_style_name: str | None
    """According to the owner, who corrected it."""
    percent: str
    """Confidence of the style, see `format_percent`."""
    awaiting_guess: bool
    """Whether the owner has still to guess; nothing on a page may reveal the style then."""
    photo_url: str | None
    """None before the photo is stored and after it was deleted."""
    thumbnail_url: str | None
    """None without a photo, or where the photo is no wider than a thumbnail."""
    heatmap_url: str | None
    """None without a stored heatmap, or without an outfit."""
    width: int
    height: int
    received_at: datetime
    """In Seoul's time zone."""
    hours_left: int | None
    """Hours until the photo is deleted, rounded up; None if it is not private, or its time is over."""
    may_be_shared: bool
    expires_when_unshared: bool
    """Whether the photo would be deleted soon after unsharing the look."""
    hearts: int


def build_own_look(look: Look, resources: Resources, language: Language) -> OwnLookView:
    """The view model of a look for its owner.

    Args:
        look: the look.
        resources: for signed URLs.
        language: of the page.
    """
    has_outfit = look.verdict.band is not ConfidenceBand.NOT_AN_OUTFIT
    visibility = _visibility(look)
    is_private = visibility is LookVisibility.PRIVATE
    photo_url = heatmap_url = None
    if look.images_stored_at is not None:
        if look.photo_key:
            photo_url = private_image_url(resources.url_signer, look, look.photo_key)
        if look.heatmap_key and has_outfit:
            heatmap_url = private_image_url(resources.url_signer, look, look.heatmap_key)
    hours_left = _hours_left(look)
    return OwnLookView(
        id=look.id,
        visibility=visibility,
        style=look.style,
        style_name=style_name(look.style, language) if has_outfit else None,
        told_style_name=style_name(look.corrected_style, language) if look.corrected_style else None,
        percent=format_percent(look.confidence),
        awaiting_guess=look.pending_question is PendingQuestion.GUESS,
        photo_url=photo_url,
        thumbnail_url=private_thumbnail_url(resources.url_signer, look) if photo_url else None,
        heatmap_url=heatmap_url,
        width=look.width,
        height=look.height,
        received_at=look.created_at.astimezone(SEOUL),
        hours_left=hours_left if is_private and photo_url else None,
        may_be_shared=is_private and photo_url is not None and has_outfit and not is_sample(look),
        expires_when_unshared=visibility in {LookVisibility.SHARED, LookVisibility.SUSPENDED} and hours_left == 0,
        hearts=look.hearts,
    )


def _visibility(look: Look) -> LookVisibility:
    if look.removed_at is not None:
        return LookVisibility.REMOVED
    if look.shared_at is None:
        return LookVisibility.PRIVATE
    return LookVisibility.SHARED if look.is_public else LookVisibility.SUSPENDED


def _hours_left(look: Look) -> int:
    """Hours until the photo of a look is deleted if the look is private; rounded up, never negative."""
    left = look.images_end_at - datetime.now(UTC)
    return max(0, ceil(left.total_seconds() / 3600))
