"""`/`: the looks that people shared, by style and by time, most hearts first."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from bot.voice import about, style_name
from core.db import boards
from core.db.boards import Period, Place
from core.styles import STYLES, Style
from leaderboard_web.addresses import asked
from leaderboard_web.cards import card
from leaderboard_web.cursors import Cursor
from leaderboard_web.pages import language_of, render
from leaderboard_web.routing import PageRoute

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from bot.texts import Language
    from core.db.boards import Shared
    from core.memory import Memory
    from leaderboard_web.cards import Card
    from leaderboard_web.site import Site

__all__ = ["board_path", "board_routes"]

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
    router, memory, guests = APIRouter(route_class=PageRoute), site.memory, site.guests

    @router.get("/", response_class=Response)
    async def board(request: Request) -> Response:
        """A page of a board; without a time, the board of the shortest one in which somebody shared a look."""
        language = language_of(request)
        style, when = asked(request, "style", Style), asked(request, "when", Period)
        cursor, key = asked(request, "after", Cursor.from_text), guests.key_of(request)
        async with memory.database.direct() as connection:
            page = await _page(connection, memory, style, when, cursor, language, key or "")
            judged = await boards.judged_today(connection) if cursor is None else 0
        cards = page.cards
        hero = cards[0] if cursor is None and cards else None
        return render(
            request,
            "board.html",
            section="board",
            board=_board(page.when, style, language),
            style_name=style_name(style, language) if style else None,
            hero=hero,
            hero_says=about(hero.style, photo=str(hero.id), language=language) if hero else None,
            cards=cards[1:] if hero else cards,
            eager=0 if hero else 4,
            judged=judged,
            more=page.more,
        )

    return router


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of a board."""

    when: Period
    cards: tuple[Card, ...]
    more: str | None
    """Address of the next one."""


async def _page(
    connection: AsyncConnection,
    memory: Memory,
    style: Style | None,
    when: Period | None,
    cursor: Cursor | None,
    language: Language,
    visitor: str,
) -> Page:
    """The first page of a board, or the one after a cursor; without a time, of the shortest time with a shared look."""
    if cursor is None:
        for chosen in Period if when is None else (when,):
            found = await boards.page(connection, limit=SHOWN + 2, style=style, period=chosen, visitor=visitor)
            if found:
                break
        return _shown(memory, found, 0, SHOWN + 1, style, chosen, language)
    chosen = when or Period.ALL
    found = await boards.page(
        connection, limit=SHOWN + 1, style=style, period=chosen, after=cursor.place, visitor=visitor
    )
    return _shown(memory, found, cursor.shown, SHOWN, style, chosen, language)


def _shown(
    memory: Memory,
    found: Sequence[Shared],
    before: int,
    limit: int,
    style: Style | None,
    when: Period,
    language: Language,
) -> Page:
    shown = found[:limit]
    return Page(
        when=when,
        cards=tuple(
            card(each, links=memory.links, language=language, place=place)
            for place, each in enumerate(shown, before + 1)
        ),
        more=board_path(when, style, _next(shown, before)) if len(found) > limit else None,
    )


def _next(shown: Sequence[Shared], before: int) -> Cursor:
    last = shown[-1].look
    return Cursor(shown=before + len(shown), place=Place(hearts=last.hearts, look_id=last.id))
