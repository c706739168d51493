"""What Eva does for a person, whatever messenger they use: looks at photos, and grants what buttons ask.

The messengers' rooms turn what came into calls of the `Stylist`, and what she answers into messages of their kind.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.actions import Action, Verb
from bot.names import is_made_up, made_up_names, tidy
from bot.talk import comment, named_alone
from bot.texts import Language, negotiate, text
from bot.voice import style_name
from core.db import boards, looks, opinions, people, tickets
from core.db.tables import Asked
from core.errors import PersonGone
from core.retention import forget
from core.vision.verdict import Band

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy.ext.asyncio import AsyncConnection

    from core.db.looks import Glimpse, Look
    from core.db.people import Person
    from core.db.tables import Provider
    from core.judging import Judging
    from core.memory import Memory
    from core.settings import Settings

__all__ = ["LOGIN_LINK", "Answer", "Stylist"]

LOGIN_LINK = "/login/link"
"""The page of the site that logs a person in by a token of hers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What Eva answers to a button or to words."""

    language: Language
    sentences: tuple[str, ...] = ()
    ask: Verb | None = None
    """What the buttons under it are: the eight styles for `GUESS` and `CORRECT`, a name for `TAKE`, the languages for
    `SPEAK`, delete or not for `FORGET`; None for none of these."""
    look: Look | None = None
    """The look that it is about, as it is now."""
    reveal: bool = False
    """Whether the verdict on the look is told after the sentences."""


class Stylist:
    """Eva at work, over her memory and her eyes."""

    def __init__(self, memory: Memory, judging: Judging, settings: Settings) -> None:
        self.memory, self.judging, self.settings = memory, judging, settings

    async def meet(self, provider: Provider, subject: str, tag: str | None) -> Person:
        """The person whom a provider knows by this id; a new one speaks the language of their tag.

        Args:
            provider: who knows the person.
            subject: the provider's id of them.
            tag: their language, e.g. `ko-KR`; only for the first meeting.
        """
        async with self.memory.database.direct() as connection:
            if (known := await people.reachable(connection, provider, subject)) is not None:
                return known
        async with self.memory.database.begin() as connection:
            await people.mark_reachable(connection, provider, subject)
            return await people.meet(connection, provider, subject, language=negotiate(tag))

    def page_url(self, look: Glimpse) -> str | None:
        """The page of a look that is on the board, if Eva has a public address."""
        if self.settings.public_url is None or not look.on_board:
            return None
        return f"{str(self.settings.public_url).rstrip('/')}/looks/{look.id}"

    async def login_url(self, person: Person) -> str | None:
        """An address that makes whoever opens it first this person, once and for a few minutes: for their eyes only.

        None if Eva has no public address.

        Raises:
            PersonGone: the person was forgotten.
        """
        if self.settings.public_url is None:
            return None
        async with self.memory.database.begin() as connection:
            token = await tickets.issue(connection, person.id)
        return f"{str(self.settings.public_url).rstrip('/')}{LOGIN_LINK}/{token}"

    async def told(self, *shown: Look) -> None:
        """Note that the verdicts on some looks were told, so that nobody can guess them any more."""
        waiting = [look.id for look in shown if look.asked is Asked.GUESS]
        if waiting:
            async with self.memory.database.autocommit() as connection:
                await opinions.tell(connection, *waiting)

    async def hear(self, person: Person, words: str, look_id: UUID | None = None) -> Answer | None:
        """What was written, if it answers what Eva asked: a name, a guess or a correction. None for all other words.

        Args:
            person: who writes.
            words: what.
            look_id: the look before their eyes, if the messenger knows it; else it is about the latest one.
        """
        if person.naming is None:
            return await self._hear_style(person, words, look_id)
        language = Language(person.language)
        name = tidy(words)
        async with self.memory.database.begin() as connection:
            if name is not None and await people.set_name(connection, person.id, name):
                return await self._share(connection, person, person.naming, name)
            look = await looks.get(connection, person.naming)
            proposed = await self._proposed(connection, person)
        if name is None:
            sentences: tuple[str, ...] = (
                text("talk.name.refused", language),
                text("talk.name.offer", language, name=proposed),
            )
        else:
            sentences = (text("talk.name.taken", language, name=name, proposed=proposed),)
        return Answer(language=language, sentences=sentences, ask=Verb.TAKE, look=look)

    async def _hear_style(self, person: Person, words: str, look_id: UUID | None) -> Answer | None:
        """A style that was written where Eva asked for one; where she did not, it is talk."""
        style = named_alone(words)
        if style is None:
            return None
        async with self.memory.database.autocommit() as connection:
            look = None if look_id is None else await looks.get(connection, look_id)
            if look is None or look.person_id != person.id:
                look = next(iter(await looks.of_person(connection, person.id, limit=1)), None)
        if look is None or look.asked is None:
            return None
        return await self.grant(person, Action(verb=Verb(look.asked), look=look.id, style=style))

    async def grant(self, person: Person, action: Action) -> Answer:
        """Do what a button asks, in one unit of work; pressed again, it is done once.

        Raises:
            PersonGone: the person was forgotten meanwhile.
            StorageUnavailable: under `ERASE`, the pictures cannot be reached; nothing was deleted.
        """
        language = Language(person.language)
        if action.verb is Verb.ERASE:
            await forget(self.memory, person.id)
            return Answer(language=language, sentences=(text("talk.forget.done", language),))
        async with self.memory.database.begin() as connection:
            if not await people.lock(connection, person.id):
                raise PersonGone
            # As they are now; whoever asks chose the language to answer in.
            person = replace(await people.get(connection, person.id) or person, language=person.language)
            if person.naming is not None and action.verb not in {Verb.SHARE, Verb.TAKE}:
                await people.set_naming(connection, person.id, None)
            if action.look is None:
                return await self._of_person(connection, person, action)
            look = await looks.lock(connection, action.look)
            if look is None:
                return Answer(language=language, sentences=(text("talk.look_gone", language),))
            if look.person_id != person.id:
                return Answer(language=language, sentences=(text("talk.not_yours", language),))
            return await self._of_look(connection, person, look, action)

    async def _of_person(self, connection: AsyncConnection, person: Person, action: Action) -> Answer:
        """What is about no look in particular."""
        language, ask, key = Language(person.language), None, "talk.another"
        match action.verb:
            case Verb.AGREE | Verb.DECLINE:
                given = action.verb is Verb.AGREE
                await people.set_consent(connection, person.id, given=given)
                key = "kakao.consent.thanks" if given else "kakao.consent.declined"
            case Verb.SPEAK if action.language is not None:
                await people.set_language(connection, person.id, action.language)
                language, key = action.language, "talk.language.set"
            case Verb.SPEAK:
                key, ask = "talk.language.ask", Verb.SPEAK
            case Verb.FORGET:
                key, ask = "talk.forget.ask", Verb.FORGET
            case Verb.STAY:
                key = "talk.forget.stayed"
            case Verb.GUESS | Verb.TELL:
                first = action.verb is Verb.GUESS
                await people.set_guesses_first(connection, person.id, first=first)
                key = "talk.guess.on" if first else "talk.guess.off"
            case Verb.RESULT:
                key = "talk.no_result"
            case Verb.SHARE | Verb.KEEP | Verb.UNSHARE | Verb.CORRECT | Verb.TAKE:
                # A label that was typed is about the look that was seen last.
                latest = await looks.of_person(connection, person.id, limit=1)
                if latest:
                    return await self._of_look(connection, person, latest[0], action)
                key = "talk.look_gone"
        return Answer(language=language, sentences=(text(key, language),), ask=ask)

    async def _of_look(self, connection: AsyncConnection, person: Person, look: Look, action: Action) -> Answer:
        """What is about one of the person's looks."""
        if action.verb is Verb.RESULT or (look.asked is Asked.CORRECT and action.verb is not Verb.CORRECT):
            await opinions.ask(connection, look.id, None)
        match action.verb:
            case Verb.SHARE | Verb.TAKE | Verb.KEEP | Verb.UNSHARE:
                return await self._of_board(connection, person, look, action.verb)
            case Verb.CORRECT | Verb.GUESS:
                return await self._of_style(connection, person, look, action)
            case Verb.RESULT:
                return Answer(language=Language(person.language), look=look, reveal=True)
            case Verb.STAY:
                seen = style_name(look.verdict.style, Language(person.language))
                return _about(look, Language(person.language), "talk.correct.stays", style=seen)
            case _:
                return await self._of_person(connection, person, action)

    async def _of_board(self, connection: AsyncConnection, person: Person, look: Look, verb: Verb) -> Answer:
        """To the board or not."""
        language = Language(person.language)
        if verb in {Verb.KEEP, Verb.UNSHARE}:
            await looks.unshare(connection, look.id)
            key = "talk.kept" if look.shared_at is None else "talk.unshared"
            return _about(await looks.get(connection, look.id) or look, language, key)
        if look.verdict.band is Band.NOT_AN_OUTFIT:
            return _about(look, language, "talk.no_outfit_to_share")
        if person.banned_at is not None:
            return _about(look, language, "talk.banned")
        ask = verb is Verb.SHARE and await self._is_to_be_asked(connection, person)
        name = await self._proposed(connection, person)
        if ask:
            await people.set_naming(connection, person.id, look.id)
            return _about(look, language, "talk.name.ask", ask=Verb.TAKE, name=name)
        return await self._share(connection, person, look.id, name)

    async def _of_style(self, connection: AsyncConnection, person: Person, look: Look, action: Action) -> Answer:
        """What the person takes it for, before the verdict or after."""
        language = Language(person.language)
        if action.verb is Verb.GUESS and look.asked is not Asked.GUESS:
            return _about(look, language, "talk.guess.told" if look.guessed_style is None else "talk.guess.late")
        if action.style is None:
            if action.verb is Verb.CORRECT:
                await opinions.ask(connection, look.id, Asked.CORRECT)
            return _about(look, language, f"talk.{action.verb}.ask", ask=action.verb)
        if action.verb is Verb.GUESS:
            await opinions.guess(connection, look.id, action.style)
            said = comment(action.style, look.verdict, photo=str(look.id), language=language)
            return Answer(language=language, sentences=(said,), look=look, reveal=True)
        if action.style is look.verdict.style:
            await opinions.ask(connection, look.id, None)
            return _about(look, language, "talk.correct.same", style=style_name(action.style, language))
        await opinions.correct(connection, look.id, action.style)
        return _about(look, language, "talk.correct.thanks", style=style_name(action.style, language))

    async def _proposed(self, connection: AsyncConnection, person: Person) -> str:
        """The person's name; if they have none, one that Eva makes up and keeps for them, so that no other takes it."""
        if person.name is not None:
            return person.name
        names = made_up_names(person.id, Language(person.language))
        name = next(names)
        while not await people.set_name(connection, person.id, name):
            name = next(names)
        return name

    async def _is_to_be_asked(self, connection: AsyncConnection, person: Person) -> bool:
        """Whether the person has not chosen a name yet; a made-up one is chosen once a look is on the board with it."""
        if person.name is None or person.naming is not None:
            return True
        return is_made_up(person.name, person.id) and not await boards.of_person(connection, person.id, limit=1)

    async def _share(self, connection: AsyncConnection, person: Person, look_id: UUID, name: str) -> Answer:
        language = Language(person.language)
        await people.set_naming(connection, person.id, None)
        shared = await looks.share(connection, look_id)
        look = await looks.get(connection, look_id)
        if look is not None and not shared and await people.is_banned(connection, person.id):
            return _about(look, language, "talk.banned")
        if look is None or not shared:
            return Answer(language=language, sentences=(text("talk.look_gone", language),))
        return _about(look, language, "talk.shared" if look.on_board else "talk.held", name=name)


def _about(look: Look, language: Language, key: str, *, ask: Verb | None = None, **values: object) -> Answer:
    return Answer(language=language, sentences=(text(key, language, **values),), ask=ask, look=look)
