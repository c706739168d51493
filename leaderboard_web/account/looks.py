"""`/me/looks/{id}`: one of the person's own looks, and the forms that share, correct or delete it."""

from dataclasses import replace
from typing import Annotated, Literal

from fastapi import APIRouter, Form, HTTPException, Response

from core.conversation.actions import Action, ActionType, tag_name
from core.conversation.display_names import MAX_NAME_LENGTH, display_name
from core.conversation.item_texts import correction_notes
from core.conversation.narration import style_name, verdict_messages
from core.conversation.reply import ReplyKind, repeat_guess
from core.conversation.reply_texts import reply_sentences
from core.conversation.smalltalk import comment_on_guess
from core.db.schema import Channel
from core.i18n.clothing_names import main_color_text
from core.i18n.translations import Language, translate
from core.services.deletion import delete_look
from core.styles import STYLES, Style
from leaderboard_web.account.current_person import SECTION, AccountRoute, OwnedLook, OwnLook
from leaderboard_web.account.own_look import build_own_look
from leaderboard_web.dependencies import Context, RequestContext, State
from leaderboard_web.redirects import NoticeQuery, notice_sentences, redirect_with_notice
from leaderboard_web.templating import render_page
from leaderboard_web.urls import url_for
from leaderboard_web.view_models import build_bars, build_worn

ALLOWED_ACTIONS = {
    ActionType.SHARE,
    ActionType.KEEP_PRIVATE,
    ActionType.UNSHARE,
    ActionType.GUESS,
    ActionType.CORRECT,
    ActionType.SHOW_RESULT,
    ActionType.ALLOW_LEARNING,
    ActionType.DECLINE_LEARNING,
}
"""What the forms of the page can submit in their field `do`."""
LOOK_NOTICES = {
    "shared": "talk.shared",
    "kept": "talk.kept",
    "unshared": "talk.unshared",
    "corrected": "talk.correct.thanks",
    "agreed": "talk.correct.same",
    "late": "talk.guess.late",
    "told": "talk.guess.told",
    "learn": "me.learning.thanks",
    "nolearn": "talk.learning.no",
}
NOTICE_BY_REPLY = {
    ReplyKind.SHARED: "shared",
    ReplyKind.KEPT_PRIVATE: "kept",
    ReplyKind.UNSHARED: "unshared",
    ReplyKind.CORRECTION_RECORDED: "corrected",
    ReplyKind.CORRECTION_UNCHANGED: "agreed",
    ReplyKind.GUESS_ALREADY_MADE: "late",
    ReplyKind.GUESS_AFTER_VERDICT: "told",
    ReplyKind.LEARNING_ALLOWED: "learn",
    ReplyKind.LEARNING_DECLINED: "nolearn",
    ReplyKind.GUESS_RECORDED: None,
    ReplyKind.VERDICT: None,
}
"""Notices after successful actions, None where the page itself shows the result. Other replies are refusals."""

router = APIRouter(route_class=AccountRoute)


@router.get("/me/looks/{look_id}", name="own_look")
async def own_look_page(context: Context, own: OwnLook, notice: NoticeQuery = "") -> Response:
    """The look; while the person has still to guess, only the photo and the question."""
    return _render_look(context, own, notice=notice)


@router.post("/me/looks/{look_id}", name="change_own_look")
async def change_own_look(
    context: Context, own: OwnLook, do: Annotated[ActionType, Form()], style: Annotated[Style | None, Form()] = None
) -> Response:
    """Execute the action of a button; guesses and corrections need a style.

    Raises:
        HTTPException: 400, for an action that this page does not offer, or a style that is missing or superfluous.
    """
    if do not in ALLOWED_ACTIONS or (do in {ActionType.GUESS, ActionType.CORRECT}) != (style is not None):
        raise HTTPException(400)
    person = replace(own.owner, language=context.language)
    action = Action(type=do, look_id=own.look.id, style=style)
    reply = repeat_guess(await context.state.conversation.handle_action(person, action, chat=Channel.WEB))
    if reply.kind is ReplyKind.NAME_PROMPT:
        return redirect_with_notice(url_for("display_name_prompt", look_id=own.look.id))
    if reply.kind in NOTICE_BY_REPLY:
        return redirect_with_notice(url_for("own_look", look_id=own.look.id), NOTICE_BY_REPLY[reply.kind])
    current = replace(own, look=reply.look or own.look)
    return _render_look(context, current, status=409, messages=reply_sentences(reply))


@router.get("/me/looks/{look_id}/delete", name="confirm_delete_look")
async def confirm_delete_look(context: Context, own: OwnLook) -> Response:
    """Ask for confirmation."""
    look = build_own_look(own.look, context.state.resources, context.language)
    return render_page(context, "account/delete_look.html", section=SECTION, look=look)


@router.post("/me/looks/{look_id}/delete", name="delete_own_look")
async def delete_own_look(own: OwnLook, state: State) -> Response:
    """Delete the look, its images and its hearts.

    Raises:
        StorageUnavailableError: the images cannot be deleted; nothing was deleted.
    """
    await delete_look(state.resources, own.look.id)
    return redirect_with_notice(url_for("account"), "deleted")


@router.get("/me/looks/{look_id}/name", name="display_name_prompt")
async def display_name_prompt(context: Context, own: OwnLook) -> Response:
    """Ask for a display name before the first look is shared; other visits are redirected to the look."""
    is_pending = own.owner.pending_name_look_id == own.look.id
    if not is_pending or not build_own_look(own.look, context.state.resources, context.language).may_be_shared:
        return redirect_with_notice(url_for("own_look", look_id=own.look.id))
    return _render_name_prompt(context, own)


@router.post("/me/looks/{look_id}/name", name="choose_display_name")
async def choose_display_name(
    context: Context,
    own: OwnLook,
    do: Annotated[
        Literal[ActionType.ACCEPT_NAME, ActionType.KEEP_PRIVATE, ActionType.CONFIRM_NAME, ActionType.CANCEL_NAME],
        Form(),
    ],
    name: Annotated[str, Form()] = "",
    name_tag: Annotated[str | None, Form()] = None,
) -> Response:
    """Show a typed name back, share under the confirmed or the suggested name, or keep the look private."""
    person = replace(own.owner, language=context.language, pending_name_look_id=own.look.id)
    look_url = url_for("own_look", look_id=own.look.id)
    submitted_name = name.strip()
    reply = None
    if do is ActionType.ACCEPT_NAME and submitted_name:
        reply = await context.state.conversation.propose_name(person, own.look.id, submitted_name, chat=Channel.WEB)
    if reply is None:
        action = Action(type=do, look_id=own.look.id, name_tag=name_tag)
        reply = await context.state.conversation.handle_action(person, action, chat=Channel.WEB)
    if reply.kind is ReplyKind.KEPT_PRIVATE:
        return redirect_with_notice(look_url, "kept")
    if reply.kind in {ReplyKind.NAME_CONFIRMATION, ReplyKind.NAME_PROMPT}:
        return redirect_with_notice(url_for("display_name_prompt", look_id=own.look.id))
    if reply.kind is ReplyKind.SHARED:
        return redirect_with_notice(look_url, "shared")
    current = replace(own, look=reply.look or own.look)
    # The second sentence would repeat the suggestion that the form shows.
    error = reply_sentences(reply)[0]
    return _render_name_prompt(context, current, submitted_name=submitted_name, error=error)


def _render_look(
    context: RequestContext, own: OwnedLook, *, notice: str = "", status: int = 200, messages: tuple[str, ...] = ()
) -> Response:
    """The page of a look.

    Args:
        context: of the request.
        own: the look and its owner.
        notice: one of `LOOK_NOTICES`; empty for none.
        status: HTTP status.
        messages: sentences of Eva above the look, instead of a notice.
    """
    language = context.language
    look, verdict, seed = own.look, own.look.verdict, own.look.variant_seed
    view = build_own_look(look, context.state.resources, language)
    styles = [(style, style_name(style, language)) for style in STYLES]
    if view.awaiting_guess:
        return render_page(
            context,
            "account/guess.html",
            status=status,
            section=SECTION,
            look=view,
            styles=styles,
            messages=messages,
        )
    guess_comment = None
    if look.guessed_style is not None:
        guess_comment = comment_on_guess(look.guessed_style, verdict, seed=seed, language=language)
    return render_page(
        context,
        "account/look.html",
        status=status,
        section=SECTION,
        look=view,
        is_banned=own.owner.banned_at is not None,
        styles=styles,
        messages=messages or _notice_sentences(own, notice, language),
        guess_comment=guess_comment,
        verdict_messages=verdict_messages(verdict, seed=seed, language=language),
        worn=build_worn(verdict, language),
        main_color=main_color_text(verdict.attributes, language),
        bars=build_bars(verdict.probabilities, language) if view.style_name else [],
        correction_notes=correction_notes(look, language),
        asks_to_learn=look.is_corrected and own.owner.owes_learning_answer,
    )


def _notice_sentences(own: OwnedLook, notice: str, language: Language) -> tuple[str, ...]:
    """What is said about what the person did before; the notice may name the verdict."""
    look = own.look
    style = look.style if notice == "agreed" else look.accepted_style
    name = display_name(own.owner.id, own.owner.name, language)
    return notice_sentences(notice, LOOK_NOTICES, language, name=name, style=style_name(style, language))


def _render_name_prompt(
    context: RequestContext, own: OwnedLook, *, submitted_name: str = "", error: str | None = None
) -> Response:
    """The form for the display name.

    Args:
        context: of the request.
        own: the look to share and its owner.
        submitted_name: what the person typed before.
        error: why that name cannot be used; None on the first visit.
    """
    language = context.language
    suggested_name = display_name(own.owner.id, own.owner.name, language)
    name_to_confirm = own.owner.pending_name if error is None else None
    question = translate("talk.name.ask", language, name=suggested_name)
    if name_to_confirm is not None:
        question = translate("talk.name.confirm", language, name=name_to_confirm)
    return render_page(
        context,
        "account/display_name.html",
        status=200 if error is None else 422,
        section=SECTION,
        look=build_own_look(own.look, context.state.resources, language),
        suggested_name=suggested_name,
        max_name_length=MAX_NAME_LENGTH,
        submitted_name=submitted_name,
        messages=(error or question,),
        name_tag=None if name_to_confirm is None else tag_name(name_to_confirm),
        is_refused=error is not None,
    )
