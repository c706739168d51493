"""`/`: shared looks by style, period and what is worn: most hearts first, the newest, or those that rise."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from core.clothing import Color, Item
from core.conversation.narration import style_comment, style_name
from core.db import chronological_boards, leaderboard
from core.db.chronological_boards import TimeOrder
from core.db.leaderboard import LeaderboardCursor, LeaderboardEntry, Period
from core.i18n.clothing_names import color_name, thing_name
from core.i18n.translations import Language
from core.styles import STYLES, Style
from core.vision.attributes import Attribute
from leaderboard_web.dependencies import Db, Lang, State, Viewer
from leaderboard_web.pagination import AfterRank, BeforeTime, RankCursor, TimeCursor, build_page
from leaderboard_web.templating import render_page
from leaderboard_web.urls import PageRoute, UrlPaths
from leaderboard_web.view_models import LookCard, build_card

PAGE_SIZE = 12
"""Looks on a page: full rows of two, three and four; the first page has a large first place in addition."""
MIN_LOOKS = 12
"""Looks that a period needs to be shown by default."""
EAGER_IMAGES = 4
"""Images of a page without a large first place that are loaded eagerly."""
MAX_LINKS = 2000
"""Combinations of filters whose links are kept."""

CHIPS: tuple[Attribute, ...] = (
    *(Color.BLACK, Color.WHITE, Color.RED, Color.PINK, Color.BLUE, Color.BEIGE, Color.GREEN, Color.BROWN),
    *(Item.DRESS, Item.SKIRT, Item.JEANS, Item.TROUSERS, Item.SHIRT, Item.KNIT, Item.HOODIE, Item.BLAZER),
    *(Item.JACKET, Item.COAT, Item.SNEAKERS, Item.BOOTS, Item.HEELS, Item.HAT, Item.BAG),
    *(Item.FLORAL, Item.CHECK, Item.STRIPES, Item.DENIM, Item.LEATHER),
)
"""What the chips offer; the address takes every item and color."""

router = APIRouter(route_class=PageRoute)


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardPage:
    """A page of looks."""

    order: Period | TimeOrder
    cards: list[LookCard]
    """Those of a leaderboard have a rank."""
    next_query: dict[str, str] | None
    """What leads to the next page besides the order and the style; None on the last one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardLinks:
    """Links of a leaderboard to others, the same for everybody."""

    orders: list[tuple[Period | TimeOrder, str]]
    styles: list[tuple[Style, str, str]]
    """Each with its name and the URL."""
    all_styles_url: str
    all_time_url: str
    new_url: str
    thing_names: list[str]
    """What the leaderboard is filtered by, besides the style."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeChip:
    """A link to looks in which one thing was seen."""

    code: str
    name: str
    is_color: bool
    is_chosen: bool
    url: str


@router.get("/", name="leaderboard")
async def leaderboard_page(
    request: Request,
    db: Db,
    viewer: Viewer,
    language: Lang,
    state: State,
    after: AfterRank,
    before: BeforeTime,
    style: Style | None = None,
    order: Annotated[Period | TimeOrder | None, Query(alias="when")] = None,
    item: Item | None = None,
    color: Color | None = None,
) -> Response:
    """A page of looks; without an order, the leaderboard of the shortest period with enough of them."""
    viewer_key = viewer.key or ""
    things = tuple(thing for thing in (color, item) if thing is not None)
    if isinstance(order, TimeOrder):
        page = await _load_chronological(db, language, style, order, before, things=things, viewer_key=viewer_key)
    else:
        page = await _load_ranked(db, language, style, order, after, things=things, viewer_key=viewer_key)
    cards = page.cards
    hero = cards.pop(0) if cards and cards[0].rank == 1 else None
    is_front = order is None and style is None and after is None and not things
    next_url = None
    if page.next_query is not None:
        query = {"when": page.order, "style": style, "item": item, "color": color, **page.next_query}
        next_url = state.url_for("leaderboard", query=query)
    return render_page(
        request,
        "leaderboard.html",
        language,
        section="board",
        is_front=is_front,
        order=page.order,
        is_ranked=isinstance(page.order, Period),
        style=style,
        style_name=style_name(style, language) if style else None,
        links=_board_links(state.url_for, language, page.order, style, item, color),
        thing_chips=_thing_chips(state.url_for, language, order, style, item, color),
        hero=hero,
        hero_comment=style_comment(hero.style, seed=str(hero.id), language=language) if hero else None,
        cards=cards,
        eager_images=0 if hero else EAGER_IMAGES,
        judged_today=await leaderboard.count_judged_today(db) if is_front else 0,
        next_url=next_url,
    )


async def _load_ranked(
    connection: AsyncConnection,
    language: Language,
    style: Style | None,
    period: Period | None,
    after: RankCursor | None,
    *,
    things: tuple[Attribute, ...],
    viewer_key: str,
) -> BoardPage:
    """A page of the leaderboard of a period; without one, of the shortest one with `MIN_LOOKS`, or of all time."""
    size = PAGE_SIZE + 1 if after is None else PAGE_SIZE
    position = None if after is None else LeaderboardCursor(hearts=after.hearts, look_id=after.look_id)
    if period is None and after is not None:
        period = Period.ALL
    for choice in Period if period is None else (period,):
        entries = await leaderboard.get_page(
            connection,
            limit=size + 1,
            style=style,
            period=choice,
            things=things,
            after=position,
            viewer_key=viewer_key,
        )
        if len(entries) >= MIN_LOOKS:
            break
    offset = 0 if after is None else after.offset
    cards = [build_card(entry, language=language, rank=rank) for rank, entry in enumerate(entries[:size], offset + 1)]
    has_more = len(entries) > size
    next_query = {"after": _next_cursor(entries[:size], offset).encode()} if has_more else None
    return BoardPage(order=choice, cards=cards, next_query=next_query)


async def _load_chronological(
    connection: AsyncConnection,
    language: Language,
    style: Style | None,
    order: TimeOrder,
    before: TimeCursor | None,
    *,
    things: tuple[Attribute, ...],
    viewer_key: str,
) -> BoardPage:
    position = None if before is None else (before.at, before.id)
    entries = await chronological_boards.get_page(
        connection, order, limit=PAGE_SIZE + 1, style=style, things=things, after=position, viewer_key=viewer_key
    )
    page = build_page(entries, PAGE_SIZE, lambda ranked: TimeCursor(at=ranked.at, id=ranked.entry.look.id))
    cards = [build_card(ranked.entry, language=language) for ranked in page.rows]
    next_query = None if page.next_cursor is None else {"before": page.next_cursor}
    return BoardPage(order=order, cards=cards, next_query=next_query)


@lru_cache(MAX_LINKS)
def _board_links(
    url_for: UrlPaths,
    language: Language,
    order: Period | TimeOrder,
    style: Style | None,
    item: Item | None,
    color: Color | None,
) -> BoardLinks:
    """Links to other orders and styles of the same items and colors."""
    things = {"item": item, "color": color}
    return BoardLinks(
        orders=[
            (choice, url_for("leaderboard", query={"when": choice, "style": style, **things}))
            for choice in (*Period, *TimeOrder)
        ],
        styles=[
            (
                choice,
                style_name(choice, language),
                url_for("leaderboard", query={"when": order, "style": choice, **things}),
            )
            for choice in STYLES
        ],
        all_styles_url=url_for("leaderboard", query={"when": order, **things}),
        all_time_url=url_for("leaderboard", query={"when": Period.ALL, "style": style, **things}),
        new_url=url_for("leaderboard", query={"when": TimeOrder.NEW, "style": style, **things}),
        thing_names=[_filter_name(thing, language) for thing in (color, item) if thing is not None],
    )


@lru_cache(MAX_LINKS)
def _thing_chips(
    url_for: UrlPaths,
    language: Language,
    order: Period | TimeOrder | None,
    style: Style | None,
    item: Item | None,
    color: Color | None,
) -> list[AttributeChip]:
    """Links to the same leaderboard of one color or item; the link of a chosen one, which is in front, leads back."""
    in_front = [thing for thing in (color, item) if thing is not None]
    chosen = {"when": order, "style": style, "item": item, "color": color}
    return [
        AttributeChip(
            code=thing.value,
            name=_filter_name(thing, language),
            is_color=isinstance(thing, Color),
            is_chosen=thing in in_front,
            url=url_for(
                "leaderboard",
                query=chosen
                | {("color" if isinstance(thing, Color) else "item"): None if thing in in_front else thing},
            ),
        )
        for thing in (*in_front, *(chip for chip in CHIPS if chip not in in_front))
    ]


def _filter_name(thing: Attribute, language: Language) -> str:
    name = color_name(thing, language) if isinstance(thing, Color) else thing_name(thing, language)
    return name[:1].upper() + name[1:]


def _next_cursor(entries: Sequence[LeaderboardEntry], offset: int) -> RankCursor:
    last = entries[-1].look
    return RankCursor(offset=offset + len(entries), hearts=last.hearts, look_id=last.id)
