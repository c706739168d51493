"""A shared look as pages show it, in words of the reader's language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.names import made_up
from bot.voice import percent, style_name
from leaderboard_web.addresses import person_path
from leaderboard_web.pictures import shared_path, shared_thumb_path

if TYPE_CHECKING:
    from uuid import UUID

    from bot.texts import Language
    from core.db.boards import Shared
    from core.links import Links
    from core.styles import Style

__all__ = ["Card", "card"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A shared look."""

    id: UUID
    style: Style
    style_name: str
    percent: int
    """How clearly it reads as that style, 1 to 99."""
    name: str
    """Its owner's on the board; people write it, so it is never trusted."""
    owner: str | None
    """Address of its owner's page; None for one who has only a made-up name."""
    hearts: int
    given: bool
    """Whether the reader gave it a heart."""
    photo: str
    """Address of the photo."""
    thumb: str | None
    """Address of the photo in THUMB_WIDTH px; None where the photo is no wider."""
    width: int
    height: int
    place: int | None
    """Its place on the board, from 1; None where it is not shown on one."""


def card(
    shared: Shared,
    *,
    links: Links,
    language: Language,
    place: int | None = None,
) -> Card:
    """A look for a page.

    Args:
        shared: the look.
        links: sign the addresses of its pictures.
        language: the reader's.
        place: on the board.
    """
    look = shared.look
    return Card(
        id=look.id,
        style=look.style,
        style_name=style_name(look.style, language),
        percent=percent(look.confidence),
        name=shared.name or made_up(look.person_id, language),
        owner=None if shared.name is None else person_path(shared.name),
        hearts=look.hearts,
        given=shared.given,
        # The database promises that a shared look has its pictures.
        photo=shared_path(links, look, look.photo_key or ""),
        thumb=shared_thumb_path(links, look),
        width=look.width,
        height=look.height,
        place=place,
    )
