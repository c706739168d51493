"""`/`: shared looks by style, period and what is worn: most hearts first, the newest, or those that rise."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from markupsafe import Markup
from pydantic import BaseModel, BeforeValidator, Field, ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from core.clothing import Color, Item
from core.conversation.narration import style_comment, style_name
from core.db import leaderboard
from core.db.leaderboard import LeaderboardCursor, Period, TimeOrder
from core.i18n.clothing_names import color_name, thing_name
from core.i18n.translations import Language
from core.styles import STYLES, Style
from core.vision.attributes import Attribute
from leaderboard_web.dependencies import Context, RequestContext
from leaderboard_web.pagination import RankCursor, TimeCursor, build_page
from leaderboard_web.templating import render_fragment, render_page
from leaderboard_web.urls import PageRoute, url_for
from leaderboard_web.view_models import LookCard, build_card

PAGE_SIZE = 12
"""Looks on a page: full rows of two, three and four; the first page has a large first place in addition."""
MIN_LOOKS = 12
"""Looks that a period needs to be shown by default."""
EAGER_IMAGES = 4
"""Images of a page without a large first place that are loaded eagerly."""
MAX_FILTERS = 500
"""Combinations of filters whose links are kept, 7 KB each."""

CHIPS: tuple[Attribute, ...] = (
    *(Color.BLACK, Color.WHITE, Color.RED, Color.PINK, Color.BLUE, Color.BEIGE, Color.GREEN, Color.BROWN),
    *(Item.DRESS, Item.SKIRT, Item.JEANS, Item.TROUSERS, Item.SHIRT, Item.KNIT, Item.HOODIE, Item.BLAZER),
    *(Item.JACKET, Item.COAT, Item.SNEAKERS, Item.BOOTS, Item.HEELS, Item.HAT, Item.BAG),
    *(Item.FLORAL, Item.CHECK, Item.STRIPES, Item.DENIM, Item.LEATHER),
)
"""What the chips offer; the address takes every item and color."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardFilter:
    """Which looks a leaderboard shows; None for all."""

    style: Style | None = None
    item: Item | None = None
    color: Color | None = None

    @property
    def things(self) -> tuple[Attribute, ...]:
        """The color and the item."""
        return tuple(thing for thing in (self.color, self.item) if thing is not None)

    @property
    def query(self) -> dict[str, object]:
        """The filter as parameters of a link."""
        return {"style": self.style, "item": self.item, "color": self.color}


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardPage:
    """A page of looks."""

    order: Period | TimeOrder
    cards: list[LookCard]
    """Those of a leaderboard have a rank."""
    next_query: dict[str, str] | None
    """What leads to the next page besides the order and the style; None on the last one."""


router = APIRouter(route_class=PageRoute)


class BoardQuery(BaseModel):
    """What the address of a leaderboard asks for."""

    style: Style | None = None
    order: Annotated[Period | TimeOrder | None, Field(alias="when")] = None
    item: Item | None = None
    color: Color | None = None
    after: Annotated[RankCursor | None, BeforeValidator(RankCursor.decode)] = None
    before: Annotated[TimeCursor | None, BeforeValidator(TimeCursor.decode)] = None


async def read_query(request: Request) -> BoardQuery:
    """The query of a request; FastAPI takes several times as long for parameters that it reads one by one.

    Raises:
        HTTPException: 404, a parameter is malformed.
    """
    try:
        return BoardQuery.model_validate(request.query_params)
    except ValidationError:
        raise HTTPException(404) from None


@router.get("/", name="leaderboard")
async def leaderboard_page(context: Context, query: Annotated[BoardQuery, Depends(read_query)]) -> Response:
    """A page of looks; without an order, the leaderboard of the shortest period with enough of them."""
    style, order, after, language = query.style, query.order, query.after, context.language
    chosen = BoardFilter(style=style, item=query.item, color=query.color)
    is_front = order is None and after is None and chosen == BoardFilter()
    async with context.state.resources.database.connection() as db:
        if isinstance(order, TimeOrder):
            page = await _load_chronological(context, db, chosen, order, query.before)
        else:
            page = await _load_ranked(context, db, chosen, order, after)
        judged_today = await leaderboard.count_judged_today(db) if is_front else 0
    cards = page.cards
    hero = cards.pop(0) if cards and cards[0].rank == 1 else None
    next_url = None
    if page.next_query is not None:
        next_url = url_for("leaderboard", query={"when": page.order, **chosen.query, **page.next_query})
    return render_page(
        context,
        "leaderboard.html",
        section="board",
        is_front=is_front,
        order=page.order,
        is_ranked=isinstance(page.order, Period),
        style=style,
        style_name=style_name(style, language) if style else None,
        filters=_render_filters(language, page.order, order, chosen),
        thing_names=[_filter_name(thing, language) for thing in chosen.things],
        all_time_url=_board_url(chosen, Period.ALL),
        new_url=_board_url(chosen, TimeOrder.NEW),
        hero=hero,
        hero_comment=style_comment(hero.style, seed=hero.id, language=language) if hero else None,
        cards=cards,
        eager_images=0 if hero else EAGER_IMAGES,
        judged_today=judged_today,
        next_url=next_url,
    )


async def _load_ranked(
    context: RequestContext,
    connection: AsyncConnection,
    chosen: BoardFilter,
    period: Period | None,
    after: RankCursor | None,
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
            style=chosen.style,
            period=choice,
            things=chosen.things,
            after=position,
            viewer_key=context.viewer.key,
        )
        if len(entries) >= MIN_LOOKS:
            break
    shown, offset = entries[:size], 0 if after is None else after.offset
    cards = [build_card(entry, language=context.language, rank=rank) for rank, entry in enumerate(shown, offset + 1)]
    next_query = None
    if len(entries) > size:
        last = shown[-1].look
        cursor = RankCursor(offset=offset + size, hearts=last.hearts, look_id=last.id)
        next_query = {"after": cursor.encode()}
    return BoardPage(order=choice, cards=cards, next_query=next_query)


async def _load_chronological(
    context: RequestContext,
    connection: AsyncConnection,
    chosen: BoardFilter,
    order: TimeOrder,
    before: TimeCursor | None,
) -> BoardPage:
    entries = await leaderboard.get_page_by_time(
        connection,
        order,
        limit=PAGE_SIZE + 1,
        style=chosen.style,
        things=chosen.things,
        after=None if before is None else (before.at, before.id),
        viewer_key=context.viewer.key,
    )
    page = build_page(entries, PAGE_SIZE, lambda ranked: TimeCursor(at=ranked.at, id=ranked.entry.look.id))
    cards = [build_card(ranked.entry, language=context.language) for ranked in page.rows]
    next_query = None if page.next_cursor is None else {"before": page.next_cursor}
    return BoardPage(order=order, cards=cards, next_query=next_query)


@lru_cache(2 * MAX_FILTERS)
def _board_url(chosen: BoardFilter, order: Period | TimeOrder) -> str:
    return url_for("leaderboard", query={"when": order, **chosen.query})


@lru_cache(MAX_FILTERS)
def _render_filters(
    language: Language, shown: Period | TimeOrder, order: Period | TimeOrder | None, chosen: BoardFilter
) -> Markup:
    """Links to other orders and styles of the same item and color, and to one color or item of the same style.

    Args:
        language: of the page.
        shown: the order of the leaderboard.
        order: the one that was asked for; None for the default, which a color or an item keeps.
        chosen: which looks it shows. The link of a chosen color or item, which is in front, leads back.
    """

    def link(order: Period | TimeOrder | None, **changes: object) -> str:
        return url_for("leaderboard", query={"when": order, **chosen.query, **changes})

    things = []
    for thing in dict.fromkeys((*chosen.things, *CHIPS)):
        kind = "color" if isinstance(thing, Color) else "item"
        href = link(order, **{kind: None if thing in chosen.things else thing})
        things.append((thing, kind, _filter_name(thing, language), href))
    html = render_fragment(
        "board_filters.html",
        language,
        shown=shown,
        style=chosen.style,
        orders=[(choice, link(choice)) for choice in (*Period, *TimeOrder)],
        styles=[(choice, style_name(choice, language), link(shown, style=choice)) for choice in STYLES],
        all_styles_url=link(shown, style=None),
        chosen=chosen.things,
        things=things,
    )
    return Markup(html)


def _filter_name(thing: Attribute, language: Language) -> str:
    name = color_name(thing, language) if isinstance(thing, Color) else thing_name(thing, language)
    return name[:1].upper() + name[1:]
