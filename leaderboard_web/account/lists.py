"""`/me`: everything that a person ever showed to Eva, the newest first, and what they can do about each."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from core.conversation.display_names import display_name
from core.conversation.narration import style_name
from core.db import follows, looks, reactions
from core.db.people import Person
from leaderboard_web.account.current_person import ACCOUNT_PATH, SECTION, current_person, render_anonymous
from leaderboard_web.dependencies import AppState
from leaderboard_web.forms import read_urlencoded
from leaderboard_web.language import request_language
from leaderboard_web.pagination import TimeCursor, before_cursor
from leaderboard_web.parameters import parse_canonical_uuid, person_path
from leaderboard_web.redirects import notice_from_query, redirect_with_notice
from leaderboard_web.routing import PageRoute
from leaderboard_web.templating import render_page
from leaderboard_web.view_models import build_card, build_own_look

LOOKS_PER_PAGE = 12
HISTORY_NOTICES = {"deleted": "me.deleted"}


def history_routes(state: AppState) -> APIRouter:
    """The page."""
    router, memory = APIRouter(route_class=PageRoute), state.resources

    @router.get("/me", response_class=Response)
    async def history(request: Request) -> Response:
        """A page of one's looks, private ones too."""
        language, before = request_language(request), before_cursor(request)
        async with memory.database.connection() as connection:
            me = await current_person(state, connection, request)
            if me is None:
                return render_anonymous(request)
            found = await looks.list_for_person(
                connection, me.id, limit=LOOKS_PER_PAGE + 1, after=(before.at, before.id) if before else None
            )
            styles = await looks.count_styles(connection, me.id) if before is None else {}
        shown, rest = found[:LOOKS_PER_PAGE], found[LOOKS_PER_PAGE:]
        older = TimeCursor(at=shown[-1].created_at, id=shown[-1].id) if rest else None
        # Who guesses first is not told by the way what she saw most.
        favourite = None if me.guesses_first else next(iter(styles), None)
        return render_page(
            request,
            "me/history.html",
            request_language(request),
            section=SECTION,
            tab="history",
            name=display_name(me.id, me.name, language),
            looks=[build_own_look(each, memory, language) for each in shown],
            first=before is None,
            favourite=style_name(favourite, language) if favourite else None,
            older=f"{ACCOUNT_PATH}?before={older.encode()}" if older else None,
            says=notice_from_query(request, HISTORY_NOTICES),
        )

    return router


BOOKMARKS_PATH = f"{ACCOUNT_PATH}/scraps"
BOOKMARKS_PER_PAGE = 12


def bookmark_routes(state: AppState) -> APIRouter:
    """The page."""
    router, memory = APIRouter(route_class=PageRoute), state.resources

    @router.get("/me/scraps", response_class=Response)
    async def page(request: Request) -> Response:
        """A page of one's scraps; what its owner took off the board is not there, until it is back."""
        language, before = request_language(request), before_cursor(request)
        async with memory.database.connection() as connection:
            me = await current_person(state, connection, request)
            if me is None:
                return render_anonymous(request)
            found = await reactions.list_bookmarks(
                connection,
                me.id,
                limit=BOOKMARKS_PER_PAGE + 1,
                after=(before.at, before.id) if before else None,
                viewer_key=state.visitor_sessions.session_key(request) or "",
            )
            shown, rest = found[:BOOKMARKS_PER_PAGE], found[BOOKMARKS_PER_PAGE:]
            looks = [each.entry for each in shown]
        older = TimeCursor(at=shown[-1].created_at, id=shown[-1].entry.look.id) if rest else None
        return render_page(
            request,
            "me/scraps.html",
            request_language(request),
            section=SECTION,
            tab="scraps",
            cards=[build_card(each, signer=memory.url_signer, language=language) for each in looks],
            older=f"{BOOKMARKS_PATH}?before={older.encode()}" if older else None,
        )

    return router


FOLLOWING_PATH = f"{ACCOUNT_PATH}/following"
FOLLOWED_PEOPLE_PATH = f"{FOLLOWING_PATH}/people"
FEED_LOOKS_PER_PAGE = 12
PEOPLE_PER_PAGE = 50
FOLLOWING_NOTICES = {"unfollowed": "me.unfollowed"}


def following_routes(state: AppState) -> APIRouter:
    """The feed, and the list."""
    router, memory = APIRouter(route_class=PageRoute), state.resources

    @router.get("/me/following", response_class=Response)
    async def feed(request: Request) -> Response:
        """A page of the feed."""
        language, before = request_language(request), before_cursor(request)
        async with memory.database.connection() as connection:
            me = await current_person(state, connection, request)
            if me is None:
                return render_anonymous(request)
            found = await follows.get_feed_page(
                connection,
                me.id,
                limit=FEED_LOOKS_PER_PAGE + 1,
                after=(before.at, before.id) if before else None,
                viewer_key=state.visitor_sessions.session_key(request) or "",
            )
            shown, rest = found[:FEED_LOOKS_PER_PAGE], found[FEED_LOOKS_PER_PAGE:]
        older = TimeCursor(at=at, id=shown[-1].look.id) if rest and (at := shown[-1].look.shared_at) else None
        return render_page(
            request,
            "me/following.html",
            request_language(request),
            section=SECTION,
            tab="following",
            people=me.following,
            cards=[build_card(each, signer=memory.url_signer, language=language) for each in shown],
            older=f"{FOLLOWING_PATH}?before={older.encode()}" if older else None,
        )

    @router.get("/me/following/people", response_class=Response)
    async def people(request: Request) -> Response:
        """A page of the list."""
        language, after = request_language(request), _after_cursor(request)
        async with memory.database.connection() as connection:
            me = await current_person(state, connection, request)
            if me is None:
                return render_anonymous(request)
            found = await follows.list_followed(connection, me.id, limit=PEOPLE_PER_PAGE + 1, after=after)
        shown, rest = found[:PEOPLE_PER_PAGE], found[PEOPLE_PER_PAGE:]
        return render_page(
            request,
            "me/people.html",
            request_language(request),
            section=SECTION,
            tab="following",
            people=[(each.id, display_name(each.id, each.name, language), _person_url(each)) for each in shown],
            more=f"{FOLLOWED_PEOPLE_PATH}?after={shown[-1].id}" if rest else None,
            says=notice_from_query(request, FOLLOWING_NOTICES),
        )

    @router.post("/me/following/people", response_class=Response)
    async def unfollow(request: Request) -> Response:
        """Follow the person in the field `person` no longer."""
        fields = await read_urlencoded(request)
        whom = parse_canonical_uuid(fields.get("person", ""))
        async with memory.database.transaction() as connection:
            me = await current_person(state, connection, request)
            if me is None:
                return redirect_with_notice(ACCOUNT_PATH)
            await follows.unfollow(connection, me.id, whom)
        return redirect_with_notice(FOLLOWED_PEOPLE_PATH, "unfollowed")

    return router


def _person_url(person: Person) -> str | None:
    return None if person.name is None else person_path(person.name)


def _after_cursor(request: Request) -> UUID | None:
    wish = request.query_params.get("after")
    return None if wish is None else parse_canonical_uuid(wish)
