"""A shared look as pages show it, in words of the reader's language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.names import made_up
from bot.voice import percent, style_name
from core.db import hearts
from core.db.tables import Provider
from leaderboard_web.addresses import person_path
from leaderboard_web.pictures import shared_path, shared_thumb_path

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from bot.texts import Language
    from core.db.boards import Shared
    from core.db.reading import Connection
    from core.links import Links
    from core.styles import Style

__all__ = ["Card", "card", "given_by", "given_by_key"]


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
    given: frozenset[UUID] = frozenset(),
    place: int | None = None,
) -> Card:
    """A look for a page.

    Args:
        shared: the look.
        links: sign the addresses of its pictures.
        language: the reader's.
        given: looks that have the reader's heart.
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
        given=look.id in given,
        # The database promises that a shared look has its pictures.
        photo=shared_path(links, look, look.photo_key or ""),
        thumb=shared_thumb_path(links, look),
        width=look.width,
        height=look.height,
        place=place,
    )


async def given_by(connection: Connection, visitor: UUID | None, shared: Sequence[Shared]) -> frozenset[UUID]:
    """Those of the looks that have the visitor's heart; none have a stranger's."""
    if visitor is None or not shared:
        return frozenset()
    return await hearts.given(connection, visitor, [each.look.id for each in shared])


async def given_by_key(connection: Connection, key: str | None, look_ids: Sequence[UUID]) -> frozenset[UUID]:
    """The same by the key of the visitor's browser, `Guests.key_of`, where all else about them does not matter."""
    if key is None or not look_ids:
        return frozenset()
    return await hearts.given_to(connection, Provider.WEB, key, look_ids)
