"""`/me/looks/{id}`: one of a person's own looks, with all that Eva said about it, and what they can do about it."""

from dataclasses import replace

from fastapi import APIRouter, HTTPException, Request, Response

from core.conversation.actions import Action, ActionType
from core.conversation.display_names import MAX_NAME_LENGTH, display_name
from core.conversation.narration import style_name, verdict_messages
from core.conversation.reply_texts import reply_sentences
from core.conversation.smalltalk import comment_on_guess
from core.db.looks import Look
from core.db.people import Person
from core.db.schema import PendingQuestion
from core.i18n.translations import translate
from core.services.retention import delete_look
from core.styles import STYLES, Style
from core.vision.verdict import ConfidenceBand
from leaderboard_web.account.current_person import ACCOUNT_PATH, SECTION, get_own_look
from leaderboard_web.dependencies import AppState
from leaderboard_web.forms import read_urlencoded
from leaderboard_web.language import request_language
from leaderboard_web.redirects import notice_from_query, redirect_with_notice
from leaderboard_web.routing import PageRoute
from leaderboard_web.templating import render_page
from leaderboard_web.view_models import build_bar, build_own_look

ALLOWED_ACTIONS = {
    ActionType.SHARE,
    ActionType.KEEP_PRIVATE,
    ActionType.UNSHARE,
    ActionType.GUESS,
    ActionType.CORRECT,
    ActionType.SHOW_RESULT,
}
"""What the page's forms can ask for, in their field `do`."""
LOOK_NOTICES = {
    "shared": "talk.shared",
    "kept": "talk.kept",
    "unshared": "talk.unshared",
    "corrected": "talk.correct.thanks",
    "agreed": "talk.correct.same",
    "late": "talk.guess.late",
    "told": "talk.guess.told",
}


def own_look_path(look_id: object) -> str:
    """The address of the page."""
    return f"{ACCOUNT_PATH}/looks/{look_id}"


def own_look_routes(state: AppState) -> APIRouter:
    """The page, its forms, and the question before a look is deleted."""
    router, memory, stylist = APIRouter(route_class=PageRoute), state.resources, state.conversation

    @router.get("/me/looks/{look_id}", response_class=Response)
    async def page(request: Request, look_id: str) -> Response:
        """The page; where its owner wants to guess first, only the question."""
        async with memory.database.connection() as connection:
            me, look = await get_own_look(state, connection, request, look_id)
        return show(request, me, look)

    @router.post("/me/looks/{look_id}", response_class=Response)
    async def do(request: Request, look_id: str) -> Response:
        """Do what a button asks for, as the same button does in chat."""
        fields = await read_urlencoded(request)
        verb, style = fields.get("do"), fields.get("style")
        if verb not in ALLOWED_ACTIONS or (verb in {ActionType.GUESS, ActionType.CORRECT}) != (style in set(Style)):
            raise HTTPException(400)
        action_verb, named = ActionType(verb), Style(style) if style else None
        async with memory.database.connection() as connection:
            me, look = await get_own_look(state, connection, request, look_id)
        me = replace(me, language=request_language(request))
        answer = await stylist.handle_action(me, Action(type=action_verb, look_id=look.id, style=named))
        if answer.prompt is ActionType.ACCEPT_NAME:
            return redirect_with_notice(f"{own_look_path(look.id)}/name")
        said = _notice_for(action_verb, named, look, answer.look)
        if said is None:
            return show(request, me, answer.look or look, status=409, says=reply_sentences(answer))
        return redirect_with_notice(own_look_path(look.id), said or None)

    @router.get("/me/looks/{look_id}/delete", response_class=Response)
    async def ask(request: Request, look_id: str) -> Response:
        """Ask before it is deleted."""
        async with memory.database.connection() as connection:
            _, look = await get_own_look(state, connection, request, look_id)
        mine = build_own_look(look, memory, request_language(request))
        return render_page(request, "me/delete.html", request_language(request), section=SECTION, look=mine)

    @router.post("/me/looks/{look_id}/delete", response_class=Response)
    async def delete(request: Request, look_id: str) -> Response:
        """Delete it, its pictures and its hearts."""
        async with memory.database.connection() as connection:
            _, look = await get_own_look(state, connection, request, look_id)
        await delete_look(memory, look.id)
        return redirect_with_notice(ACCOUNT_PATH, "deleted")

    def show(
        request: Request,
        me: Person,
        look: Look,
        *,
        status: int = 200,
        says: tuple[str, ...] = (),
    ) -> Response:
        """The page, with what Eva says about what was just done: a text's key, or her very words."""
        language = request_language(request)
        mine, verdict, photo = build_own_look(look, memory, language), look.verdict, str(look.id)
        styles = [(each, style_name(each, language)) for each in STYLES]
        if mine.awaiting_guess:
            return render_page(
                request,
                "me/guess.html",
                request_language(request),
                status=status,
                section=SECTION,
                look=mine,
                styles=styles,
                says=says,
            )
        guess, correction = look.guessed_style, look.corrected_style
        style = verdict.style if correction is None or request.query_params.get("said") == "agreed" else correction
        names = {"name": display_name(me.id, me.name, language), "style": style_name(style, language)}
        return render_page(
            request,
            "me/look.html",
            request_language(request),
            status=status,
            section=SECTION,
            look=mine,
            styles=styles,
            says=says or notice_from_query(request, LOOK_NOTICES, **names),
            comment=comment_on_guess(guess, verdict, seed=photo, language=language) if guess else None,
            bubbles=verdict_messages(verdict, seed=photo, language=language),
            bars=[build_bar(style, share, language) for style, share in verdict.ranking] if mine.style_name else [],
            correction=style_name(correction, language) if correction else None,
        )

    return router


def _notice_for(action: ActionType, style: Style | None, before: Look, after: Look | None) -> str | None:
    """The name, in `SAID`, of what was done; empty where the page itself tells it, None where nothing was done."""
    if after is None:
        return None
    outfit = after.verdict.band is not ConfidenceBand.NOT_AN_OUTFIT
    match action:
        case ActionType.SHARE:
            return "shared" if after.is_public else None
        case ActionType.CORRECT:
            return "agreed" if outfit and style is after.verdict.style else "corrected"
        case ActionType.GUESS if before.pending_question is not PendingQuestion.GUESS:
            return "told" if before.guessed_style is None else "late"
        case ActionType.GUESS | ActionType.SHOW_RESULT:
            return ""
        case _:
            return "unshared" if before.shared_at is not None else "kept"


def display_name_routes(state: AppState) -> APIRouter:
    """The question and its answers: a name, the one that Eva made up, or not to share after all."""
    router, memory, stylist = APIRouter(route_class=PageRoute), state.resources, state.conversation

    @router.get("/me/looks/{look_id}/name", response_class=Response)
    async def ask(request: Request, look_id: str) -> Response:
        """The question; only who has just wanted to share the look is asked."""
        async with memory.database.connection() as connection:
            me, look = await get_own_look(state, connection, request, look_id)
        if (
            me.pending_name_look_id != look.id
            or not build_own_look(look, memory, request_language(request)).may_be_shared
        ):
            return redirect_with_notice(own_look_path(look.id))
        return show(request, me, look)

    @router.post("/me/looks/{look_id}/name", response_class=Response)
    async def take(request: Request, look_id: str) -> Response:
        """Share under the name in the field `name`, and without one under the made-up name."""
        fields = await read_urlencoded(request)
        words, language = fields.get("name", "").strip(), request_language(request)
        if fields.get("do") not in {ActionType.ACCEPT_NAME, ActionType.KEEP_PRIVATE}:
            raise HTTPException(400)
        async with memory.database.connection() as connection:
            me, look = await get_own_look(state, connection, request, look_id)
        me = replace(me, language=language, pending_name_look_id=look.id)
        if fields["do"] == ActionType.KEEP_PRIVATE:
            await stylist.handle_action(me, Action(type=ActionType.KEEP_PRIVATE, look_id=look.id))
            return redirect_with_notice(own_look_path(look.id), "kept")
        heard = await stylist.handle_text(me, words) if words else None
        answer = heard or await stylist.handle_action(me, Action(type=ActionType.ACCEPT_NAME, look_id=look.id))
        if answer.look is not None and answer.look.is_public:
            return redirect_with_notice(own_look_path(look.id), "shared")
        # The name that she offers stands in the form.
        return show(request, me, answer.look or look, status=422, written=words, says=reply_sentences(answer)[:1])

    def show(
        request: Request,
        me: Person,
        look: Look,
        *,
        status: int = 200,
        written: str = "",
        says: tuple[str, ...] = (),
    ) -> Response:
        language = request_language(request)
        name = display_name(me.id, me.name, language)
        return render_page(
            request,
            "me/name.html",
            request_language(request),
            status=status,
            section=SECTION,
            look=build_own_look(look, memory, language),
            made_up=name,
            most=MAX_NAME_LENGTH,
            written=written,
            says=says or (translate("talk.name.ask", language, name=name),),
            refused=bool(says),
        )

    return router
