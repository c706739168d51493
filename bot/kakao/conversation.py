"""What Eva answers to a call of the skill, in time: Kakao waits five seconds, and then shows nothing.

Photos are taken in and judged by the queue. With a callback address the verdict follows there; without one the call
waits for it, and where that takes too long, the person gets a button that brings it.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

from bot.actions import Action, Verb
from bot.kakao import errands, replies
from bot.kakao.actions import action_of
from bot.kakao.callback import may_call_back
from bot.kakao.teller import Teller
from bot.kakao.waiting import WaitingRoom
from bot.talk import Oddity, chat, receive
from bot.texts import Language, text
from core import accounts
from core.db import inbox, looks, people
from core.db.tables import Channel, Provider
from core.errors import PersonGone

if TYPE_CHECKING:
    from bot.kakao.payload import SkillCall
    from bot.kakao.replies import Reply
    from bot.stylist import Stylist
    from core.db.inbox import Update
    from core.db.people import Person

__all__ = ["Conversation"]

PATIENCE = 4.2
"""Seconds from its arrival that a call waits for a verdict; less where many wait."""
HELP = {"도움말", "도움", "처음으로", "시작", "help", "start", "?"}
SHOWN = {
    Verb.BOARD: {"보드", "리더보드", "board", "leaderboard"},
    Verb.HISTORY: {"기록", "내 코디", "내 사진", "history"},
    Verb.PRIVACY: {"개인정보", "개인정보처리방침", "privacy"},
    Verb.ENTER: {"로그인", "마이페이지", "login", "me"},
}
"""What can be seen without changing anything, and what it is called besides its button's label."""
STYLES = {"스타일", "스타일 목록", "styles", "style"}


class Conversation:
    """Eva on KakaoTalk; any number of calls at once."""

    def __init__(self, stylist: Stylist) -> None:
        self._stylist = stylist
        self._database = stylist.memory.database
        self._teller = Teller(stylist)
        self._waiting = WaitingRoom(self._database)

    async def answer(self, call: SkillCall, arrived: float) -> Reply:
        """The answer to a call, at the latest `PATIENCE` after its arrival while the database answers.

        Args:
            call: what came.
            arrived: when, by the clock of the event loop.

        Raises:
            EvaError: what was asked cannot be done.
            DATABASE_FAULTS: the database does not answer.
        """
        if call.tester or not call.user:
            return replies.say(text("kakao.hello", call.language), language=call.language)
        if call.callback_url is not None and not may_call_back(call.callback_url, self._stylist.settings):
            call = replace(call, callback_url=None)
        person = await self._stylist.meet(Provider.KAKAO, call.user, call.language)
        if call.app_user is not None:
            person = await self._recognise(person, call.app_user)
        if call.photos:
            return await self._look(call, person, arrived)
        if call.medium is not None:
            oddity = Oddity(call.medium) if call.medium in set(Oddity) else Oddity.OTHER
            language = Language(person.language)
            return replies.say(receive(oddity, language), language=language)
        action = action_of(call)
        if action is not None:
            return await self._grant(call, action, person, arrived)
        return await self._chat(call, person)

    async def _recognise(self, person: Person, app_user: str) -> Person:
        """Who somebody is whose Kakao Login is known: the same person as on the site, if they logged in there.

        Raises:
            PersonGone: they were forgotten this moment.
        """
        async with self._database.begin() as connection:
            joined = await accounts.join(
                connection, person.id, Provider.KAKAO_LOGIN, app_user, language=person.language
            )
            known = person if joined == person.id else await people.get(connection, joined)
        if known is None:
            raise PersonGone
        return known

    async def _look(self, call: SkillCall, person: Person, arrived: float) -> Reply:
        """Photos: judged, or kept until the person agrees."""
        agreed = call.agreed or person.consented_at is not None
        async with self._database.begin() as connection:
            if not await people.lock(connection, person.id):
                raise PersonGone
            if call.agreed:
                await people.set_consent(connection, person.id, given=True)
            update = await errands.take_in(connection, call, agreed=agreed)
        return await self._follow(update, call, person, arrived)

    async def _follow(self, update: Update, call: SkillCall, person: Person, arrived: float) -> Reply:
        """What there is to say about photos that were taken in: the verdict, or when it will come."""
        errand = errands.errand_of(update)
        if errand is not None and errand.awaits_consent:
            return self._teller.ask_consent(person)
        language = Language(person.language)
        if errand is not None and errand.callback_url is not None and errand.callback_url == call.callback_url:
            return replies.promise(language)
        try:
            async with asyncio.timeout_at(arrived + PATIENCE):
                if errand is not None:
                    await self._waiting.until_done(update.id, by=arrived + PATIENCE)
                return await self._teller.tell(update.id, person)
        except TimeoutError:
            return replies.still_looking(language, photo=UUID(update.update_id))

    async def _grant(self, call: SkillCall, action: Action, person: Person, arrived: float) -> Reply:
        """What a button asks."""
        if action.verb is Verb.RESULT:
            return await self._bring(call, action, person, arrived)
        if action.verb in SHOWN:
            return await self._show(action.verb, person)
        answer = await self._stylist.grant(person, action)
        if action.verb in {Verb.AGREE, Verb.DECLINE}:
            update = await self._settle(call, person, agreed=action.verb is Verb.AGREE)
            if update is not None:
                return await self._follow(update, call, person, arrived)
        return self._teller.answer(answer, person)

    async def _show(self, verb: Verb, person: Person) -> Reply:
        """What changes nothing, one of `SHOWN`."""
        match verb:
            case Verb.BOARD:
                return await self._teller.show_board(Language(person.language))
            case Verb.HISTORY:
                return await self._teller.show_own(person)
            case Verb.PRIVACY:
                return self._teller.explain_privacy(Language(person.language))
            case _:
                return self._teller.show_way(await self._stylist.login_url(person), person)

    async def _settle(self, call: SkillCall, person: Person, *, agreed: bool) -> Update | None:
        """Do, or drop, what waited for consent; what there is to follow now."""
        async with self._database.begin() as connection:
            if not await people.lock(connection, person.id):
                raise PersonGone
            update = await inbox.latest(connection, Channel.KAKAO, call.user)
            if update is None:
                return None
            if not agreed:
                await errands.drop(connection, update.id)
                return None
            begun = await errands.agree(connection, update, call)
            return await inbox.get(connection, update.id) if begun else None

    async def _bring(self, call: SkillCall, action: Action, person: Person, arrived: float) -> Reply:
        """The verdict on a photo that took longer, or on a look that was to be guessed."""
        async with self._database.begin() as connection:
            look = None if action.look is None else await looks.get(connection, action.look)
            if look is not None:
                update = None
            elif action.look is not None:
                update = await inbox.find(connection, Channel.KAKAO, str(action.look))
            else:
                update = await inbox.latest(connection, Channel.KAKAO, call.user)
        if look is not None:
            return self._teller.answer(await self._stylist.grant(person, action), person)
        mine = update is not None and update.sender == call.user
        if update is None or not mine or (update.done_at is None and not errands.is_fresh(update)):
            language = Language(person.language)
            return replies.say(text("talk.no_result", language), language=language)
        return await self._follow(update, replace(call, callback_url=None), person, arrived)

    async def _chat(self, call: SkillCall, person: Person) -> Reply:
        """Words: a wish, a name that was asked for, or anything else."""
        language, words = Language(person.language), call.utterance.casefold()
        if words in HELP:
            return self._teller.greet(person)
        if (verb := next((verb for verb, names in SHOWN.items() if words in names), None)) is not None:
            return await self._show(verb, person)
        if words in STYLES:
            return self._teller.list_styles(language)
        heard = await self._stylist.hear(person, call.utterance)
        if heard is not None:
            return self._teller.answer(heard, person)
        return replies.say(chat(call.utterance, language), language=language)
