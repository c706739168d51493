"""The conversation at `/try`: what is done with a photo, a press and words, and what the page then shows."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from uuid import UUID

import structlog
from anyio import to_thread
from fastapi import HTTPException, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from bot.actions import Action, Verb
from bot.stylist import Answer
from bot.talk import chat, label
from bot.texts import text
from bot.voice import describe, style_name
from core.db import looks, people
from core.db.tables import Channel
from core.errors import EvaError
from core.ids import uuid7
from core.keys import secret_key
from core.styles import STYLES, Style
from leaderboard_web.conversation import SAMPLE, Item, Line, Scene, deeds, greeting
from leaderboard_web.errors import sentence_for, status_of, wants_json
from leaderboard_web.notes import Notes
from leaderboard_web.pages import language_of, part, render
from leaderboard_web.upload import read_fields, read_form, uploaded

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from core.db.people import Person
    from leaderboard_web.site import Site

__all__ = ["TRY", "Reply", "Room"]

log = structlog.get_logger()

TRY = "/try"
GRANTED = {Verb.SHARE, Verb.KEEP, Verb.UNSHARE, Verb.GUESS, Verb.CORRECT, Verb.STAY, Verb.RESULT, Verb.TAKE}
"""What can be pressed here."""
MOST_LETTERS = 300
"""Of what is written to Eva at once."""
ATTEMPT = re.compile(r"[0-9a-f]{16,64}")
"""The number that a script gives to a photo, so that one that is sent again after the line broke is judged once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What is said next."""

    scene: Scene | None
    says: Sequence[Item]
    token: str | None = None
    """Of a visitor who has just become one."""


class Room:
    """The conversation with whoever asks."""

    def __init__(self, site: Site) -> None:
        self.site, self.desk = site, site.desk
        self.memory, self.stylist, self.guests = site.memory, site.stylist, site.guests
        self.notes = Notes(secret_key(site.settings))
        self.samples = {path.stem for path in site.samples.glob("*.jpg")}

    async def person(self, request: Request) -> Person | None:
        """Who asks, in the language of the page, if Eva knows them. Of a stranger the database is not asked."""
        if self.guests.key_of(request) is None:
            return None
        async with self.memory.database.begin() as connection:
            known = await self.guests.known(connection, request)
            found = None if known is None else await people.get(connection, known)
        return None if found is None else replace(found, language=language_of(request))

    async def scene(self, request: Request, person: Person, *, look: UUID | None, again: bool = False) -> Scene | None:
        """This look of the person's, or else the latest; None if there is none."""
        async with self.memory.database.begin() as connection:
            found = await looks.get(connection, look) if look is not None else None
            if found is None or found.person_id != person.id:
                # One without a time was cut short while its pictures were stored.
                latest = await looks.of_person(connection, person.id, limit=5)
                found, again = next((each for each in latest if each.stored_at is not None), None), False
            now = await people.get(connection, person.id)
        if found is None or now is None:
            return None
        return Scene(
            look=found,
            person=replace(now, language=person.language),
            links=self.memory.links,
            language=language_of(request),
            again=again,
        )

    async def page(self, request: Request, *, status: int = 200, refusal: str | None = None) -> Response:
        """The conversation about the look in the address, or the latest one."""
        person, language = await self.person(request), language_of(request)
        query, scene = request.query_params, None
        if person is not None:
            scene = await self.scene(request, person, look=_uuid(query.get("look")), again="again" in query)
        said = scene.history() if scene is not None else greeting(language)
        noted = self.notes.read(request)
        if any(line.who == "eva" and line not in said for line in noted):
            said = [*said, *noted]
        if refusal is not None:
            said = [*said, Line(who="eva", text=refusal)]
        answer = render(
            request,
            "chat.html",
            status=status,
            section="try",
            styles=[(style, style_name(style, language), describe(style, language)) for style in STYLES],
            samples=sorted(self.samples),
            items=said,
            scene=scene,
            deeds=deeds(scene) if scene is not None else None,
            guesses_first=person is not None and person.guesses_first,
            hours=self.site.settings.keep_private_hours,
        )
        self.notes.clear(request, answer)
        return answer

    async def show(self, request: Request) -> Reply:
        """A photo, or the name of a sample."""
        form = await read_form(request)
        data, source = await uploaded(form), ""
        if data is None:
            data = await uploaded(form, "camera")
        if (sample := form.get("sample")) in self.samples:
            data = await to_thread.run_sync((self.site.samples / f"{sample}.jpg").read_bytes)
            source = f"{SAMPLE}{sample}:"
        if data is None:
            raise HTTPException(400)
        attempt = form.get("attempt")
        known = isinstance(attempt, str) and ATTEMPT.fullmatch(attempt) is not None
        source += str(attempt) if known else str(uuid7())
        with self.desk.seat():
            person, token = await self._meet(request)
            first = "guess" in form
            if first != person.guesses_first:
                await self.stylist.grant(person, Action(verb=Verb.GUESS if first else Verb.TELL))
            judged = await self.stylist.judging.judge(
                data, person_id=person.id, channel=Channel.WEB, source=source, language=person.language
            )
        if judged.known:
            await self.stylist.told(judged.look)
        scene = await self.scene(request, person, look=judged.look.id, again=judged.known)
        return Reply(scene=scene, says=scene.opening() if scene is not None else [], token=token)

    async def hear(self, request: Request) -> Reply:
        """Words: what Eva has asked for, else chat."""
        fields = await read_fields(request)
        words = " ".join(fields.get("words", "").split())[:MOST_LETTERS]
        look = _uuid(fields.get("look"))
        person = await self.person(request)
        if person is None:
            return Reply(scene=None, says=[*_you(words), *_eva([chat(words, language_of(request))])])
        answer = await self.stylist.hear(person, words, look)
        if answer is None:
            answer = Answer(language=language_of(request), sentences=(chat(words, language_of(request)),))
        return await self._reply(request, person, answer, look, words)

    async def press(self, request: Request) -> Reply:
        """A button."""
        language, action = language_of(request), _action(await read_fields(request))
        pressed = text("try.never_mind", language) if action.verb is Verb.STAY else label(action, language)
        person = await self.person(request)
        if person is None:
            return Reply(scene=None, says=[*_you(pressed), *_eva([text("talk.look_gone", language)])])
        return await self._reply(request, person, await self.stylist.grant(person, action), action.look, pressed)

    async def _reply(self, request: Request, person: Person, answer: Answer, look: UUID | None, said: str) -> Reply:
        scene = await self.scene(request, person, look=look)
        told = scene.told() if answer.reveal and scene is not None else []
        return Reply(scene=scene, says=[*_you(said), *_eva(answer.sentences), *told])

    async def reply(self, request: Request, work: Callable[[Request], Awaitable[Reply]]) -> Response:
        """Do what a form asks: the next parts of the conversation for scripts, the page to go to for all others."""
        try:
            found = await work(request)
        except (EvaError, HTTPException) as error:
            if wants_json(request):
                raise
            status = status_of(error) if isinstance(error, EvaError) else error.status_code
            log.info("refused", error=type(error).__name__, status=int(status))
            page = await self.page(request, status=status, refusal=sentence_for(error, language_of(request)))
            page.headers.update((error.headers or {}) if isinstance(error, HTTPException) else {})
            return page
        answer = self._parts(request, found) if wants_json(request) else self._redirect(found)
        if found.token is not None:
            self.guests.remember(request, answer, found.token)
        return answer

    async def _meet(self, request: Request) -> tuple[Person, str]:
        token = self.guests.token_for(request)
        async with self.memory.database.begin() as connection:
            met = await people.get(connection, await self.guests.meet(connection, request, token))
        if met is None:
            raise HTTPException(503)
        return replace(met, language=language_of(request)), token

    def _parts(self, request: Request, found: Reply) -> Response:
        scene = found.scene
        parts = {
            "url": _url(scene),
            "photo": part(request, "chat_items.html", items=[scene.photo()]) if scene is not None else "",
            "says": part(request, "chat_items.html", items=found.says),
            "deeds": part(request, "chat_deeds.html", deeds=deeds(scene)) if scene is not None else "",
        }
        return JSONResponse(parts, headers={"Cache-Control": "no-store"})

    def _redirect(self, found: Reply) -> Response:
        answer = RedirectResponse(_url(found.scene), 303)
        self.notes.leave(answer, [item for item in found.says if isinstance(item, Line) and not item.told])
        return answer


def _url(scene: Scene | None) -> str:
    """The page that shows a scene."""
    if scene is None:
        return TRY
    query = {"look": str(scene.look.id)}
    if scene.again:
        query["again"] = "1"
    return f"{TRY}?{urlencode(query)}"


def _you(words: str) -> list[Item]:
    return [Line(who="you", text=words)] if words else []


def _eva(sentences: Sequence[str]) -> list[Item]:
    return [Line(who="eva", text=each) for each in sentences]


def _action(fields: dict[str, str]) -> Action:
    """What was pressed.

    Raises:
        HTTPException: 400, no page of ours has such a button.
    """
    verb, _, style = fields.get("do", "").partition(".")
    look = _uuid(fields.get("look"))
    if verb not in GRANTED or look is None or (style and style not in set(Style)):
        raise HTTPException(400)
    return Action(verb=Verb(verb), look=look, style=Style(style) if style else None)


def _uuid(words: str | None) -> UUID | None:
    try:
        return UUID(words) if words else None
    except ValueError:
        return None
