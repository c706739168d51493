"""What Eva has to say, as replies to one person: verdicts with their pictures' addresses, and her answers."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.actions import Action, Verb
from bot.kakao import outcomes, replies
from bot.links import picture_url
from bot.shelf import own, shared_line, top
from bot.talk import compare
from bot.texts import Language, text
from bot.voice import apologise, choose, describe, speak, style_name
from core.db import looks
from core.db.tables import Asked
from core.styles import STYLES
from core.vision.verdict import Band

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.kakao.outcomes import Outcome
    from bot.kakao.replies import Reply
    from bot.stylist import Answer, Stylist
    from core.db.looks import Look
    from core.db.people import Person

__all__ = ["Teller"]

LIFETIME = timedelta(minutes=30)
"""Of a heat picture's address. Kakao fetches the picture at once and keeps it."""


class Teller:
    """Says what a `Stylist` found and granted."""

    def __init__(self, stylist: Stylist) -> None:
        self._stylist = stylist

    def greet(self, person: Person) -> Reply:
        """Who she is and what she can do."""
        language = Language(person.language)
        order = Verb.TELL if person.guesses_first else Verb.GUESS
        enter = () if self._stylist.settings.public_url is None else (Verb.ENTER,)
        shelves = (Verb.BOARD, Verb.HISTORY)
        verbs = (Verb.ANOTHER, order, *shelves, *enter, Verb.PRIVACY, Verb.SPEAK, Verb.FORGET)
        buttons = [Action(verb=verb) for verb in verbs]
        return replies.say(text("kakao.hello", language), language=language, buttons=buttons)

    def show_way(self, login_url: str | None, person: Person) -> Reply:
        """The way to the person's own page, or that there is none."""
        language = Language(person.language)
        if login_url is None:
            return replies.say(text("talk.enter.none", language), language=language)
        return replies.show_way(text("talk.enter", language), login_url, language)

    def list_styles(self, language: Language) -> Reply:
        """All eight styles, a line for each."""
        lines = [f"{style_name(style, language)}: {describe(style, language)}" for style in STYLES]
        return replies.say(text("kakao.styles", language), "\n".join(lines), language=language)

    async def show_own(self, person: Person) -> Reply:
        """The person's own looks: how many, of which style most, and the latest ones."""
        language = Language(person.language)
        found = await own(self._stylist.memory.database, person, language)
        return replies.say(found.words, language=language)

    async def show_board(self, language: Language) -> Reply:
        """The most hearted looks that were shared today, with the way to the board."""
        found = await top(self._stylist.memory.database)
        lines = [shared_line(each, language) for each in found]
        words = "\n".join([text("talk.board", language), *lines]) if found else text("talk.board.nothing", language)
        return replies.say(words, language=language, page_url=self._page("/"))

    def explain_privacy(self, language: Language) -> Reply:
        """What becomes of photos, with the page that says more."""
        words = text("kakao.privacy", language, hours=self._stylist.settings.keep_private_hours)
        return replies.say(words, language=language, page_url=self._page("/privacy"))

    def ask_consent(self, person: Person) -> Reply:
        """Ask whether photos may be judged."""
        hours = self._stylist.settings.keep_private_hours
        return replies.ask_consent(Language(person.language), hours=hours, privacy_url=self._page("/privacy"))

    def answer(self, answer: Answer, person: Person) -> Reply:
        """What she answers to a button or a name."""
        look, language = answer.look, answer.language
        if look is not None and answer.reveal:
            return self._verdict(look, person, language, answer.sentences)
        if answer.ask is not None:
            return replies.ask(answer.ask, *answer.sentences, look=None if look is None else look.id, language=language)
        buttons = [Action(verb=Verb.ANOTHER)]
        if look is not None and look.verdict.band is not Band.NOT_AN_OUTFIT:
            board = Verb.SHARE if look.shared_at is None else Verb.UNSHARE
            buttons.insert(0, Action(verb=board, look=look.id))
        page_url = None if look is None else self._stylist.page_url(look)
        return replies.say(*answer.sentences, language=language, buttons=buttons, page_url=page_url)

    async def tell(self, inbox_id: int, person: Person) -> Reply:
        """What became of the photos of a call that is judged."""
        language = Language(person.language)
        async with self._stylist.memory.database.begin() as connection:
            outcome = await outcomes.recall(connection, inbox_id)
            ids = () if outcome is None else outcome.looks
            found = [await looks.get(connection, look_id) for look_id in ids]
        present = [look for look in found if look is not None]
        if outcome is not None and present:
            return await self._looks(outcome, present, person)
        if outcome is not None and outcome.error is not None:
            return replies.say(apologise(outcome.error, language), language=language)
        return replies.say(text("talk.no_result", language), language=language)

    async def _looks(self, outcome: Outcome, present: Sequence[Look], person: Person) -> Reply:
        """The best of some looks, after a word about those that failed and about all of them."""
        language, notes, best = Language(person.language), [], present[0]
        if outcome.error is not None:
            notes.append(apologise(outcome.error, language))
        if len(present) == 1 and best.asked is Asked.GUESS and not outcome.known:
            question = text("talk.guess.ask", language)
            return replies.ask(Verb.GUESS, *notes, question, look=best.id, language=language)
        await self._stylist.told(*present)
        if len(present) > 1:
            place, several = compare([look.verdict for look in present], language)
            if place is None:
                return replies.say(*notes, several, language=language)
            best = present[place]
            notes.append(several)
        elif outcome.known:
            notes.append(text(choose("talk.remembered", str(best.id), language), language))
        return self._verdict(best, person, language, notes)

    def _verdict(self, look: Look, person: Person, language: Language, notes: Sequence[str]) -> Reply:
        return replies.show_verdict(
            speak(look.verdict, photo=str(look.id), language=language),
            look.verdict,
            look=look.id,
            language=language,
            heat_url=self._heat_url(look),
            page_url=self._stylist.page_url(look),
            shared=look.shared_at is not None,
            guesses_first=person.guesses_first,
            note="\n".join(notes) or None,
        )

    def _page(self, path: str) -> str | None:
        """A page of the site, if it has a public address."""
        site = self._stylist.settings.public_url
        return None if site is None else f"{str(site).rstrip('/')}{path}"

    def _heat_url(self, look: Look) -> str | None:
        """The address of the heat picture, another one each time: Kakao shows an old picture where one repeats."""
        if look.cam_key is None:
            return None
        stylist = self._stylist
        url = picture_url(stylist.settings, stylist.memory.links, look.cam_key, LIFETIME)
        return None if url is None else f"{url}&n={secrets.token_hex(4)}"
