"""Handle the requests of Kakao's skill server protocol in time: Kakao waits five seconds and then shows nothing.

Photos are stored and judged by a job. With a callback URL the verdict is posted there; without one the request waits
for it, and if that takes too long, the reply has a button that shows the result.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from uuid import UUID

from bot.kakao import photo_requests, replies
from bot.kakao.callback import is_callback_url
from bot.kakao.payload import CONSENT_ACTIONS, SkillRequest, decode_action
from bot.kakao.photo_jobs import DEFAULT_TIMING, KakaoTiming
from bot.kakao.photo_requests import PhotoRequest
from bot.kakao.presenter import ReplyPresenter
from bot.kakao.replies import SkillResponse
from bot.kakao.result_waiter import ResultWaiter
from core.conversation.actions import Action, ActionType
from core.conversation.intents import Intent, find_intent
from core.conversation.news_visits import record_news_visit
from core.conversation.service import ConversationService
from core.conversation.smalltalk import UnsupportedMedia, reply_to_text, unsupported_media_reply
from core.db import inbox, looks, people, waiting_photos
from core.db.inbox import InboxUpdate
from core.db.people import Person
from core.db.schema import Channel, IdentityProvider
from core.db.waiting_photos import QueueWait
from core.errors import PersonNotFoundError
from core.i18n.translations import Language, translate
from core.services import accounts
from core.vision.verdict import ConfidenceBand

PAGE_ACTIONS = {
    Intent.LEADERBOARD: ActionType.SHOW_LEADERBOARD,
    Intent.HISTORY: ActionType.SHOW_HISTORY,
    Intent.WEEK: ActionType.SHOW_WEEK,
    Intent.SIMILAR: ActionType.SHOW_SIMILAR,
    Intent.PHOTOS: ActionType.SHOW_PRIVACY,
    Intent.ACCOUNT: ActionType.OPEN_ACCOUNT,
}
"""Actions that change nothing, by the intent of the message that asks for them in other words than a label."""
PROMPT_ACTIONS = {Intent.DELETE: ActionType.ASK_ERASE, Intent.LANGUAGE: ActionType.SET_LANGUAGE}
"""Actions that ask before they change anything."""
FOLLOW_UPS = {
    Intent.COMPLAINT: ActionType.CORRECT,
    Intent.NO: ActionType.CORRECT,
    Intent.DELETE_ONE: ActionType.OPEN_ACCOUNT,
    Intent.REPORT: ActionType.SHOW_LEADERBOARD,
}
"""The buttons that small talk speaks of: KakaoTalk removes those of earlier messages."""
NAVIGATION = frozenset({*PAGE_ACTIONS, Intent.HELP, Intent.MENU, Intent.STYLES, Intent.NEW_PHOTO})
"""Intents that end a question for a name."""


CONSENT_ANSWERS = {Intent.YES: ActionType.GRANT_CONSENT, Intent.NO: ActionType.DECLINE_CONSENT}
"""What a plain answer to the question for consent means."""


class SkillHandler:
    """Answers skill requests, any number at a time."""

    def __init__(self, conversation: ConversationService, timing: KakaoTiming = DEFAULT_TIMING) -> None:
        self.timing = timing
        self._conversation = conversation
        self._database = conversation.resources.database
        self._presenter = ReplyPresenter(conversation)
        self._result_waiter = ResultWaiter(self._database)

    async def handle_request(self, request: SkillRequest, received_at: float) -> SkillResponse:
        """Answer a request, `KakaoTiming.result_wait` after its arrival at the latest while the database is available.

        Args:
            request: the request.
            received_at: when it arrived, in the time of the event loop.

        Raises:
            EvaError: the request cannot be fulfilled.
            DatabaseUnavailableError: the database is not available.
        """
        if request.is_tester or not request.user_id:
            return replies.text_reply(translate("kakao.hello", request.language), language=request.language)
        if request.callback_url is not None and not is_callback_url(request.callback_url, self._conversation.settings):
            request = replace(request, callback_url=None)
        person = await self._conversation.get_or_create_person(
            IdentityProvider.KAKAO, request.user_id, request.language
        )
        if request.app_user_id is not None:
            person = await self._link_kakao_login(person, request.app_user_id)
        if request.photo_urls or request.media_type is not None:
            await self._conversation.delete_name_question(person)
        if request.photo_urls:
            return await self._handle_photos(request, person, received_at)
        if request.media_type is not None:
            is_known = request.media_type in set(UnsupportedMedia)
            media = UnsupportedMedia(request.media_type) if is_known else UnsupportedMedia.OTHER
            return replies.text_reply(unsupported_media_reply(media, person.language), language=person.language)
        action = await self._decode_action(request, person)
        if action is not None:
            return await self._handle_action(request, action, person, received_at)
        return await self._handle_text(request, person)

    async def _link_kakao_login(self, person: Person, app_user_id: str) -> Person:
        """Link the person to their Kakao Login, which makes them the same person as on the site.

        Raises:
            PersonNotFoundError: the person was erased meanwhile.
        """
        async with self._database.transaction() as connection:
            linked_id = await accounts.link_or_merge(
                connection, person.id, IdentityProvider.KAKAO_LOGIN, app_user_id, language=person.language
            )
            linked = person if linked_id == person.id else await people.get(connection, linked_id)
        if linked is None:
            raise PersonNotFoundError
        return linked

    async def _handle_photos(self, request: SkillRequest, person: Person, received_at: float) -> SkillResponse:
        """Store photos, to be judged now or after the person has agreed."""
        has_consent = request.has_consent or person.consented_at is not None
        async with self._database.transaction() as connection:
            if not await people.lock(connection, person.id):
                raise PersonNotFoundError
            if request.has_consent:
                await people.record_consent(connection, person.id, is_given=True)
            update = await photo_requests.store_request(
                connection, request, has_consent=has_consent, url_lifetime=self.timing.photo_url_lifetime
            )
        return await self._await_result(update, request, person, received_at)

    async def _await_result(
        self,
        update: InboxUpdate,
        request: SkillRequest,
        person: Person,
        received_at: float,
        *,
        is_asked_for: bool = False,
    ) -> SkillResponse:
        """Wait for the result of stored photos, and reply with it or with the way in which it will follow.

        Args:
            update: the stored photos.
            request: the current skill request.
            person: who sent it.
            received_at: when it arrived, in the time of the event loop.
            is_asked_for: whether the person asks for this result, so that a missed one is not offered any more.
        """
        photo_request = PhotoRequest.from_update(update)
        if photo_request is not None and photo_request.awaits_consent:
            return self._presenter.consent_request(person)
        promised_url = None if photo_request is None else photo_request.callback_url
        if promised_url is not None and promised_url == request.callback_url:
            return replies.callback_promise(person.language, wait=await self._get_expected_wait(update))
        deadline = received_at + self.timing.result_wait
        try:
            async with asyncio.timeout_at(deadline):
                if photo_request is not None:
                    await self._result_waiter.wait(update.id, deadline=deadline)
                reply = await self._presenter.result_reply(update.id, person)
        except TimeoutError:
            wait = await self._get_expected_wait(update)
            return replies.pending_reply(person.language, photo_id=UUID(update.external_id), wait=wait)
        if is_asked_for:
            async with self._database.connection() as connection:
                await photo_requests.record_shown(connection, update.id)
        return reply

    async def _get_expected_wait(self, update: InboxUpdate) -> QueueWait:
        async with self._database.connection() as connection:
            return await waiting_photos.get_expected_wait(connection, update.id, photo_requests.JUDGE_TASK)

    async def _handle_action(
        self, request: SkillRequest, action: Action, person: Person, received_at: float
    ) -> SkillResponse:
        if action.type is ActionType.SHOW_RESULT:
            return await self._send_result(request, action, person, received_at)
        if action.type in PAGE_ACTIONS.values():
            await self._conversation.delete_name_question(person)
            return await self._show_page(action, person)
        reply = await self._conversation.handle_action(person, action, chat=Channel.KAKAO)
        if action.type in {ActionType.GRANT_CONSENT, ActionType.DECLINE_CONSENT}:
            update = await self._apply_consent(request, person, granted=action.type is ActionType.GRANT_CONSENT)
            if update is not None:
                return await self._await_result(update, request, person, received_at)
        return self._presenter.conversation_reply(reply, person)

    async def _decode_action(self, request: SkillRequest, person: Person) -> Action | None:
        """The action of a button or of its words; None for any other message.

        A plain "yes" or "no" answers the question for consent only while it is the newest thing that was asked.
        """
        action = decode_action(request)
        if action is None and person.learning_asked_at is not None:
            action = _typed_label(request.utterance, (ActionType.ALLOW_LEARNING, ActionType.DECLINE_LEARNING))
        if person.consented_at is not None or (action is not None and action.type in CONSENT_ACTIONS):
            return action
        async with self._database.transaction() as connection:
            # The button may be pressed in the same moment, and replaces the same payload.
            if not await people.lock(connection, person.id):
                raise PersonNotFoundError
            update = await inbox.get_latest(connection, Channel.KAKAO, request.user_id)
            if update is None or not photo_requests.awaits_consent(update, self.timing.photo_url_lifetime):
                return action
            answer = None
            if action is None:
                is_newest = photo_requests.asks_for_consent(update, self.timing.photo_url_lifetime)
                intent = find_intent(request.utterance) if is_newest else None
                answer = CONSENT_ANSWERS.get(intent) if intent is not None else None
            if action is None and answer is None:
                typed = _typed_label(request.utterance, CONSENT_ANSWERS.values())
                answer = None if typed is None else typed.type
            if answer is None:
                await photo_requests.update_consent_question(connection, update)
        return action if answer is None else Action(type=answer)

    async def _show_page(self, action: Action, person: Person) -> SkillResponse:
        """Execute one of the actions of `PAGE_ACTIONS`."""
        match action.type:
            case ActionType.SHOW_SIMILAR:
                return await self._presenter.similar_looks(person, action.look_id)
            case ActionType.SHOW_LEADERBOARD:
                return await self._presenter.leaderboard(person)
            case ActionType.SHOW_HISTORY:
                return await self._presenter.own_looks(person)
            case ActionType.SHOW_WEEK:
                return await self._presenter.week(person)
            case ActionType.SHOW_PRIVACY:
                return self._presenter.privacy(person)
            case _:
                return self._presenter.account_link(await self._conversation.create_login_url(person), person)

    async def _apply_consent(self, request: SkillRequest, person: Person, *, granted: bool) -> InboxUpdate | None:
        """Start or cancel the photo request that waits for consent; the update whose result to wait for, or None."""
        async with self._database.transaction() as connection:
            if not await people.lock(connection, person.id):
                raise PersonNotFoundError
            update = await inbox.get_latest(connection, Channel.KAKAO, request.user_id)
            if update is None:
                return None
            if not granted:
                await photo_requests.cancel_if_unconsented(connection, update.id)
                return None
            is_started = await photo_requests.grant_consent(connection, update, request, self.timing.photo_url_lifetime)
            return await inbox.get(connection, update.id) if is_started else None

    async def _send_result(
        self, request: SkillRequest, action: Action, person: Person, received_at: float
    ) -> SkillResponse:
        """Reply with the verdict on a photo that took longer, or on a look that waits for a guess."""
        async with self._database.connection() as connection:
            look = None if action.look_id is None else await looks.get(connection, action.look_id)
            if look is not None:
                update = None
            elif action.look_id is not None:
                update = await inbox.get_by_external_id(connection, Channel.KAKAO, str(action.look_id))
            else:
                update = await inbox.get_latest(connection, Channel.KAKAO, request.user_id)
        if look is not None:
            return self._presenter.conversation_reply(
                await self._conversation.handle_action(person, action, chat=Channel.KAKAO), person
            )
        if update is None or update.external_sender_id != request.user_id or self._is_expired(update):
            return replies.text_reply(translate("talk.no_result", person.language), language=person.language)
        request = replace(request, callback_url=None)
        return await self._await_result(update, request, person, received_at, is_asked_for=True)

    def _is_expired(self, update: InboxUpdate) -> bool:
        """Whether a photo request can no longer get a result."""
        return update.processed_at is None and not photo_requests.photos_still_available(
            update, self.timing.photo_url_lifetime
        )

    async def _handle_text(self, request: SkillRequest, person: Person) -> SkillResponse:
        """Handle a message: a request for a page, the answer to a pending question, or small talk."""
        intent = find_intent(request.utterance)
        if intent in NAVIGATION:
            await self._conversation.delete_name_question(person)
        else:
            reply = await self._conversation.handle_text(person, request.utterance, chat=Channel.KAKAO)
            if reply is not None:
                return self._presenter.conversation_reply(reply, person)
        return await self._handle_intent(intent, request, person)

    async def _handle_intent(self, intent: Intent | None, request: SkillRequest, person: Person) -> SkillResponse:
        """Do what a message asks for in other words than a label, or reply with small talk."""
        if intent in {Intent.HELP, Intent.MENU}:
            return self._presenter.welcome(person)
        if intent is Intent.STYLES:
            return self._presenter.style_list(person.language)
        if intent in PAGE_ACTIONS:
            return await self._show_page(Action(type=PAGE_ACTIONS[intent]), person)
        if intent in PROMPT_ACTIONS:
            action = Action(type=PROMPT_ACTIONS[intent])
            reply = await self._conversation.handle_action(person, action, chat=Channel.KAKAO)
            return self._presenter.conversation_reply(reply, person)
        if intent is not Intent.SELF_HARM and (missed := await self._find_missed_result(request)) is not None:
            return replies.missed_reply(person.language, photo_id=UUID(missed.external_id))
        seed = self._conversation.reply_turns.next_seed(person.id)
        sentences = [reply_to_text(request.utterance, seed, person.language)]
        news = await record_news_visit(self._database, person, request.utterance, person.language)
        if news:
            sentences.append("\n".join(news))
        buttons = [*await self._list_follow_ups(intent, person), Action(type=ActionType.NEW_PHOTO)]
        return replies.text_reply(*sentences, language=person.language, buttons=buttons)

    async def _list_follow_ups(self, intent: Intent | None, person: Person) -> list[Action]:
        """The button that the small talk about an intent speaks of, if there is something that it can be about."""
        action_type = None if intent is None else FOLLOW_UPS.get(intent)
        if action_type is ActionType.CORRECT:
            async with self._database.connection() as connection:
                look = await looks.get_current(connection, person.id)
            is_shown = look is not None and look.verdict.band is not ConfidenceBand.NOT_AN_OUTFIT
            return [Action(type=action_type, look_id=look.id)] if look is not None and is_shown else []
        if action_type is None or self._conversation.settings.public_url is None:
            return []
        return [Action(type=action_type)]

    async def _find_missed_result(self, request: SkillRequest) -> InboxUpdate | None:
        """The latest photo request if its result was promised and did not arrive."""
        async with self._database.connection() as connection:
            update = await inbox.get_latest(connection, Channel.KAKAO, request.user_id)
            if update is None or not photo_requests.photos_still_available(update, self.timing.photo_url_lifetime):
                return None
            return update if await photo_requests.owes_result(connection, update) else None


def _typed_label(utterance: str, action_types: Iterable[ActionType]) -> Action | None:
    """The action whose label was typed, in either language."""
    for action_type in action_types:
        if utterance in {translate(f"talk.button.{action_type}", language) for language in Language}:
            return Action(type=action_type)
    return None
