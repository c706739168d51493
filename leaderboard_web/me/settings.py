"""`/me/settings`: the language and the name, who says first what style it is, and the way to one's data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, HTTPException, Request, Response

from bot.names import MOST_LETTERS, made_up, tidy
from bot.texts import Language, text
from core.db import people
from core.moderation import is_admin
from leaderboard_web.me.owner import HISTORY, SECTION, owner, stranger
from leaderboard_web.pages import language_of, remember_language, render
from leaderboard_web.redirects import notice_from_query, redirect_with_notice
from leaderboard_web.routing import PageRoute
from leaderboard_web.upload import read_fields

if TYPE_CHECKING:
    from core.db.people import Person
    from leaderboard_web.site import Site

__all__ = ["settings_routes"]

SETTINGS = f"{HISTORY}/settings"
SAID = {
    "language": "talk.language.set",
    "name": "me.name.set",
    "first": "talk.guess.on",
    "tell": "talk.guess.off",
}


def settings_routes(site: Site) -> APIRouter:
    """The page and its forms."""
    router, memory = APIRouter(route_class=PageRoute), site.memory

    @router.get("/me/settings", response_class=Response)
    async def page(request: Request) -> Response:
        """The page."""
        async with memory.database.autocommit() as connection:
            me = await owner(site, connection, request)
            if me is None:
                return stranger(request)
            moderates = await is_admin(connection, site.settings.admins, me.id)
        return show(request, me, says=notice_from_query(request, SAID, name=me.name), moderates=moderates)

    @router.post("/me/settings", response_class=Response)
    async def change(request: Request) -> Response:
        """Change what one of the page's forms is about: its field is `language`, `name` or `first`."""
        fields, language = await read_fields(request), language_of(request)
        async with memory.database.begin() as connection:
            me = await owner(site, connection, request)
            if me is None:
                return redirect_with_notice(HISTORY)
            match fields:
                case {"language": wish} if wish in set(Language):
                    await people.set_language(connection, me.id, wish)
                    answer = redirect_with_notice(SETTINGS, "language")
                    remember_language(answer, Language(wish))
                    return answer
                case {"first": wish} if wish in {"me", "eva"}:
                    await people.set_guesses_first(connection, me.id, first=wish == "me")
                    return redirect_with_notice(SETTINGS, "first" if wish == "me" else "tell")
                case {"name": wish}:
                    name = tidy(wish)
                    if name is None:
                        refusal = text("talk.name.refused", language)
                        return show(request, me, status=422, written=wish, refusal=refusal)
                    if not await people.set_name(connection, me.id, name):
                        refusal = text("me.name.taken", language, name=name)
                        return show(request, me, status=409, written=wish, refusal=refusal)
                    return redirect_with_notice(SETTINGS, "name")
        raise HTTPException(400)

    def show(
        request: Request,
        me: Person,
        *,
        status: int = 200,
        says: tuple[str, ...] = (),
        written: str | None = None,
        refusal: str | None = None,
        moderates: bool = False,
    ) -> Response:
        language = language_of(request)
        return render(
            request,
            "me/settings.html",
            status=status,
            section=SECTION,
            tab="settings",
            me=me,
            spoken=list(Language),
            name=me.name or made_up(me.id, language),
            most=MOST_LETTERS,
            says=says,
            written=me.name or "" if written is None else written,
            refusal=refusal,
            moderates=moderates,
        )

    return router
