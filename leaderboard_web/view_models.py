"""A shared look as pages show it, in words of the reader's language."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from math import ceil
from uuid import UUID

from core.conversation.display_names import display_name
from core.conversation.narration import percent, style_name
from core.db.leaderboard import LeaderboardEntry
from core.db.looks import Look
from core.db.schema import PendingQuestion
from core.i18n.translations import Language, translate
from core.resources import Resources
from core.seoul_time import SEOUL
from core.signing import UrlSigner
from core.styles import Style
from core.vision.verdict import ConfidenceBand
from leaderboard_web.image_urls import (
    private_image_url,
    private_thumbnail_url,
    public_image_url,
    public_thumbnail_url,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LookCard:
    """A shared look."""

    id: UUID
    style: Style
    style_name: str
    percent: int
    """How clearly it reads as that style, 1 to 99."""
    owner_name: str
    """Its owner's on the board; people write it, so it is never trusted."""
    owner_has_page: bool
    """Whether the owner has a page; false for an owner with a generated name."""
    hearts: int
    is_hearted: bool
    """Whether the reader gave it a heart."""
    photo_url: str
    """Address of the photo."""
    thumbnail_url: str | None
    """Address of the photo in THUMB_WIDTH px; None where the photo is no wider."""
    width: int
    height: int
    rank: int | None
    """Its place on the board, from 1; None where it is not shown on one."""


def build_card(
    entry: LeaderboardEntry,
    *,
    signer: UrlSigner,
    language: Language,
    rank: int | None = None,
) -> LookCard:
    """A look for a page.

    Args:
        shared: the look.
        links: sign the addresses of its pictures.
        language: the reader's.
        place: on the board.
    """
    look = entry.look
    return LookCard(
        id=look.id,
        style=look.style,
        style_name=style_name(look.style, language),
        percent=percent(look.confidence),
        owner_name=display_name(look.person_id, entry.owner_name, language),
        owner_has_page=entry.owner_name is not None,
        hearts=look.hearts,
        is_hearted=entry.is_hearted,
        # The database promises that a shared look has its pictures.
        photo_url=public_image_url(signer, look, look.photo_key or ""),
        thumbnail_url=public_thumbnail_url(signer, look),
        width=look.width,
        height=look.height,
        rank=rank,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbabilityBar:
    """The probability of one style."""

    style: Style
    name: str
    percent: int
    """1 to 99, the number that Eva's messages contain."""
    probability: float
    label: str
    """Text alternative of the bar."""


def build_bar(style: Style, probability: float, language: Language) -> ProbabilityBar:
    """The bar of one style; `probability` is 0 to 1."""
    name, percentage = style_name(style, language), percent(probability)
    return ProbabilityBar(
        style=style,
        name=name,
        percent=percentage,
        probability=probability,
        label=translate("page.bar", language, style=name, percent=percentage),
    )


class LookVisibility(StrEnum):
    """Who sees a look; the value is the end of its text's key, `me.state.<value>`."""

    PRIVATE = "private"
    SHARED = "shared"
    SUSPENDED = "held"
    """Off the board until a moderator has seen it."""
    REMOVED = "hidden"
    """Off the board for good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnLookView:
    """One of a person's looks, for their own eyes."""

    id: UUID
    visibility: LookVisibility
    style: Style
    style_name: str | None
    """None where Eva saw no outfit."""
    percent: int
    awaiting_guess: bool
    """Whether Eva waits for a guess: then nothing on a page may tell the style."""
    photo_url: str | None
    """Address of the photo; None once it was deleted, or while it is not there yet."""
    thumbnail_url: str | None
    """Address of the photo in THUMB_WIDTH px; None where there is none smaller."""
    heatmap_url: str | None
    """Address of the picture with the warm colours; None also where there is no outfit."""
    width: int
    height: int
    received_at: datetime
    """In Seoul's time."""
    hours_left: int | None
    """How many more hours its photo is kept, 0 if it goes with the next sweep; None if it stays, or is gone."""
    may_be_shared: bool
    expires_when_unshared: bool
    """Whether its photo would go with the next sweep if it were taken off the board."""
    hearts: int


def build_own_look(look: Look, memory: Resources, language: Language) -> OwnLookView:
    """A look for its owner.

    Args:
        look: the look.
        memory: signs the addresses of pictures, and knows for how long they are kept.
        language: of the page.
    """
    seen = look.verdict.band is not ConfidenceBand.NOT_AN_OUTFIT
    state = _visibility(look)
    stored = look.images_stored_at is not None
    photo = private_image_url(memory.url_signer, look.photo_key) if look.photo_key and stored else None
    private = state is LookVisibility.PRIVATE
    hours = _hours_left(look, memory)
    return OwnLookView(
        id=look.id,
        visibility=state,
        style=look.style,
        style_name=style_name(look.style, language) if seen else None,
        percent=percent(look.confidence),
        awaiting_guess=look.pending_question is PendingQuestion.GUESS,
        photo_url=photo,
        thumbnail_url=private_thumbnail_url(memory.url_signer, look) if photo else None,
        heatmap_url=private_image_url(memory.url_signer, look.heatmap_key)
        if look.heatmap_key and stored and seen
        else None,
        width=look.width,
        height=look.height,
        received_at=look.created_at.astimezone(SEOUL),
        hours_left=hours if private and photo else None,
        may_be_shared=private and photo is not None and seen,
        expires_when_unshared=state in {LookVisibility.SHARED, LookVisibility.SUSPENDED} and hours == 0,
        hearts=look.hearts,
    )


def _visibility(look: Look) -> LookVisibility:
    if look.removed_at is not None:
        return LookVisibility.REMOVED
    if look.shared_at is None:
        return LookVisibility.PRIVATE
    return LookVisibility.SHARED if look.is_public else LookVisibility.SUSPENDED


def _hours_left(look: Look, memory: Resources) -> int:
    left = look.created_at + memory.private_photo_ttl - datetime.now(UTC)
    return max(0, ceil(left.total_seconds() / 3600))
