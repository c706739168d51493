"""`/me/looks/{id}/name`: under which name the first look is shared, as Eva asks for it in chat."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fastapi import APIRouter, HTTPException, Request, Response

from bot.actions import Action, Verb
from bot.names import MOST_LETTERS, made_up
from bot.texts import text
from leaderboard_web.me.looks import look_path
from leaderboard_web.me.own import own
from leaderboard_web.me.owner import SECTION, own_look
from leaderboard_web.pages import language_of, render
from leaderboard_web.redirects import redirect_with_notice
from leaderboard_web.routing import PageRoute
from leaderboard_web.upload import read_fields

if TYPE_CHECKING:
    from core.db.looks import Look
    from core.db.people import Person
    from leaderboard_web.site import Site

__all__ = ["naming_routes"]


def naming_routes(site: Site) -> APIRouter:
    """The question and its answers: a name, the one that Eva made up, or not to share after all."""
    router, memory, stylist = APIRouter(route_class=PageRoute), site.memory, site.stylist

    @router.get("/me/looks/{look_id}/name", response_class=Response)
    async def ask(request: Request, look_id: str) -> Response:
        """The question; only who has just wanted to share the look is asked."""
        async with memory.database.autocommit() as connection:
            me, look = await own_look(site, connection, request, look_id)
        if me.naming != look.id or not own(look, memory, language_of(request)).may_be_shared:
            return redirect_with_notice(look_path(look.id))
        return show(request, me, look)

    @router.post("/me/looks/{look_id}/name", response_class=Response)
    async def take(request: Request, look_id: str) -> Response:
        """Share under the name in the field `name`, and without one under the made-up name."""
        fields = await read_fields(request)
        words, language = fields.get("name", "").strip(), language_of(request)
        if fields.get("do") not in {Verb.TAKE, Verb.KEEP}:
            raise HTTPException(400)
        async with memory.database.autocommit() as connection:
            me, look = await own_look(site, connection, request, look_id)
        me = replace(me, language=language, naming=look.id)
        if fields["do"] == Verb.KEEP:
            await stylist.grant(me, Action(verb=Verb.KEEP, look=look.id))
            return redirect_with_notice(look_path(look.id), "kept")
        heard = await stylist.hear(me, words) if words else None
        answer = heard or await stylist.grant(me, Action(verb=Verb.TAKE, look=look.id))
        if answer.look is not None and answer.look.on_board:
            return redirect_with_notice(look_path(look.id), "shared")
        # The name that she offers stands in the form.
        return show(request, me, answer.look or look, status=422, written=words, says=answer.sentences[:1])

    def show(
        request: Request,
        me: Person,
        look: Look,
        *,
        status: int = 200,
        written: str = "",
        says: tuple[str, ...] = (),
    ) -> Response:
        language = language_of(request)
        name = me.name or made_up(me.id, language)
        return render(
            request,
            "me/name.html",
            status=status,
            section=SECTION,
            look=own(look, memory, language),
            made_up=name,
            most=MOST_LETTERS,
            written=written,
            says=says or (text("talk.name.ask", language, name=name),),
            refused=bool(says),
        )

    return router
