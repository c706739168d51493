"""`/`: the looks that people shared, by style and by time, most hearts first."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, HTTPException, Request, Response

from bot.voice import about, style_name
from core.db import boards
from core.db.boards import Period, Place
from core.styles import STYLES, Style
from leaderboard_web.cards import card, given_by_key
from leaderboard_web.cursors import Cursor
from leaderboard_web.pages import language_of, render

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.texts import Language
    from core.db.boards import Shared
    from core.memory import Memory
    from leaderboard_web.site import Site

__all__ = ["board_path", "board_routes"]

Choice = TypeVar("Choice", bound=StrEnum)

SHOWN = 12
"""Looks on a page: whole rows of two, three and four; on the first one the big first place comes on top."""


@lru_cache(1024)
def board_path(when: Period | None = None, style: Style | None = None, cursor: Cursor | None = None) -> str:
    """The address of a board, or of its page after a cursor."""
    query = {"when": when, "style": style, "after": cursor.as_text() if cursor else None}
    chosen = urlencode({name: value for name, value in query.items() if value is not None})
    return f"/?{chosen}" if chosen else "/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """Which board it is, and the ways to the others."""

    when: Period
    style: Style | None
    times: tuple[tuple[Period, str], ...]
    styles: tuple[tuple[Style, str, str], ...]
    every_style: str
    all_time: str


@cache
def _board(when: Period, style: Style | None, language: Language) -> Board:
    return Board(
        when=when,
        style=style,
        times=tuple((each, board_path(each, style)) for each in Period),
        styles=tuple((each, style_name(each, language), board_path(when, each)) for each in STYLES),
        every_style=board_path(when),
        all_time=board_path(Period.ALL, style),
    )


def board_routes(site: Site) -> APIRouter:
    """The board."""
    router, memory, guests = APIRouter(), site.memory, site.guests

    @router.get("/", response_class=Response)
    async def board(request: Request) -> Response:
        """A page of a board; without a time, the board of the shortest one in which somebody shared a look."""
        language = language_of(request)
        style, when = _one_of(Style, request, "style"), _one_of(Period, request, "when")
        cursor = _cursor(request)
        first = cursor is None
        limit = SHOWN + first
        when, found = await site.fresh.get(
            ("board", style, when, cursor), lambda: _page(memory, style, when, cursor, limit + 1)
        )
        shown, rest = found[:limit], found[limit:]
        key, given = guests.key_of(request), frozenset[UUID]()
        if key is not None:
            async with memory.database.reading() as connection:
                given = await given_by_key(connection, key, shown)
        judged = await site.fresh.get("judged", lambda: _judged(memory)) if first else 0
        before = cursor.shown if cursor else 0
        cards = [
            card(each, links=memory.links, language=language, given=given, place=place)
            for place, each in enumerate(shown, before + 1)
        ]
        return render(
            request,
            "board.html",
            section="board",
            board=_board(when, style, language),
            style_name=style_name(style, language) if style else None,
            hero=cards[0] if first and cards else None,
            hero_says=about(cards[0].style, photo=str(cards[0].id), language=language) if first and cards else None,
            cards=cards[1:] if first else cards,
            eager=0 if first else 4,
            judged=judged,
            more=board_path(when, style, _next(shown, before)) if rest else None,
        )

    return router


async def _page(
    memory: Memory, style: Style | None, when: Period | None, cursor: Cursor | None, limit: int
) -> tuple[Period, list[Shared]]:
    """A page of a board; without a time or a place, of that of the shortest time in which somebody shared a look."""
    async with memory.database.reading() as connection:
        if when is not None or cursor is not None:
            chosen, after = when or Period.ALL, cursor.place if cursor else None
            return chosen, await boards.page(connection, limit=limit, style=style, period=chosen, after=after)
        for chosen in Period:
            found = await boards.page(connection, limit=limit, style=style, period=chosen)
            if found:
                break
        return chosen, found


async def _judged(memory: Memory) -> int:
    """How many outfits were judged today."""
    async with memory.database.reading() as connection:
        return await boards.judged_today(connection)


def _next(shown: Sequence[Shared], before: int) -> Cursor:
    last = shown[-1].look
    return Cursor(shown=before + len(shown), place=Place(hearts=last.hearts, look_id=last.id))


def _one_of(choices: type[Choice], request: Request, name: str) -> Choice | None:
    """The choice in the query, if there is one.

    Raises:
        HTTPException: 404, there is no such choice.
    """
    wish = request.query_params.get(name)
    if wish is None:
        return None
    try:
        return choices(wish)
    except ValueError:
        raise HTTPException(404) from None


def _cursor(request: Request) -> Cursor | None:
    wish = request.query_params.get("after")
    if wish is None:
        return None
    cursor = Cursor.from_text(wish)
    if cursor is None:
        raise HTTPException(404)
    return cursor
