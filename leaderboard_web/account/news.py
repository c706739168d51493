"""`/me/news`: what happened since the last visit; and the dot in the menu that says there is something."""

from collections.abc import Sequence

from fastapi import APIRouter, Response

from core.conversation.narration import style_name
from core.conversation.news_visits import news_sentences
from core.db import news
from core.db.news import LookNews
from core.i18n.translations import Language
from core.seoul_time import SEOUL
from leaderboard_web.account.current_person import SECTION, AccountRoute, CurrentPerson
from leaderboard_web.dependencies import Context, Db
from leaderboard_web.middleware.csrf import is_same_origin
from leaderboard_web.templating import render_page
from leaderboard_web.urls import public_image_urls

NO_DOT = '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>'
DOT = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8" viewBox="0 0 8 8">'
    '<circle cx="4" cy="4" r="4" fill="#e2427d"/></svg>'
)

router = APIRouter(route_class=AccountRoute)


@router.get("/me/news", name="news")
async def news_page(context: Context, person: CurrentPerson, connection: Db) -> Response:
    """The news; only a visit that the person made themselves, and not a preview, counts as one."""
    since = person.news_since
    is_visit = (
        is_same_origin(context.request.scope, context.state.settings.public_url)
        and "sec-purpose" not in context.request.headers
    )
    if context.request.method == "GET" and is_visit:
        since = await news.record_visit(connection, person.id) or since
    found = await news.get_news(connection, person.id, since)
    look_news = await news.list_look_news(connection, person.id, since) if found else ()
    return render_page(
        context,
        "account/news.html",
        section=SECTION,
        tab="news",
        sentences=news_sentences(found, context.language),
        since=since.astimezone(SEOUL),
        looks=_describe(look_news, context.language),
    )


@router.get("/me/news.svg", name="news_dot")
async def news_dot(context: Context, connection: Db) -> Response:
    """A dot where there is something new, else an empty picture. A picture, since a page may not wait for it."""
    has_news = bool(context.viewer.key) and await news.has_unseen(connection, context.viewer.key)
    return Response(DOT if has_news else NO_DOT, media_type="image/svg+xml", headers={"Cache-Control": "no-store"})


def _describe(rows: Sequence[LookNews], language: Language) -> list[dict[str, object]]:
    """What the page shows of each look."""
    images = [public_image_urls(row.look, language) for row in rows]
    return [
        {
            "look": row.look,
            "style_name": style_name(row.look.style, language),
            "thumbnail_url": urls.thumbnail or urls.photo,
            "hearts": row.hearts,
            "bookmarks": row.bookmarks,
        }
        for row, urls in zip(rows, images, strict=True)
    ]
