"""`/try`: the chat with Eva in the browser: a photo, text and buttons, each of which works without JavaScript."""

import re
from collections.abc import Callable, Coroutine, Sequence
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
from core.conversation.intents import Intent, find_intent
from core.conversation.listings import get_own_looks, leaderboard_line, list_similar, own_looks_text
from core.conversation.news_visits import record_news_visit
from core.conversation.reply import ReplyKind, repeat_guess
from core.conversation.reply_texts import reply_sentences
from core.conversation.sharing import SAMPLE_SOURCE_PREFIX
from core.conversation.smalltalk import button_label, reply_to_text
from core.conversation.week_card_texts import MIN_LOOKS, few_looks_sentence, get_week
from core.db import people
from core.db.people import Person
from core.db.schema import Channel
from core.errors import EvaError
from core.i18n.translations import Language, VariantSeed, translate
from core.styles import Style
from leaderboard_web.chat_responses import ChatReply, get_person, load_view, render_chat, respond
from leaderboard_web.chat_view import ChatItem, ChatLine, ChatView
from leaderboard_web.dependencies import AppState, Lang, State, Viewer, app_state, current_viewer
from leaderboard_web.errors import NoPhotoError, message_for, status_for, wants_json
from leaderboard_web.forms import MultipartForm, uploaded_bytes
from leaderboard_web.routes.site_files import SHARED_PHOTO
from leaderboard_web.urls import PageRoute
from leaderboard_web.view_models import WeekCardItem, build_week_card
from leaderboard_web.viewer import ViewerSession, request_language

log = structlog.get_logger()

CHAT_PATH = "/try"
ALLOWED_ACTIONS = {
    ActionType.SHARE,
    ActionType.KEEP_PRIVATE,
    ActionType.UNSHARE,
    ActionType.GUESS,
    ActionType.CORRECT,
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
    request: Request,
    viewer: Viewer,
    language: Lang,
    state: State,
    look: Annotated[ChatLookId, Query()] = None,
    again: Annotated[str | None, Query()] = None,
) -> Response:
    """The conversation about a look after Eva's greeting; `again` marks a photo that was sent before."""
    return await render_chat(request, state, viewer, language, look_id=look, is_duplicate=again is not None)


@router.post(CHAT_PATH, name="chat_photo")
async def send_photo(
    request: Request,
    form: MultipartForm,
    viewer: Viewer,
    language: Lang,
    state: State,
    shared_from: Annotated[str | None, Query(alias=SHARED_PHOTO)] = None,
) -> Response:
    """Judge a photo of the field `photo` or `camera`, or a `sample`; with `guess`, the person guesses first."""
    data, source = await _read_photo(form, state)
    guesses_first = "guess" in form
    person = await _get_or_create_person(state, viewer, language)
    # Another app that shares a photo has no such field.
    if guesses_first != person.guesses_first and shared_from is None:
        action_type = ActionType.GUESS if guesses_first else ActionType.REVEAL_FIRST
        await state.conversation.handle_action(person, Action(type=action_type), chat=Channel.WEB)
    judged = await state.conversation.photo_judging.judge_photo(
        data, person_id=person.id, channel=Channel.WEB, source_message_id=source, language=language
    )
    if judged.is_duplicate:
        await state.conversation.mark_verdicts_revealed(judged.look)
    view = await load_view(state, person, language, judged.look.id, is_duplicate=judged.is_duplicate)
    reply = ChatReply(view=view, items=view.opening_items() if view is not None else [])
    response = respond(request, state, viewer, language, reply)
    viewer.set_cookie(response)
    return response


@router.post(f"{CHAT_PATH}/words", name="chat_text")
async def send_text(
    request: Request,
    viewer: Viewer,
    language: Lang,
    state: State,
    words: Annotated[str, Form()] = "",
    look: Annotated[ChatLookId, Form()] = None,
) -> Response:
    """Answer Eva's question, e.g. for a name, or just talk."""
    message = " ".join(words.split())[:MAX_MESSAGE_LENGTH]
    person = await get_person(state, viewer, language)
    seed = message if person is None else state.conversation.reply_turns.next_seed(person.id)
    view, card, reveals_verdict, is_in_history = None, None, False, False
    if person is None:
        lines = _eva_lines(_answer_visitor(message, seed, language))
    else:
        reply = await state.conversation.handle_text(person, message, look, chat=Channel.WEB)
        shown_id = look if reply is None or reply.look is None else reply.look.id
        view = await load_view(state, person, language, shown_id)
        if reply is not None:
            lines, reveals_verdict = _eva_lines(reply_sentences(reply)), reply.reveals_verdict
            is_shown = view is not None and reply.look is not None and reply.look.id == view.look.id
            is_in_history = is_shown and reply.kind is ReplyKind.ITEM_CORRECTED
        elif find_intent(message) is Intent.WEEK:
            sentence, card = await _show_week(state, person)
            lines = _eva_lines([sentence])
            if card is not None and not wants_json(request):
                return RedirectResponse(state.url_for("week"), 303)
        else:
            lines = await _answer_words(state, person, message, look, seed)
    answer = replace(_build_reply(view, message, lines, reveals_verdict=reveals_verdict), is_in_history=is_in_history)
    if card is not None:
        answer = replace(answer, items=[*answer.items, card])
    return respond(request, state, viewer, language, answer)


@router.post(f"{CHAT_PATH}/act", name="chat_action")
async def send_action(
    request: Request,
    viewer: Viewer,
    language: Lang,
    state: State,
    do: Annotated[str, Form()],
    look: Annotated[UUID, Form()],
    name_tag: Annotated[str | None, Form()] = None,
) -> Response:
    """Press a button: an action, or an action and a style with a dot between them."""
    action = replace(_parse_action(do, look), name_tag=name_tag)
    if action.type is ActionType.CANCEL:
        label = translate("try.never_mind", language)
    else:
        label = button_label(action.choice, language)
    person = await get_person(state, viewer, language)
    if person is None:
        reply = _build_reply(None, label, _eva_lines([translate("talk.look_gone", language)]))
    else:
        result = repeat_guess(await state.conversation.handle_action(person, action, chat=Channel.WEB))
        view = await load_view(state, person, language, look)
        reply = _build_reply(view, label, _eva_lines(reply_sentences(result)), reveals_verdict=result.reveals_verdict)
    return respond(request, state, viewer, language, reply)


async def _render_refusal(request: Request, error: EvaError | HTTPException) -> Response:
    """The chat with the message of an error at its end."""
    status = status_for(error) if isinstance(error, EvaError) else error.status_code
    log.info("request_refused", error=type(error).__name__, status=int(status))
    language, state = request_language(request), await app_state(request)
    message = message_for(error, language)
    viewer = await current_viewer(request)
    response = await render_chat(request, state, viewer, language, status=status, refusal=message)
    if isinstance(error, HTTPException):
        response.headers.update(error.headers or {})
    return response


async def _get_or_create_person(state: AppState, viewer: ViewerSession, language: Language) -> Person:
    async with state.resources.database.transaction() as connection:
        person = await people.get(connection, await viewer.get_or_create_person_id(connection))
    if person is None:
        raise HTTPException(503)
    return replace(person, language=language)


def _answer_visitor(message: str, seed: VariantSeed | str, language: Language) -> list[str]:
    if find_intent(message) is Intent.WEEK:
        return [translate("week.few.line", language, count=MIN_LOOKS)]
    return [reply_to_text(message, seed, language)]


async def _answer_words(
    state: AppState, person: Person, message: str, look_id: UUID | None, seed: VariantSeed | str
) -> list[ChatLine]:
    """The answer to a message that is about no verdict: similar looks, the person's looks in numbers, or small talk.

    Args:
        state: of the application.
        person: who writes.
        message: what they write.
        look_id: the look on their screen, if any.
        seed: selects the words of small talk.
    """
    database, language = state.resources.database, person.language
    match find_intent(message):
        case Intent.SIMILAR:
            similar = await list_similar(database, person, look_id)
            lines = [leaderboard_line(entry, language) for entry in similar.entries]
            text = "\n".join([translate(similar.similarity, language), *lines])
            urls = tuple(state.url_for("look", look_id=entry.look.id) for entry in similar.entries)
            return [ChatLine(sender="eva", text=text, urls=urls)]
        case Intent.HISTORY:
            return _eva_lines([own_looks_text(await get_own_looks(database, person), language)])
        case _:
            news = await record_news_visit(database, person, message, language)
            return _eva_lines([reply_to_text(message, seed, language), *news])


def _eva_lines(sentences: Sequence[str]) -> list[ChatLine]:
    return [ChatLine(sender="eva", text=sentence) for sentence in sentences]


async def _show_week(state: AppState, person: Person) -> tuple[str, WeekCardItem | None]:
    """What Eva says about the last seven days, and their card if there are enough looks."""
    async with state.resources.database.connection() as connection:
        week = await get_week(connection, person.id)
    if not week.has_card:
        return few_looks_sentence(week, person.language), None
    card = build_week_card(state.resources.url_signer, person.id, person.language)
    return translate("talk.week.ready", person.language), card


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


def _build_reply(
    view: ChatView | None, message: str, lines: Sequence[ChatLine], *, reveals_verdict: bool = False
) -> ChatReply:
    """What the person said, what Eva answers, and the verdict if it follows."""
    items: list[ChatItem] = [ChatLine(sender="you", text=message)] if message else []
    items += lines
    if reveals_verdict and view is not None:
        items += view.verdict_items()
    return ChatReply(view=view, items=items)


def _parse_action(text: str, look_id: UUID) -> Action:
    """The action of a button.

    Raises:
        HTTPException: 400, the page has no such button.
    """
    name, _, style = text.partition(".")
    if name not in ALLOWED_ACTIONS or (style and style not in set(Style)):
        raise HTTPException(400)
    return Action(type=ActionType(name), look_id=look_id, style=Style(style) if style else None)
