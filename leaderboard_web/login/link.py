"""`/login/link/...`: the way from a chat to a person's own page, by a link that works once.

A GET only asks: messengers fetch every link for a preview, and whoever follows one that somebody else sent should
read whose page it opens. What the browser did before comes along only if that is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response

from bot.names import made_up
from bot.stylist import LOGIN_LINK
from core.db import merges, people, tickets
from core.db.tables import Provider
from core.retention import forget
from leaderboard_web.login.entry import admit
from leaderboard_web.login.paths import HOME
from leaderboard_web.pages import language_of, render
from leaderboard_web.redirects import redirect_with_notice
from leaderboard_web.routing import PageRoute
from leaderboard_web.upload import read_fields

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy.ext.asyncio import AsyncConnection

    from leaderboard_web.site import Site

__all__ = ["link_routes"]

GONE = 410


def link_routes(site: Site) -> APIRouter:
    """The question and the deed."""
    router, memory, guests = APIRouter(route_class=PageRoute), site.memory, site.guests

    @router.get(f"{LOGIN_LINK}/{{token}}", response_class=Response)
    async def ask(request: Request, token: str) -> Response:
        """Say whose page it is, and ask."""
        language = language_of(request)
        async with memory.database.begin() as connection:
            person_id = await tickets.find(connection, token)
            person = None if person_id is None else await people.get(connection, person_id)
            if person is None:
                return over(request)
            visitor = await guests.known(connection, request)
            if visitor == person.id:
                return redirect_with_notice(HOME)
            other = None if visitor is None else await people.get(connection, visitor)
            has_things = other is not None and not await merges.is_bare(connection, other.id)
            has_logins = other is not None and await _has_logins(connection, other.id)
        return render(
            request,
            "login/link.html",
            section="login",
            name=person.name or made_up(person.id, language),
            other=None if other is None else other.name or made_up(other.id, language),
            has_things=has_things,
            has_logins=has_logins,
        )

    @router.post(f"{LOGIN_LINK}/{{token}}", response_class=Response)
    async def enter(request: Request, token: str) -> Response:
        """Log in; the field `bring` makes what the visitor did here this person's.

        Raises:
            StorageUnavailable: what was to be left behind cannot be deleted; nothing was done.
            PersonGone: somebody was forgotten this moment.
        """
        bring = "bring" in await read_fields(request)
        async with memory.database.begin() as connection:
            person_id = await tickets.find(connection, token)
            visitor = await guests.known(connection, request)
            other = visitor if visitor != person_id else None
            left = other is not None and not bring and len(await people.identities_of(connection, other)) == 1
        if person_id is None:
            return over(request)
        if left and other is not None:
            # Nobody could ever come back to it, and so nobody could ever delete it.
            await forget(memory, other)
        async with memory.database.begin() as connection:
            person_id = await tickets.redeem(connection, token)
            if person_id is None:
                return over(request)
            if other is not None and bring:
                await merges.merge(connection, gone=other, into=person_id)
            session = await guests.enter(connection, request, person_id)
        return admit(site, request, session, on=HOME)

    return router


def over(request: Request) -> Response:
    """What is to be said about a link that was used, or is too old, or never was one: which, nobody is told."""
    return render(request, "login/over.html", status=GONE, section="login")


async def _has_logins(connection: AsyncConnection, person_id: UUID) -> bool:
    return any(each.provider is not Provider.WEB for each in await people.identities_of(connection, person_id))
