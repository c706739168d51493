"""`/`: shared looks by style and period, those with the most hearts first."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from core.conversation.narration import style_comment, style_name
from core.db import leaderboard
from core.db.leaderboard import LeaderboardCursor, LeaderboardEntry, Period
from core.styles import STYLES, Style
from leaderboard_web.dependencies import Db, Lang, State, Viewer
from leaderboard_web.pagination import AfterRank, RankCursor
from leaderboard_web.templating import render_page
from leaderboard_web.urls import PageRoute
from leaderboard_web.view_models import build_card

PAGE_SIZE = 12
"""Looks on a page: full rows of two, three and four; the first page has a large first place in addition."""
MIN_LOOKS = 12
"""Looks that a period needs to be shown by default."""
EAGER_IMAGES = 4
"""Images of a page without a large first place that are loaded eagerly."""

router = APIRouter(route_class=PageRoute)


@router.get("/", name="leaderboard")
async def leaderboard_page(
    request: Request,
    db: Db,
    viewer: Viewer,
    language: Lang,
    state: State,
    after: AfterRank,
    style: Style | None = None,
    period: Annotated[Period | None, Query(alias="when")] = None,
) -> Response:
    """A page of a leaderboard; without a period, that of the shortest one with enough looks."""
    size = PAGE_SIZE + 1 if after is None else PAGE_SIZE
    period, entries = await _load_entries(db, style, period, after, limit=size + 1, viewer_key=viewer.key or "")
    offset = 0 if after is None else after.offset
    cards = [
        build_card(entry, signer=state.resources.url_signer, language=language, rank=rank)
        for rank, entry in enumerate(entries[:size], offset + 1)
    ]
    hero = cards.pop(0) if after is None and cards else None
    next_cursor = _next_cursor(entries[:size], offset).encode() if len(entries) > size else None

    def board_url(period: Period | None, style: Style | None = None, after: str | None = None) -> str:
        return state.url_for("leaderboard", query={"when": period, "style": style, "after": after})

    return render_page(
        request,
        "leaderboard.html",
        language,
        section="board",
        period=period,
        style=style,
        style_name=style_name(style, language) if style else None,
        periods=[(choice, board_url(choice, style)) for choice in Period],
        styles=[(choice, style_name(choice, language), board_url(period, choice)) for choice in STYLES],
        all_styles_url=board_url(period),
        all_time_url=board_url(Period.ALL, style),
        hero=hero,
        hero_comment=style_comment(hero.style, seed=str(hero.id), language=language) if hero else None,
        cards=cards,
        eager_images=0 if hero else EAGER_IMAGES,
        judged_today=await leaderboard.count_judged_today(db) if after is None else 0,
        next_url=board_url(period, style, next_cursor) if next_cursor else None,
    )


async def _load_entries(
    connection: AsyncConnection,
    style: Style | None,
    period: Period | None,
    after: RankCursor | None,
    *,
    limit: int,
    viewer_key: str,
) -> tuple[Period, Sequence[LeaderboardEntry]]:
    """The entries of a page, and the period that they are of.

    Args:
        connection: of the database.
        style: only looks of this style.
        period: only looks that were shared in it; None for the shortest one with `MIN_LOOKS`, or all time.
        after: end of the page before.
        limit: maximum number of entries.
        viewer_key: session key of the viewer; empty for none.
    """
    position = None if after is None else LeaderboardCursor(hearts=after.hearts, look_id=after.look_id)
    if period is None and after is not None:
        period = Period.ALL
    for choice in Period if period is None else (period,):
        entries = await leaderboard.get_page(
            connection, limit=limit, style=style, period=choice, after=position, viewer_key=viewer_key
        )
        if len(entries) >= MIN_LOOKS:
            break
    return choice, entries


def _next_cursor(entries: Sequence[LeaderboardEntry], offset: int) -> RankCursor:
    last = entries[-1].look
    return RankCursor(offset=offset + len(entries), hearts=last.hearts, look_id=last.id)
