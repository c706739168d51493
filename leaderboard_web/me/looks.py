"""`/me/looks/{id}`: one of a person's own looks, with all that Eva said about it, and what they can do about it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fastapi import APIRouter, HTTPException, Request, Response

from bot.actions import Action, Verb
from bot.names import made_up
from bot.talk import comment
from bot.voice import speak, style_name
from core.db.tables import Asked
from core.retention import delete_look
from core.styles import STYLES, Style
from core.vision.verdict import Band
from leaderboard_web.answer import bar
from leaderboard_web.me.own import own
from leaderboard_web.me.owner import HISTORY, SECTION, own_look
from leaderboard_web.pages import language_of, render
from leaderboard_web.redirects import notice_from_query, redirect_with_notice
from leaderboard_web.routing import PageRoute
from leaderboard_web.upload import read_fields

if TYPE_CHECKING:
    from core.db.looks import Look
    from core.db.people import Person
    from leaderboard_web.site import Site

__all__ = ["look_path", "look_routes"]

VERBS = {Verb.SHARE, Verb.KEEP, Verb.UNSHARE, Verb.GUESS, Verb.CORRECT, Verb.RESULT}
"""What the page's forms can ask for, in their field `do`."""
SAID = {
    "shared": "talk.shared",
    "kept": "talk.kept",
    "unshared": "talk.unshared",
    "corrected": "talk.correct.thanks",
    "agreed": "talk.correct.same",
    "late": "talk.guess.late",
    "told": "talk.guess.told",
}


def look_path(look_id: object) -> str:
    """The address of the page."""
    return f"{HISTORY}/looks/{look_id}"


def look_routes(site: Site) -> APIRouter:
    """The page, its forms, and the question before a look is deleted."""
    router, memory, stylist = APIRouter(route_class=PageRoute), site.memory, site.stylist

    @router.get("/me/looks/{look_id}", response_class=Response)
    async def page(request: Request, look_id: str) -> Response:
        """The page; where its owner wants to guess first, only the question."""
        async with memory.database.autocommit() as connection:
            me, look = await own_look(site, connection, request, look_id)
        return show(request, me, look)

    @router.post("/me/looks/{look_id}", response_class=Response)
    async def do(request: Request, look_id: str) -> Response:
        """Do what a button asks for, as the same button does in chat."""
        fields = await read_fields(request)
        verb, style = fields.get("do"), fields.get("style")
        if verb not in VERBS or (verb in {Verb.GUESS, Verb.CORRECT}) != (style in set(Style)):
            raise HTTPException(400)
        action_verb, named = Verb(verb), Style(style) if style else None
        async with memory.database.autocommit() as connection:
            me, look = await own_look(site, connection, request, look_id)
        me = replace(me, language=language_of(request))
        answer = await stylist.grant(me, Action(verb=action_verb, look=look.id, style=named))
        if answer.ask is Verb.TAKE:
            return redirect_with_notice(f"{look_path(look.id)}/name")
        said = _said(action_verb, named, look, answer.look)
        if said is None:
            return show(request, me, answer.look or look, status=409, says=answer.sentences)
        return redirect_with_notice(look_path(look.id), said or None)

    @router.get("/me/looks/{look_id}/delete", response_class=Response)
    async def ask(request: Request, look_id: str) -> Response:
        """Ask before it is deleted."""
        async with memory.database.autocommit() as connection:
            _, look = await own_look(site, connection, request, look_id)
        mine = own(look, memory, language_of(request))
        return render(request, "me/delete.html", section=SECTION, look=mine)

    @router.post("/me/looks/{look_id}/delete", response_class=Response)
    async def delete(request: Request, look_id: str) -> Response:
        """Delete it, its pictures and its hearts."""
        async with memory.database.autocommit() as connection:
            _, look = await own_look(site, connection, request, look_id)
        await delete_look(memory, look.id)
        return redirect_with_notice(HISTORY, "deleted")

    def show(
        request: Request,
        me: Person,
        look: Look,
        *,
        status: int = 200,
        says: tuple[str, ...] = (),
    ) -> Response:
        """The page, with what Eva says about what was just done: a text's key, or her very words."""
        language = language_of(request)
        mine, verdict, photo = own(look, memory, language), look.verdict, str(look.id)
        styles = [(each, style_name(each, language)) for each in STYLES]
        if mine.sealed:
            return render(request, "me/guess.html", status=status, section=SECTION, look=mine, styles=styles, says=says)
        guess, correction = look.guessed_style, look.corrected_style
        style = verdict.style if correction is None or request.query_params.get("said") == "agreed" else correction
        names = {"name": me.name or made_up(me.id, language), "style": style_name(style, language)}
        return render(
            request,
            "me/look.html",
            status=status,
            section=SECTION,
            look=mine,
            styles=styles,
            says=says or notice_from_query(request, SAID, **names),
            comment=comment(guess, verdict, photo=photo, language=language) if guess else None,
            bubbles=speak(verdict, photo=photo, language=language),
            bars=[bar(style, share, language) for style, share in verdict.ranking] if mine.style_name else [],
            correction=style_name(correction, language) if correction else None,
        )

    return router


def _said(verb: Verb, style: Style | None, before: Look, after: Look | None) -> str | None:
    """The name, in `SAID`, of what was done; empty where the page itself tells it, None where nothing was done."""
    if after is None:
        return None
    outfit = after.verdict.band is not Band.NOT_AN_OUTFIT
    match verb:
        case Verb.SHARE:
            return "shared" if after.on_board else None
        case Verb.CORRECT:
            return "agreed" if outfit and style is after.verdict.style else "corrected"
        case Verb.GUESS if before.asked is not Asked.GUESS:
            return "told" if before.guessed_style is None else "late"
        case Verb.GUESS | Verb.RESULT:
            return ""
        case _:
            return "unshared" if before.shared_at is not None else "kept"
