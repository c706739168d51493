"""`/me/following`: what the people shared whom one follows, the newest first; and who they are, to follow no longer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response

from bot.names import made_up
from core.db import feeds, follows
from leaderboard_web.addresses import as_id, person_path
from leaderboard_web.cards import card
from leaderboard_web.me.owner import HISTORY, SECTION, owner, stranger
from leaderboard_web.moments import Moment, asked_moment
from leaderboard_web.pages import language_of, render
from leaderboard_web.redirects import notice_from_query, redirect_with_notice
from leaderboard_web.routing import PageRoute
from leaderboard_web.upload import read_fields

if TYPE_CHECKING:
    from uuid import UUID

    from core.db.people import Person
    from leaderboard_web.site import Site

__all__ = ["following_routes"]

FOLLOWING = f"{HISTORY}/following"
PEOPLE = f"{FOLLOWING}/people"
SHOWN = 12
NAMES = 50
SAID = {"unfollowed": "me.unfollowed"}


def following_routes(site: Site) -> APIRouter:
    """The feed, and the list."""
    router, memory = APIRouter(route_class=PageRoute), site.memory

    @router.get("/me/following", response_class=Response)
    async def feed(request: Request) -> Response:
        """A page of the feed."""
        language, before = language_of(request), asked_moment(request)
        async with memory.database.direct() as connection:
            me = await owner(site, connection, request)
            if me is None:
                return stranger(request)
            found = await feeds.following(
                connection,
                me.id,
                limit=SHOWN + 1,
                before=(before.at, before.id) if before else None,
                visitor=site.guests.key_of(request) or "",
            )
            shown, rest = found[:SHOWN], found[SHOWN:]
        older = Moment(at=at, id=shown[-1].look.id) if rest and (at := shown[-1].look.shared_at) else None
        return render(
            request,
            "me/following.html",
            section=SECTION,
            tab="following",
            people=me.following,
            cards=[card(each, links=memory.links, language=language) for each in shown],
            older=f"{FOLLOWING}?before={older.as_text()}" if older else None,
        )

    @router.get("/me/following/people", response_class=Response)
    async def people(request: Request) -> Response:
        """A page of the list."""
        language, after = language_of(request), _after(request)
        async with memory.database.autocommit() as connection:
            me = await owner(site, connection, request)
            if me is None:
                return stranger(request)
            found = await follows.followed_by(connection, me.id, limit=NAMES + 1, after=after)
        shown, rest = found[:NAMES], found[NAMES:]
        return render(
            request,
            "me/people.html",
            section=SECTION,
            tab="following",
            people=[(each.id, each.name or made_up(each.id, language), _page_of(each)) for each in shown],
            more=f"{PEOPLE}?after={shown[-1].id}" if rest else None,
            says=notice_from_query(request, SAID),
        )

    @router.post("/me/following/people", response_class=Response)
    async def unfollow(request: Request) -> Response:
        """Follow the person in the field `person` no longer."""
        fields = await read_fields(request)
        whom = as_id(fields.get("person", ""))
        async with memory.database.begin() as connection:
            me = await owner(site, connection, request)
            if me is None:
                return redirect_with_notice(HISTORY)
            await follows.unfollow(connection, me.id, whom)
        return redirect_with_notice(PEOPLE, "unfollowed")

    return router


def _page_of(person: Person) -> str | None:
    return None if person.name is None else person_path(person.name)


def _after(request: Request) -> UUID | None:
    wish = request.query_params.get("after")
    return None if wish is None else as_id(wish)
