"""Lists of the account pages: own looks, bookmarks, the feed of followed people, these people, and blocked ones."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Response

from core.conversation.display_names import display_name
from core.conversation.listings import format_month, most_frequent
from core.conversation.narration import style_name
from core.conversation.week_card_texts import fills_week_card
from core.db import looks, public_looks, reactions, relations
from core.db.relations import ListedPerson, Relation, list_people
from core.db.worn_counts import count_styles, count_worn
from core.i18n.translations import Language
from core.seoul_time import start_of_month
from core.styles import Style
from leaderboard_web.account.current_person import SECTION, AccountRoute, CurrentPerson
from leaderboard_web.account.own_look import build_own_look
from leaderboard_web.dependencies import CanonicalUUID, Context, Db, RequestContext, Transaction
from leaderboard_web.pagination import BeforeTime, TimeCursor, build_page, shared_cursor
from leaderboard_web.redirects import NoticeQuery, notice_sentences, redirect_with_notice
from leaderboard_web.templating import render_page
from leaderboard_web.urls import url_for
from leaderboard_web.view_models import build_card

LOOKS_PER_PAGE = 12
PEOPLE_PER_PAGE = 50
MAX_FAVORITES = 3
"""The most styles that are named as equally frequent; a longer list is of nearly all that were worn."""
HISTORY_NOTICES = {"deleted": "me.deleted", "link": "login.over.known"}
FOLLOWING_NOTICES = {"unfollowed": "me.unfollowed"}
BLOCKED_NOTICES = {"blocked": "block.done", "unblocked": "block.ended"}

router = APIRouter(route_class=AccountRoute)


@router.get("/me", name="account")
async def history_page(
    context: Context, person: CurrentPerson, connection: Db, before: BeforeTime, notice: NoticeQuery = ""
) -> Response:
    """All looks of the person, private ones too, the latest first."""
    language = context.language
    name = display_name(person.id, person.name, language)
    rows = await looks.list_for_person(connection, person.id, limit=LOOKS_PER_PAGE + 1, after=_position(before))
    page = build_page(rows, LOOKS_PER_PAGE, lambda look: TimeCursor(at=look.created_at, id=look.id))
    favorites: tuple[Style, ...] = ()
    month: list[str] = []
    # The most frequent style would hint at the verdicts that a person who guesses first has not seen yet.
    if before is None and not person.guesses_first:
        most = most_frequent(await count_styles(connection, person.id))
        favorites = most if len(most) <= MAX_FAVORITES else ()
        month = format_month(await count_worn(connection, person.id, since=start_of_month()), language)
    return render_page(
        context,
        "account/history.html",
        section=SECTION,
        tab="history",
        display_name=name,
        looks=[build_own_look(look, context.state.resources, language) for look in page.rows],
        is_first_page=before is None,
        offers_week=before is None and fills_week_card(rows),
        month=" ".join(month),
        favorite_styles=[style_name(style, language) for style in favorites],
        next_url=page.next_cursor and url_for("account", query={"before": page.next_cursor}),
        messages=notice_sentences(notice, HISTORY_NOTICES, language, name=name),
    )


@router.get("/me/scraps", name="bookmarks")
async def bookmarks_page(context: Context, person: CurrentPerson, connection: Db, before: BeforeTime) -> Response:
    """Bookmarked looks, the latest bookmark first; looks that left the leaderboard are missing until they return."""
    rows = await reactions.list_bookmarks(
        connection, person.id, limit=LOOKS_PER_PAGE + 1, after=_position(before), viewer_key=context.viewer.key
    )
    page = build_page(
        rows, LOOKS_PER_PAGE, lambda bookmark: TimeCursor(at=bookmark.created_at, id=bookmark.entry.look.id)
    )
    return render_page(
        context,
        "account/bookmarks.html",
        section=SECTION,
        tab="scraps",
        cards=[build_card(bookmark.entry, language=context.language) for bookmark in page.rows],
        next_url=page.next_cursor and url_for("bookmarks", query={"before": page.next_cursor}),
    )


@router.get("/me/following", name="following")
async def following_page(context: Context, person: CurrentPerson, connection: Db, before: BeforeTime) -> Response:
    """The feed: looks that followed people shared, the latest first."""
    rows = await public_looks.get_feed_page(
        connection, person.id, limit=LOOKS_PER_PAGE + 1, after=_position(before), viewer_key=context.viewer.key
    )
    page = build_page(rows, LOOKS_PER_PAGE, shared_cursor)
    return render_page(
        context,
        "account/following.html",
        section=SECTION,
        tab="following",
        followed_count=person.following,
        follower_count=person.followers,
        cards=[build_card(entry, language=context.language) for entry in page.rows],
        next_url=page.next_cursor and url_for("following", query={"before": page.next_cursor}),
    )


@router.get("/me/following/people", name="followed_people")
async def followed_people_page(
    context: Context,
    person: CurrentPerson,
    connection: Db,
    after: CanonicalUUID | None = None,
    notice: NoticeQuery = "",
) -> Response:
    """The followed people, the newest accounts first; `after` is the last person of the page before."""
    rows = await list_people(connection, Relation.FOLLOWED, person.id, limit=PEOPLE_PER_PAGE + 1, after=after)
    messages = notice_sentences(notice, FOLLOWING_NOTICES, context.language)
    return _render_people(context, "followed_people", rows, messages=messages)


@router.get("/me/followers", name="followers")
async def followers_page(
    context: Context, person: CurrentPerson, connection: Db, after: CanonicalUUID | None = None
) -> Response:
    """Who follows the person, shown to the person alone; `after` is the last person of the page before."""
    rows = await list_people(connection, Relation.FOLLOWER, person.id, limit=PEOPLE_PER_PAGE + 1, after=after)
    return _render_people(context, "followers", rows)


@router.post("/me/followers", name="block_follower")
async def block_follower(
    me: CurrentPerson, connection: Transaction, person: Annotated[CanonicalUUID, Form()]
) -> Response:
    """Block a follower, who may have no page."""
    await relations.create_block(connection, me.id, person)
    return redirect_with_notice(url_for("blocked_people"), "blocked")


@router.post("/me/following/people", name="unfollow")
async def unfollow(me: CurrentPerson, connection: Transaction, person: Annotated[CanonicalUUID, Form()]) -> Response:
    """Stop following a person."""
    await relations.delete_follow(connection, me.id, person)
    return redirect_with_notice(url_for("followed_people"), "unfollowed")


@router.get("/me/blocked", name="blocked_people")
async def blocked_people_page(
    context: Context,
    person: CurrentPerson,
    connection: Db,
    after: CanonicalUUID | None = None,
    notice: NoticeQuery = "",
) -> Response:
    """The blocked people, the newest accounts first; `after` is the last person of the page before."""
    rows = await list_people(connection, Relation.BLOCKED, person.id, limit=PEOPLE_PER_PAGE + 1, after=after)
    messages = notice_sentences(notice, BLOCKED_NOTICES, context.language)
    return _render_people(context, "blocked_people", rows, tab="settings", messages=messages)


@router.post("/me/blocked", name="unblock")
async def unblock(me: CurrentPerson, connection: Transaction, person: Annotated[CanonicalUUID, Form()]) -> Response:
    """End a block."""
    await relations.delete_block(connection, me.id, person)
    return redirect_with_notice(url_for("blocked_people"), "unblocked")


def _render_people(
    context: RequestContext,
    name: str,
    rows: Sequence[ListedPerson],
    *,
    tab: str = "following",
    messages: Sequence[str] = (),
) -> Response:
    """A page of people.

    Args:
        context: of the request.
        name: of the route and of the template.
        rows: the people of the page, and one more if another page follows.
        tab: of the account that the menu highlights.
        messages: sentences above the list.
    """
    people, has_next = rows[:PEOPLE_PER_PAGE], len(rows) > PEOPLE_PER_PAGE
    return render_page(
        context,
        f"account/{name}.html",
        section=SECTION,
        tab=tab,
        people=[_describe_person(other, context.language) for other in people],
        next_url=url_for(name, query={"after": people[-1].person.id}) if has_next else None,
        messages=messages,
    )


def _describe_person(listed: ListedPerson, language: Language) -> tuple[UUID, str, str | None, Style | None]:
    """Id, name, path of the page and style of a person; one without a name or a look on the board has no page."""
    person = listed.person
    page = url_for("person", name=person.name) if person.name and listed.style else None
    return person.id, display_name(person.id, person.name, language), page, listed.style


def _position(cursor: TimeCursor | None) -> tuple[datetime, UUID] | None:
    return None if cursor is None else (cursor.at, cursor.id)
