"""`/`: the looks that people shared, by style and by time, most hearts first."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from core.conversation.narration import style_comment, style_name
from core.db import leaderboard
from core.db.leaderboard import LeaderboardCursor, LeaderboardEntry, Period
from core.i18n.translations import Language
from core.resources import Resources
from core.styles import STYLES, Style
from leaderboard_web.dependencies import AppState
from leaderboard_web.pagination import RankCursor
from leaderboard_web.parameters import query_parameter
from leaderboard_web.routing import PageRoute
from leaderboard_web.templating import render_page, request_language
from leaderboard_web.view_models import LookCard, build_card

PAGE_SIZE = 12
"""Looks on a page: whole rows of two, three and four; on the first one the big first place comes on top."""


@lru_cache(1024)
def board_path(period: Period | None = None, style: Style | None = None, cursor: RankCursor | None = None) -> str:
    """The address of a board, or of its page after a cursor."""
    query = {"when": period, "style": style, "after": cursor.encode() if cursor else None}
    chosen = urlencode({name: value for name, value in query.items() if value is not None})
    return f"/?{chosen}" if chosen else "/"


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardFilters:
    """Which board it is, and the ways to the others."""

    period: Period
    style: Style | None
    period_links: tuple[tuple[Period, str], ...]
    style_links: tuple[tuple[Style, str, str], ...]
    all_styles_url: str
    all_time_url: str


@cache
def _build_filters(period: Period, style: Style | None, language: Language) -> BoardFilters:
    return BoardFilters(
        period=period,
        style=style,
        period_links=tuple((each, board_path(each, style)) for each in Period),
        style_links=tuple((each, style_name(each, language), board_path(period, each)) for each in STYLES),
        all_styles_url=board_path(period),
        all_time_url=board_path(Period.ALL, style),
    )


def board_routes(site: AppState) -> APIRouter:
    """The board."""
    router, memory, guests = APIRouter(route_class=PageRoute), site.memory, site.visitor_sessions

    @router.get("/", response_class=Response)
    async def board(request: Request) -> Response:
        """A page of a board; without a time, the board of the shortest one in which somebody shared a look."""
        language = request_language(request)
        style, when = query_parameter(request, "style", Style), query_parameter(request, "when", Period)
        cursor, key = query_parameter(request, "after", RankCursor.decode), guests.session_key(request)
        async with memory.database.connection() as connection:
            page = await _load_page(connection, memory, style, when, cursor, language, key or "")
            judged = await leaderboard.count_judged_today(connection) if cursor is None else 0
        cards = page.cards
        hero = cards[0] if cursor is None and cards else None
        return render_page(
            request,
            "board.html",
            section="board",
            board=_build_filters(page.period, style, language),
            style_name=style_name(style, language) if style else None,
            hero=hero,
            hero_says=style_comment(hero.style, seed=str(hero.id), language=language) if hero else None,
            cards=cards[1:] if hero else cards,
            eager=0 if hero else 4,
            judged=judged,
            more=page.next_url,
        )

    return router


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardPage:
    """A page of a board."""

    period: Period
    cards: tuple[LookCard, ...]
    next_url: str | None
    """Address of the next one."""


async def _load_page(
    connection: AsyncConnection,
    memory: Resources,
    style: Style | None,
    period: Period | None,
    cursor: RankCursor | None,
    language: Language,
    session_key: str,
) -> BoardPage:
    """The first page of a board, or the one after a cursor; without a time, of the shortest time with a shared look."""
    if cursor is None:
        for chosen in Period if period is None else (period,):
            found = await leaderboard.get_page(
                connection, limit=PAGE_SIZE + 2, style=style, period=chosen, viewer_key=session_key
            )
            if found:
                break
        return _build_page(memory, found, 0, PAGE_SIZE + 1, style, chosen, language)
    chosen = period or Period.ALL
    found = await leaderboard.get_page(
        connection, limit=PAGE_SIZE + 1, style=style, period=chosen, after=cursor.position, viewer_key=session_key
    )
    return _build_page(memory, found, cursor.offset, PAGE_SIZE, style, chosen, language)


def _build_page(
    memory: Resources,
    rows: Sequence[LeaderboardEntry],
    offset: int,
    limit: int,
    style: Style | None,
    period: Period,
    language: Language,
) -> BoardPage:
    shown = rows[:limit]
    return BoardPage(
        period=period,
        cards=tuple(
            build_card(each, signer=memory.url_signer, language=language, rank=place)
            for place, each in enumerate(shown, offset + 1)
        ),
        next_url=board_path(period, style, _next_cursor(shown, offset)) if len(rows) > limit else None,
    )


def _next_cursor(shown: Sequence[LeaderboardEntry], offset: int) -> RankCursor:
    last = shown[-1].look
    return RankCursor(offset=offset + len(shown), position=LeaderboardCursor(hearts=last.hearts, look_id=last.id))
