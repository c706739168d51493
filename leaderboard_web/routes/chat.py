"""`/try`: the chat with Eva in the browser: a photo, text and buttons, each of which works without JavaScript."""

import re
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any
from uuid import UUID

import structlog
from anyio import to_thread
from fastapi import APIRouter, Form, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.datastructures import FormData

from core.conversation.actions import Action, ActionType
from core.conversation.albums import MAX_ALBUM_PHOTOS
from core.conversation.intents import Intent, find_intent
from core.conversation.news_texts import take_news
from core.conversation.reply_texts import reply_sentences
from core.conversation.smalltalk import button_label, reply_to_text
from core.conversation.week_cards import MIN_LOOKS, few_looks_sentence, get_week
from core.db import looks, people
from core.db.people import Person
from core.db.schema import Channel
from core.errors import EvaError
from core.i18n.translations import Language, VariantSeed, translate
from core.styles import STYLES, Style
from core.uuid7 import uuid7
from leaderboard_web.chat_view import (
    SAMPLE_SOURCE_PREFIX,
    ChatItem,
    ChatLine,
    ChatView,
    available_actions,
    latest_of_person,
)
from leaderboard_web.dependencies import AppState, Lang, State, Viewer, app_state, current_viewer
from leaderboard_web.errors import NoPhotoError, message_for, status_for, wants_json
from leaderboard_web.forms import MultipartForm, uploaded_bytes
from leaderboard_web.routes.site_files import SHARED_PHOTO
from leaderboard_web.sharing import allow_kakao_sdk, kakao_card_button
from leaderboard_web.templating import render_fragment, render_page
from leaderboard_web.urls import PageRoute
from leaderboard_web.viewer import ViewerSession, request_language
from leaderboard_web.week_card import WeekCardItem, build_week_card

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
LATEST = "latest"
"""Fragment of what the person did last, where the page of a browser without JavaScript opens."""
LATEST_LOOKS = 5
"""How many looks are searched for one whose images were stored."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatReply:
    """The messages that follow a form, and the look that they are about, if any."""

    view: ChatView | None
    items: Sequence[ChatItem]


@router.get(CHAT_PATH, name="chat")
async def chat_page(request: Request, viewer: Viewer, language: Lang, state: State) -> Response:
    """The conversation about the look of the query, or about the latest one, after Eva's greeting."""
    return await _render_chat(request, state, viewer, language)


@router.post(CHAT_PATH, name="chat_photo")
async def send_photo(request: Request, form: MultipartForm, viewer: Viewer, language: Lang, state: State) -> Response:
    """Judge a photo of the field `photo` or `camera`, or a `sample`; with `guess`, the person guesses first."""
    data, source = await _read_photo(form, state)
    guesses_first = "guess" in form
    person = await _get_or_create_person(state, viewer, language)
    # Another app that shares a photo has no such field.
    if guesses_first != person.guesses_first and SHARED_PHOTO not in request.query_params:
        action_type = ActionType.GUESS if guesses_first else ActionType.REVEAL_FIRST
        await state.conversation.handle_action(person, Action(type=action_type), chat=Channel.WEB)
    judged = await state.conversation.photo_judging.judge_photo(
        data, person_id=person.id, channel=Channel.WEB, source_message_id=source, language=language
    )
    if judged.is_duplicate:
        await state.conversation.mark_verdicts_revealed(judged.look)
    view = await _load_view(state, person, language, judged.look.id, is_duplicate=judged.is_duplicate)
    reply = ChatReply(view=view, items=view.opening_items() if view is not None else [])
    response = _respond(request, state, viewer, language, reply)
    viewer.set_cookie(response)
    return response


@router.post(f"{CHAT_PATH}/words", name="chat_text")
async def send_text(
    request: Request,
    viewer: Viewer,
    language: Lang,
    state: State,
    words: Annotated[str, Form()] = "",
    look: Annotated[str, Form()] = "",
) -> Response:
    """Answer Eva's question, e.g. for a name, or just talk."""
    message = " ".join(words.split())[:MAX_MESSAGE_LENGTH]
    person = await _get_person(state, viewer, language)
    seed = message if person is None else state.conversation.reply_turns.next_seed(person.id)
    view, card, reveals_verdict = None, None, False
    if person is None:
        sentences = _answer_visitor(message, seed, language)
    else:
        look_id = _parse_look_id(look)
        reply = await state.conversation.handle_text(person, message, look_id, chat=Channel.WEB)
        view = await _load_view(state, person, language, look_id)
        if reply is not None:
            sentences, reveals_verdict = list(reply_sentences(reply)), reply.reveals_verdict
        elif find_intent(message) is Intent.WEEK:
            sentences, card = await _show_week(state, person)
            if card is not None and not wants_json(request):
                return RedirectResponse(state.url_for("week"), 303)
        else:
            sentences = [reply_to_text(message, seed, language)]
            sentences += await take_news(state.resources.database, person, message, language)
    answer = _build_reply(view, message, sentences, reveals_verdict=reveals_verdict)
    if card is not None:
        answer = replace(answer, items=[*answer.items, card])
    return _respond(request, state, viewer, language, answer)


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
    person = await _get_person(state, viewer, language)
    if person is None:
        reply = _build_reply(None, label, [translate("talk.look_gone", language)])
    else:
        result = await state.conversation.handle_action(person, action, chat=Channel.WEB)
        view = await _load_view(state, person, language, look)
        reply = _build_reply(view, label, reply_sentences(result), reveals_verdict=result.reveals_verdict)
    return _respond(request, state, viewer, language, reply)


async def _render_refusal(request: Request, error: EvaError | HTTPException) -> Response:
    """The chat with the message of an error at its end."""
    status = status_for(error) if isinstance(error, EvaError) else error.status_code
    log.info("request_refused", error=type(error).__name__, status=int(status))
    language, state = request_language(request), await app_state(request)
    message = message_for(error, language)
    viewer = await current_viewer(request)
    response = await _render_chat(request, state, viewer, language, status=status, refusal=message)
    if isinstance(error, HTTPException):
        response.headers.update(error.headers or {})
    return response


async def _render_chat(
    request: Request,
    state: AppState,
    viewer: ViewerSession,
    language: Language,
    *,
    status: int = 200,
    refusal: str | None = None,
) -> Response:
    """The page of the chat.

    Args:
        request: for the page; `?look=` chooses the look, `?again` marks a photo that was sent before.
        state: of the application.
        viewer: who chats.
        language: of the page.
        status: HTTP status.
        refusal: message that Eva adds at the end.
    """
    person, view = await _get_person(state, viewer, language), None
    if person is not None:
        look_id = _parse_look_id(request.query_params.get("look", ""))
        is_duplicate = "again" in request.query_params
        view = await _load_view(state, person, language, look_id, is_duplicate=is_duplicate)
    items = view.history_items() if view is not None else []
    flashed = state.flash.read(request, viewer)
    if any(line.sender == "eva" and line not in items for line in flashed):
        items = [*items, *flashed]
    if refusal is not None:
        items = [*items, ChatLine(sender="eva", text=refusal)]
    kakao = kakao_card_button(request, state, language) if state.settings.kakao_js_key else None
    response = render_page(
        request,
        "chat.html",
        language,
        status=status,
        section="try",
        samples=[(style, state.samples[style]) for style in STYLES if style in state.samples],
        items=items,
        latest=latest_of_person(items),
        actions=available_actions(view) if view is not None else None,
        guesses_first=person is not None and person.guesses_first,
        hours=state.settings.private_photo_ttl_hours,
        max_photos=MAX_ALBUM_PHOTOS,
        kakao=kakao,
    )
    if kakao is not None:
        allow_kakao_sdk(response, kakao)
    state.flash.clear(request, response, viewer)
    return response


def _respond(
    request: Request, state: AppState, viewer: ViewerSession, language: Language, reply: ChatReply
) -> Response:
    """The new parts of the chat for scripts, or a redirect to the page for browsers without JavaScript."""
    view = reply.view
    query = None if view is None else {"look": view.look.id, "again": 1 if view.is_duplicate else None}
    url = state.url_for("chat", query=query)
    if not wants_json(request):
        redirect = RedirectResponse(f"{url}#{LATEST}", 303)
        lines = [item for item in reply.items if isinstance(item, ChatLine) and not item.is_verdict]
        state.flash.write(redirect, viewer, lines)
        return redirect
    photo = actions = ""
    if view is not None:
        photo = render_fragment("chat/_messages.html", language, items=[view.photo_item()], latest=None)
        actions = render_fragment("chat/_actions.html", language, actions=available_actions(view))
    messages = render_fragment("chat/_messages.html", language, items=reply.items, latest=None)
    content = {"url": url, "photo": photo, "messages": messages, "actions": actions}
    return JSONResponse(content, headers={"Cache-Control": "no-store"})


async def _get_person(state: AppState, viewer: ViewerSession, language: Language) -> Person | None:
    """The person who chats, with the language of the page; the database is not asked about viewers without session."""
    if viewer.key is None:
        return None
    async with state.resources.database.connection() as connection:
        person = await viewer.get_person(connection)
    return None if person is None else replace(person, language=language)


async def _get_or_create_person(state: AppState, viewer: ViewerSession, language: Language) -> Person:
    async with state.resources.database.transaction() as connection:
        person = await people.get(connection, await viewer.get_or_create_person_id(connection))
    if person is None:
        raise HTTPException(503)
    return replace(person, language=language)


async def _load_view(
    state: AppState, person: Person, language: Language, look_id: UUID | None, *, is_duplicate: bool = False
) -> ChatView | None:
    """The chat about one of a person's looks.

    Args:
        state: of the application.
        person: who chats.
        language: of the page.
        look_id: the look; the latest one if it is None, deleted or not their own.
        is_duplicate: whether its photo was sent before.

    Returns:
        The view; None if the person has no look.
    """
    async with state.resources.database.connection() as connection:
        look = await looks.get(connection, look_id) if look_id is not None else None
        if look is None or look.person_id != person.id:
            # A look without this time was interrupted while its images were stored.
            latest = await looks.list_for_person(connection, person.id, limit=LATEST_LOOKS)
            look = next((candidate for candidate in latest if candidate.images_stored_at is not None), None)
            is_duplicate = False
        current = await people.get(connection, person.id)
    if look is None or current is None:
        return None
    return ChatView(
        look=look,
        person=replace(current, language=language),
        signer=state.resources.url_signer,
        language=language,
        is_duplicate=is_duplicate,
        finds_similar_looks=state.resources.finds_similar_looks,
    )


def _answer_visitor(message: str, seed: VariantSeed | str, language: Language) -> list[str]:
    if find_intent(message) is Intent.WEEK:
        return [translate("week.few.line", language, count=MIN_LOOKS)]
    return [reply_to_text(message, seed, language)]


async def _show_week(state: AppState, person: Person) -> tuple[list[str], WeekCardItem | None]:
    """What Eva says about the last seven days, and their card if there are enough looks."""
    async with state.resources.database.connection() as connection:
        week = await get_week(connection, person.id)
    if not week.has_card:
        return [few_looks_sentence(week, person.language)], None
    card = build_week_card(state.resources.url_signer, person.id, person.language)
    return [translate("talk.week.ready", person.language)], card


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
    view: ChatView | None, message: str, sentences: Sequence[str], *, reveals_verdict: bool = False
) -> ChatReply:
    """What the person said, what Eva answers, and the verdict if it follows."""
    items: list[ChatItem] = [ChatLine(sender="you", text=message)] if message else []
    items += [ChatLine(sender="eva", text=sentence) for sentence in sentences]
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


def _parse_look_id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
