"""A look as its owner sees it: what became of it, who sees it, and until when its photo is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from math import ceil
from typing import TYPE_CHECKING

from bot.voice import percent, style_name
from core.days import SEOUL
from core.db.tables import Asked
from core.vision.verdict import Band
from leaderboard_web.pictures import picture_path, thumb_path

if TYPE_CHECKING:
    from uuid import UUID

    from bot.texts import Language
    from core.db.looks import Look
    from core.memory import Memory
    from core.styles import Style

__all__ = ["Own", "State", "own"]


class State(StrEnum):
    """Who sees a look; the value is the end of its text's key, `me.state.<value>`."""

    PRIVATE = "private"
    SHARED = "shared"
    HELD = "held"
    """Off the board until a moderator has seen it."""
    HIDDEN = "hidden"
    """Off the board for good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """One of a person's looks, for their own eyes."""

    id: UUID
    state: State
    style: Style
    style_name: str | None
    """None where Eva saw no outfit."""
    percent: int
    sealed: bool
    """Whether Eva waits for a guess: then nothing on a page may tell the style."""
    photo: str | None
    """Address of the photo; None once it was deleted, or while it is not there yet."""
    thumb: str | None
    """Address of the photo in THUMB_WIDTH px; None where there is none smaller."""
    map: str | None
    """Address of the picture with the warm colours; None also where there is no outfit."""
    width: int
    height: int
    came: datetime
    """In Seoul's time."""
    hours: int | None
    """How many more hours its photo is kept, 0 if it goes with the next sweep; None if it stays, or is gone."""
    may_be_shared: bool
    fades_off_board: bool
    """Whether its photo would go with the next sweep if it were taken off the board."""
    hearts: int


def own(look: Look, memory: Memory, language: Language) -> Own:
    """A look for its owner.

    Args:
        look: the look.
        memory: signs the addresses of pictures, and knows for how long they are kept.
        language: of the page.
    """
    seen = look.verdict.band is not Band.NOT_AN_OUTFIT
    state = _state(look)
    stored = look.stored_at is not None
    photo = picture_path(memory.links, look.photo_key) if look.photo_key and stored else None
    private = state is State.PRIVATE
    hours = _hours_left(look, memory)
    return Own(
        id=look.id,
        state=state,
        style=look.style,
        style_name=style_name(look.style, language) if seen else None,
        percent=percent(look.confidence),
        sealed=look.asked is Asked.GUESS,
        photo=photo,
        thumb=thumb_path(memory.links, look) if photo else None,
        map=picture_path(memory.links, look.cam_key) if look.cam_key and stored and seen else None,
        width=look.width,
        height=look.height,
        came=look.created_at.astimezone(SEOUL),
        hours=hours if private and photo else None,
        may_be_shared=private and photo is not None and seen,
        fades_off_board=state in {State.SHARED, State.HELD} and hours == 0,
        hearts=look.hearts,
    )


def _state(look: Look) -> State:
    if look.hidden_at is not None:
        return State.HIDDEN
    if look.shared_at is None:
        return State.PRIVATE
    return State.SHARED if look.on_board else State.HELD


def _hours_left(look: Look, memory: Memory) -> int:
    left = look.created_at + memory.keep_private - datetime.now(UTC)
    return max(0, ceil(left.total_seconds() / 3600))
