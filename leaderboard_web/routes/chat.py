"""`/try`: the chat with Eva in the browser: a photo, text and buttons, each of which works without JavaScript."""

import re
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

import structlog
from anyio import to_thread
from fastapi import APIRouter, Form, HTTPException, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from pydantic import BeforeValidator
from starlette.datastructures import FormData
from uuid_utils.compat import uuid7

from core.conversation.actions import Action, ActionType
from core.conversation.paraphrases import paraphrase
from core.conversation.reply import Reply, ReplyKind, repeat_guess
from core.conversation.reply_texts import reply_sentences
from core.conversation.result_card_texts import can_have_card
from core.conversation.sharing import SAMPLE_SOURCE_PREFIX
from core.conversation.smalltalk import button_label, unanswered_wishes
from core.db import people
from core.db.people import Person
from core.db.schema import Channel
from core.errors import EvaError
from core.i18n.translations import translate
from core.services.photo_judging import PhotoSource
from core.styles import Style
from leaderboard_web.chat_answers import answer_person, answer_visitor
from leaderboard_web.chat_responses import ChatReply, get_person, load_view, render_chat, respond
from leaderboard_web.chat_view import eva_lines, link_to_look, linked_line
from leaderboard_web.dependencies import AppState, Context, RequestContext, get_context
from leaderboard_web.errors import NoPhotoError, message_for, status_for, wants_json
from leaderboard_web.forms import MultipartForm, uploaded_bytes
from leaderboard_web.routes.site_files import SHARED_PHOTO
from leaderboard_web.urls import PageRoute, url_for
from leaderboard_web.view_models import WeekCardItem

log = structlog.get_logger()

CHAT_PATH = "/try"
ALLOWED_ACTIONS = {
    ActionType.SHARE,
    ActionType.KEEP_PRIVATE,
    ActionType.UNSHARE,
    ActionType.GUESS,
    ActionType.CORRECT,
    ActionType.SHOW_REASON,
    ActionType.SHOW_SWAP,
    ActionType.CANCEL,
    ActionType.SHOW_RESULT,
    ActionType.ACCEPT_NAME,
    ActionType.CONFIRM_NAME,
    ActionType.CANCEL_NAME,
    ActionType.ALLOW_LEARNING,
    ActionType.DECLINE_LEARNING,
}
"""Actions that have a button on this page."""
MAX_MESSAGE_LENGTH = 300
"""Characters of one message to Eva."""
ATTEMPT_ID = re.compile(r"[0-9a-f]{16,64}")
"""Id that a script gives to an upload, so that one that is repeated after a lost connection is judged once."""


def _parse_look_id(text: object) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None


ChatLookId = Annotated[UUID | None, BeforeValidator(_parse_look_id)]
"""The look that is talked about. Anything but an id stands for the latest look."""


class ChatRoute(PageRoute):
    """A route that shows errors of its forms as a message in the chat; scripts get them as JSON."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the handler of the route."""
        handle = super().get_route_handler()

        async def handle_with_errors(request: Request) -> Response:
            try:
                return await handle(request)
            except (EvaError, HTTPException, RequestValidationError) as error:
                if request.method != "POST" or wants_json(request):
                    raise
                return await _render_refusal(
                    request, HTTPException(400) if isinstance(error, RequestValidationError) else error
                )

        return handle_with_errors


router = APIRouter(route_class=ChatRoute)


@router.get(CHAT_PATH, name="chat")
async def chat_page(
    context: Context, look: Annotated[ChatLookId, Query()] = None, again: Annotated[str | None, Query()] = None
) -> Response:
    """The conversation about a look after Eva's greeting; `again` marks a photo that was sent before."""
    return await render_chat(context, look_id=look, is_duplicate=again is not None)


@router.post(CHAT_PATH, name="chat_photo")
async def send_photo(
    context: Context, form: MultipartForm, shared_from: Annotated[str | None, Query(alias=SHARED_PHOTO)] = None
) -> Response:
    """Judge a photo of the field `photo` or `camera`, or a `sample`; with `guess`, the person guesses first."""
    data, message_id = await _read_photo(form, context.state)
    guesses_first = "guess" in form
    person = await _get_or_create_person(context)
    # Another app that shares a photo has no such field.
    if guesses_first != person.guesses_first and shared_from is None:
        action_type = ActionType.GUESS if guesses_first else ActionType.REVEAL_FIRST
        await context.state.conversation.handle_action(person, Action(type=action_type), chat=Channel.WEB)
    source = PhotoSource(person_id=person.id, channel=Channel.WEB, message_id=message_id, language=context.language)
    judged = await context.state.conversation.photo_judging.judge_photo(data, source)
    await context.state.conversation.delete_name_question(person)
    if judged.is_duplicate:
        await context.state.conversation.mark_verdicts_revealed(judged.look)
    view = await load_view(context, person, judged.look.id, is_duplicate=judged.is_duplicate)
    response = respond(context, ChatReply(view=view, answer=view.opening_items() if view is not None else []))
    context.viewer.set_cookie(response)
    return response


@router.post(f"{CHAT_PATH}/words", name="chat_text")
async def send_text(
    context: Context, words: Annotated[str, Form()] = "", look: Annotated[ChatLookId, Form()] = None
) -> Response:
    """Answer Eva's question, e.g. for a name, or just talk."""
    message = " ".join(words.split())[:MAX_MESSAGE_LENGTH]
    person = await get_person(context)
    understood = message if person is not None and person.pending_name_look_id is not None else paraphrase(message)
    if person is None:
        return respond(
            context,
            ChatReply(view=None, message=message, answer=answer_visitor(context.state, understood, context.language)),
        )
    reply = await context.state.conversation.handle_text(person, understood, look, chat=Channel.WEB)
    if reply is not None:
        return await _respond_to_reply(context, person, message, reply, look)
    answer = [
        *await answer_person(context.state, person, understood, look),
        *eva_lines(unanswered_wishes(message, context.language)),
    ]
    if not wants_json(context.request) and any(isinstance(item, WeekCardItem) for item in answer):
        return RedirectResponse(url_for("week"), 303)
    return respond(context, ChatReply(view=await load_view(context, person, look), message=message, answer=answer))


@router.post(f"{CHAT_PATH}/act", name="chat_action")
async def send_action(
    context: Context,
    do: Annotated[str, Form()],
    look: Annotated[UUID, Form()],
    name_tag: Annotated[str | None, Form()] = None,
) -> Response:
    """Press a button: an action, or an action and a style with a dot between them."""
    action = replace(_parse_action(do, look), name_tag=name_tag)
    if action.type is ActionType.CANCEL:
        label = translate("try.never_mind", context.language)
    else:
        label = button_label(action.choice, context.language)
    person = await get_person(context)
    if person is None:
        answer = eva_lines([translate("talk.look_gone", context.language)])
        return respond(context, ChatReply(view=None, message=label, answer=answer))
    reply = repeat_guess(await context.state.conversation.handle_action(person, action, chat=Channel.WEB))
    return await _respond_to_reply(context, person, label, reply, look)


async def _respond_to_reply(
    context: RequestContext, person: Person, message: str, reply: Reply, look_id: UUID | None
) -> Response:
    """The sentences of a reply, and the verdict if it follows.

    Args:
        context: of the request.
        person: who chats.
        message: what they wrote, or the label of their button.
        reply: to it.
        look_id: the look on their screen, if any.
    """
    view = await load_view(context, person, look_id if reply.look is None else reply.look.id)
    card = None
    if reply.kind is ReplyKind.CARD and view is not None and reply.look is not None:
        if view.look.id == reply.look.id and can_have_card(view.look):
            card = replace(view.result_card_item(), is_open=True)
        else:
            reply = replace(reply, kind=ReplyKind.NO_CARD)
    sentences = reply_sentences(reply)
    lines = eva_lines(sentences)
    if reply.kind in {ReplyKind.SHARED, ReplyKind.ALREADY_SHARED} and reply.look is not None:
        lines = [link_to_look(sentences[0], reply.look, context.language)]
    elif reply.kind is ReplyKind.LEARNING_ALLOWED:
        label = translate("privacy.learning.change", context.language)
        thanks = translate("me.learning.thanks", context.language)
        lines = [linked_line(thanks, label, f"{url_for('account_settings')}#learning")]
    elif card is not None and not wants_json(context.request):
        # Without a script, messages of one page do not hold a picture.
        lines = [linked_line(sentences[0], translate("card.open", context.language), card.post_url)]
    if reply.prompt is ActionType.ALLOW_LEARNING:
        lines[-1] = replace(lines[-1], asks_to_learn=True)
    verdict = view.verdict_items() if reply.reveals_verdict and view is not None else []
    rest = eva_lines(unanswered_wishes(message, context.language))
    cards = [] if card is None else [card]
    return respond(context, ChatReply(view=view, message=message, answer=[*lines, *cards, *verdict, *rest]))


async def _render_refusal(request: Request, error: EvaError | HTTPException) -> Response:
    """The chat with the message of an error at its end."""
    status = status_for(error) if isinstance(error, EvaError) else error.status_code
    log.info("request_refused", error=type(error).__name__, status=int(status))
    context = await get_context(request)
    response = await render_chat(context, status=status, refusal=message_for(error, context.language))
    if isinstance(error, HTTPException):
        response.headers.update(error.headers or {})
    return response


async def _get_or_create_person(context: RequestContext) -> Person:
    async with context.state.resources.database.transaction() as connection:
        person = await people.get(connection, await context.viewer.get_or_create_person_id(connection))
    if person is None:
        raise HTTPException(503)
    return replace(person, language=context.language)


async def _read_photo(form: FormData, state: AppState) -> tuple[bytes, str]:
    """The bytes of a photo from the form, and the source under which its look is stored.

    Raises:
        NoPhotoError: the form has no photo.
    """
    data, source = await uploaded_bytes(form), ""
    if data is None:
        data = await uploaded_bytes(form, "camera")
    sample = form.get("sample")
    if isinstance(sample, str) and sample in state.samples:
        data = await to_thread.run_sync(state.samples[sample].path.read_bytes)
        source = f"{SAMPLE_SOURCE_PREFIX}{sample}:"
    if data is None:
        raise NoPhotoError
    attempt = form.get("attempt")
    is_attempt_id = isinstance(attempt, str) and ATTEMPT_ID.fullmatch(attempt) is not None
    return data, source + (str(attempt) if is_attempt_id else str(uuid7()))


def _parse_action(text: str, look_id: UUID) -> Action:
    """The action of a button.

    Raises:
        HTTPException: 400, the page has no such button.
    """
    name, _, style = text.partition(".")
    if name not in ALLOWED_ACTIONS or (style and style not in set(Style)):
        raise HTTPException(400)
    return Action(type=ActionType(name), look_id=look_id, style=Style(style) if style else None)
