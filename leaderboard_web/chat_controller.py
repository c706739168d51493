"""The conversation at `/try`: what is done with a photo, a press and words, and what the page then shows."""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode
from uuid import UUID

import structlog
from anyio import to_thread
from fastapi import HTTPException, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from core.conversation.actions import Action, ActionType
from core.conversation.narration import style_description, style_name
from core.conversation.reply_texts import reply_sentences
from core.conversation.service import Reply
from core.conversation.smalltalk import button_label, reply_to_text
from core.db import looks, people
from core.db.people import Person
from core.db.schema import Channel
from core.errors import EvaError
from core.i18n.translations import translate
from core.ids import uuid7
from core.signing import load_secret_key
from core.styles import STYLES, Style
from leaderboard_web.chat_view import SAMPLE_SOURCE_PREFIX, ChatItem, ChatLine, ChatView, available_actions, welcome
from leaderboard_web.dependencies import AppState
from leaderboard_web.errors import message_for, status_for, wants_json
from leaderboard_web.flash import FlashMessages
from leaderboard_web.forms import read_multipart, read_urlencoded, uploaded_bytes
from leaderboard_web.templating import render_fragment, render_page, request_language

log = structlog.get_logger()

CHAT_PATH = "/try"
ALLOWED_VERBS = {
    ActionType.SHARE,
    ActionType.KEEP_PRIVATE,
    ActionType.UNSHARE,
    ActionType.GUESS,
    ActionType.CORRECT,
    ActionType.CANCEL,
    ActionType.SHOW_RESULT,
    ActionType.ACCEPT_NAME,
}
"""What can be pressed here."""
MAX_MESSAGE_LENGTH = 300
"""Of what is written to Eva at once."""
ATTEMPT_ID = re.compile(r"[0-9a-f]{16,64}")
"""The number that a script gives to a photo, so that one that is sent again after the line broke is judged once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatReply:
    """What is said next."""

    view: ChatView | None
    items: Sequence[ChatItem]
    token: str | None = None
    """Of a visitor who has just become one."""


class ChatController:
    """The conversation with whoever asks."""

    def __init__(self, site: AppState) -> None:
        self.state, self.photo_slots = site, site.photo_slots
        self.memory, self.stylist, self.visitor_sessions = site.memory, site.stylist, site.visitor_sessions
        self.flash = FlashMessages(load_secret_key(site.settings))
        self.samples = {path.stem for path in site.samples.glob("*.jpg")}

    async def get_person(self, request: Request) -> Person | None:
        """Who asks, in the language of the page, if Eva knows them. Of a stranger the database is not asked."""
        if self.visitor_sessions.session_key(request) is None:
            return None
        async with self.memory.database.transaction() as connection:
            known = await self.visitor_sessions.get_person_id(connection, request)
            found = None if known is None else await people.get(connection, known)
        return None if found is None else replace(found, language=request_language(request))

    async def load_view(
        self, request: Request, person: Person, *, look: UUID | None, again: bool = False
    ) -> ChatView | None:
        """This look of the person's, or else the latest; None if there is none."""
        async with self.memory.database.transaction() as connection:
            found = await looks.get(connection, look) if look is not None else None
            if found is None or found.person_id != person.id:
                # One without a time was cut short while its pictures were stored.
                latest = await looks.list_for_person(connection, person.id, limit=5)
                found, again = next((each for each in latest if each.images_stored_at is not None), None), False
            now = await people.get(connection, person.id)
        if found is None or now is None:
            return None
        return ChatView(
            look=found,
            person=replace(now, language=person.language),
            signer=self.memory.url_signer,
            language=request_language(request),
            is_duplicate=again,
        )

    async def render_chat(self, request: Request, *, status: int = 200, refusal: str | None = None) -> Response:
        """The conversation about the look in the address, or the latest one."""
        person, language = await self.get_person(request), request_language(request)
        query, scene = request.query_params, None
        if person is not None:
            scene = await self.load_view(request, person, look=_parse_uuid(query.get("look")), again="again" in query)
        said = scene.history_items() if scene is not None else welcome(language)
        noted = self.flash.read(request)
        if any(line.sender == "eva" and line not in said for line in noted):
            said = [*said, *noted]
        if refusal is not None:
            said = [*said, ChatLine(sender="eva", text=refusal)]
        answer = render_page(
            request,
            "chat.html",
            status=status,
            section="try",
            styles=[(style, style_name(style, language), style_description(style, language)) for style in STYLES],
            samples=sorted(self.samples),
            items=said,
            scene=scene,
            deeds=available_actions(scene) if scene is not None else None,
            guesses_first=person is not None and person.guesses_first,
            hours=self.state.settings.private_photo_ttl_hours,
        )
        self.flash.clear(request, answer)
        return answer

    async def handle_photo(self, request: Request) -> ChatReply:
        """A photo, or the name of a sample."""
        form = await read_multipart(request)
        data, source = await uploaded_bytes(form), ""
        if data is None:
            data = await uploaded_bytes(form, "camera")
        if (sample := form.get("sample")) in self.samples:
            data = await to_thread.run_sync((self.state.samples / f"{sample}.jpg").read_bytes)
            source = f"{SAMPLE_SOURCE_PREFIX}{sample}:"
        if data is None:
            raise HTTPException(400)
        attempt = form.get("attempt")
        known = isinstance(attempt, str) and ATTEMPT_ID.fullmatch(attempt) is not None
        source += str(attempt) if known else str(uuid7())
        with self.photo_slots.acquire():
            person, token = await self._get_or_create_person(request)
            first = "guess" in form
            if first != person.guesses_first:
                await self.stylist.handle_action(
                    person, Action(type=ActionType.GUESS if first else ActionType.REVEAL_FIRST)
                )
            judged = await self.stylist.photo_judging.judge_photo(
                data, person_id=person.id, channel=Channel.WEB, source_message_id=source, language=person.language
            )
        if judged.is_duplicate:
            await self.stylist.mark_verdicts_revealed(judged.look)
        scene = await self.load_view(request, person, look=judged.look.id, again=judged.is_duplicate)
        return ChatReply(view=scene, items=scene.opening_items() if scene is not None else [], token=token)

    async def handle_text(self, request: Request) -> ChatReply:
        """Words: what Eva has asked for, else chat."""
        fields = await read_urlencoded(request)
        words = " ".join(fields.get("words", "").split())[:MAX_MESSAGE_LENGTH]
        look = _parse_uuid(fields.get("look"))
        person = await self.get_person(request)
        if person is None:
            return ChatReply(
                view=None, items=[*_user_lines(words), *_eva_lines([reply_to_text(words, request_language(request))])]
            )
        answer = await self.stylist.handle_text(person, words, look)
        if answer is None:
            view = await self.load_view(request, person, look=look)
            sentence = reply_to_text(words, request_language(request))
            return ChatReply(view=view, items=[*_user_lines(words), *_eva_lines([sentence])])
        return await self._build_reply(request, person, answer, look, words)

    async def handle_action(self, request: Request) -> ChatReply:
        """A button."""
        language, action = request_language(request), _parse_action(await read_urlencoded(request))
        pressed = (
            translate("try.never_mind", language)
            if action.type is ActionType.CANCEL
            else button_label(action, language)
        )
        person = await self.get_person(request)
        if person is None:
            return ChatReply(
                view=None, items=[*_user_lines(pressed), *_eva_lines([translate("talk.look_gone", language)])]
            )
        return await self._build_reply(
            request, person, await self.stylist.handle_action(person, action), action.look_id, pressed
        )

    async def _build_reply(
        self, request: Request, person: Person, answer: Reply, look: UUID | None, said: str
    ) -> ChatReply:
        scene = await self.load_view(request, person, look=look)
        told = scene.verdict_items() if answer.reveals_verdict and scene is not None else []
        return ChatReply(view=scene, items=[*_user_lines(said), *_eva_lines(reply_sentences(answer)), *told])

    async def respond(self, request: Request, work: Callable[[Request], Awaitable[ChatReply]]) -> Response:
        """Do what a form asks: the next parts of the conversation for scripts, the page to go to for all others."""
        try:
            found = await work(request)
        except (EvaError, HTTPException) as error:
            if wants_json(request):
                raise
            status = status_for(error) if isinstance(error, EvaError) else error.status_code
            log.info("refused", error=type(error).__name__, status=int(status))
            page = await self.render_chat(request, status=status, refusal=message_for(error, request_language(request)))
            page.headers.update((error.headers or {}) if isinstance(error, HTTPException) else {})
            return page
        answer = self._fragments(request, found) if wants_json(request) else self._redirect(found)
        if found.token is not None:
            self.visitor_sessions.set_cookie(request, answer, found.token)
        return answer

    async def _get_or_create_person(self, request: Request) -> tuple[Person, str]:
        token = self.visitor_sessions.token_or_new(request)
        async with self.memory.database.transaction() as connection:
            met = await people.get(
                connection, await self.visitor_sessions.get_or_create_person_id(connection, request, token)
            )
        if met is None:
            raise HTTPException(503)
        return replace(met, language=request_language(request)), token

    def _fragments(self, request: Request, found: ChatReply) -> Response:
        scene = found.view
        parts = {
            "url": _view_url(scene),
            "photo": render_fragment(request, "chat_items.html", items=[scene.photo_item()])
            if scene is not None
            else "",
            "says": render_fragment(request, "chat_items.html", items=found.items),
            "deeds": render_fragment(request, "chat_deeds.html", deeds=available_actions(scene))
            if scene is not None
            else "",
        }
        return JSONResponse(parts, headers={"Cache-Control": "no-store"})

    def _redirect(self, found: ChatReply) -> Response:
        answer = RedirectResponse(_view_url(found.view), 303)
        self.flash.write(answer, [item for item in found.items if isinstance(item, ChatLine) and not item.is_verdict])
        return answer


def _view_url(scene: ChatView | None) -> str:
    """The page that shows a scene."""
    if scene is None:
        return CHAT_PATH
    query = {"look": str(scene.look.id)}
    if scene.is_duplicate:
        query["again"] = "1"
    return f"{CHAT_PATH}?{urlencode(query)}"


def _user_lines(words: str) -> list[ChatItem]:
    return [ChatLine(sender="you", text=words)] if words else []


def _eva_lines(sentences: Sequence[str]) -> list[ChatItem]:
    return [ChatLine(sender="eva", text=each) for each in sentences]


def _parse_action(fields: dict[str, str]) -> Action:
    """What was pressed.

    Raises:
        HTTPException: 400, no page of ours has such a button.
    """
    verb, _, style = fields.get("do", "").partition(".")
    look = _parse_uuid(fields.get("look"))
    if verb not in ALLOWED_VERBS or look is None or (style and style not in set(Style)):
        raise HTTPException(400)
    return Action(type=ActionType(verb), look_id=look, style=Style(style) if style else None)


def _parse_uuid(words: str | None) -> UUID | None:
    try:
        return UUID(words) if words else None
    except ValueError:
        return None
