"""What Eva answers to a call of the skill, in time: Kakao waits five seconds, and then shows nothing.

Photos are taken in and judged by the queue. With a callback address the verdict follows there; without one the call
waits for it, and where that takes too long, the person gets a button that brings it.
"""

import asyncio
from dataclasses import replace
from uuid import UUID

from bot.kakao import photo_jobs, replies
from bot.kakao.callback import is_callback_url
from bot.kakao.payload import SkillRequest, decode_action
from bot.kakao.presenter import ReplyPresenter
from bot.kakao.replies import SkillResponse
from bot.kakao.result_waiter import ResultWaiter
from core.conversation.actions import Action, ActionType
from core.conversation.service import ConversationService
from core.conversation.smalltalk import UnsupportedMedia, reply_to_text, unsupported_media_reply
from core.db import inbox, looks, people
from core.db.inbox import InboxUpdate
from core.db.people import Person
from core.db.schema import Channel, IdentityProvider
from core.errors import PersonNotFoundError
from core.i18n.translations import translate
from core.services import accounts

RESULT_WAIT = 4.2
"""Seconds from its arrival that a call waits for a verdict; less where many wait."""
HELP_WORDS = {"도움말", "도움", "처음으로", "시작", "help", "start", "?"}
PAGE_WORDS = {
    ActionType.SHOW_LEADERBOARD: {"보드", "리더보드", "board", "leaderboard"},
    ActionType.SHOW_HISTORY: {"기록", "내 코디", "내 사진", "history"},
    ActionType.SHOW_PRIVACY: {"개인정보", "개인정보처리방침", "privacy"},
    ActionType.OPEN_ACCOUNT: {"로그인", "마이페이지", "login", "me"},
}
"""What can be seen without changing anything, and what it is called besides its button's label."""
STYLE_LIST_WORDS = {"스타일", "스타일 목록", "styles", "style"}


class SkillHandler:
    """Eva on KakaoTalk; any number of calls at once."""

    def __init__(self, conversation: ConversationService) -> None:
        self._conversation = conversation
        self._database = conversation.resources.database
        self._presenter = ReplyPresenter(conversation)
        self._result_waiter = ResultWaiter(self._database)

    async def handle_request(self, request: SkillRequest, received_at: float) -> SkillResponse:
        """The answer to a call, at the latest `PATIENCE` after its arrival while the database answers.

        Args:
            call: what came.
            arrived: when, by the clock of the event loop.

        Raises:
            EvaError: what was asked cannot be done.
            DATABASE_FAULTS: the database does not answer.
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
        if request.photo_urls:
            return await self._handle_photos(request, person, received_at)
        if request.media_type is not None:
            oddity = (
                UnsupportedMedia(request.media_type)
                if request.media_type in set(UnsupportedMedia)
                else UnsupportedMedia.OTHER
            )
            language = person.language
            return replies.text_reply(unsupported_media_reply(oddity, language), language=language)
        action = decode_action(request)
        if action is not None:
            return await self._handle_action(request, action, person, received_at)
        return await self._handle_text(request, person)

    async def _link_kakao_login(self, person: Person, app_user_id: str) -> Person:
        """Who somebody is whose Kakao Login is known: the same person as on the site, if they logged in there.

        Raises:
            PersonNotFoundError: they were forgotten this moment.
        """
        async with self._database.transaction() as connection:
            joined = await accounts.link_or_merge(
                connection, person.id, IdentityProvider.KAKAO_LOGIN, app_user_id, language=person.language
            )
            known = person if joined == person.id else await people.get(connection, joined)
        if known is None:
            raise PersonNotFoundError
        return known

    async def _handle_photos(self, request: SkillRequest, person: Person, received_at: float) -> SkillResponse:
        """Photos: judged, or kept until the person agrees."""
        agreed = request.has_consent or person.consented_at is not None
        async with self._database.transaction() as connection:
            if not await people.lock(connection, person.id):
                raise PersonNotFoundError
            if request.has_consent:
                await people.set_consent(connection, person.id, is_given=True)
            update = await photo_jobs.store_request(connection, request, has_consent=agreed)
        return await self._await_result(update, request, person, received_at)

    async def _await_result(
        self, update: InboxUpdate, request: SkillRequest, person: Person, received_at: float
    ) -> SkillResponse:
        """What there is to say about photos that were taken in: the verdict, or when it will come."""
        errand = photo_jobs.request_from_update(update)
        if errand is not None and errand.awaits_consent:
            return self._presenter.consent_request(person)
        language = person.language
        if errand is not None and errand.callback_url is not None and errand.callback_url == request.callback_url:
            return replies.callback_promise(language)
        try:
            async with asyncio.timeout_at(received_at + RESULT_WAIT):
                if errand is not None:
                    await self._result_waiter.wait(update.id, deadline=received_at + RESULT_WAIT)
                return await self._presenter.result_reply(update.id, person)
        except TimeoutError:
            return replies.pending_reply(language, photo_id=UUID(update.external_id))

    async def _handle_action(
        self, request: SkillRequest, action: Action, person: Person, received_at: float
    ) -> SkillResponse:
        """What a button asks."""
        if action.type is ActionType.SHOW_RESULT:
            return await self._send_result(request, action, person, received_at)
        if action.type in PAGE_WORDS:
            return await self._show_page(action.type, person)
        answer = await self._conversation.handle_action(person, action)
        if action.type in {ActionType.GRANT_CONSENT, ActionType.DECLINE_CONSENT}:
            update = await self._apply_consent(request, person, granted=action.type is ActionType.GRANT_CONSENT)
            if update is not None:
                return await self._await_result(update, request, person, received_at)
        return self._presenter.conversation_reply(answer, person)

    async def _show_page(self, action_type: ActionType, person: Person) -> SkillResponse:
        """What changes nothing, one of `SHOWN`."""
        match action_type:
            case ActionType.SHOW_LEADERBOARD:
                return await self._presenter.leaderboard(person.language)
            case ActionType.SHOW_HISTORY:
                return await self._presenter.own_looks(person)
            case ActionType.SHOW_PRIVACY:
                return self._presenter.privacy(person.language)
            case _:
                return self._presenter.account_link(await self._conversation.create_login_url(person), person)

    async def _apply_consent(self, request: SkillRequest, person: Person, *, granted: bool) -> InboxUpdate | None:
        """Do, or drop, what waited for consent; what there is to follow now."""
        async with self._database.transaction() as connection:
            if not await people.lock(connection, person.id):
                raise PersonNotFoundError
            update = await inbox.get_latest(connection, Channel.KAKAO, request.user_id)
            if update is None:
                return None
            if not granted:
                await photo_jobs.cancel_if_unconsented(connection, update.id)
                return None
            begun = await photo_jobs.grant_consent(connection, update, request)
            return await inbox.get(connection, update.id) if begun else None

    async def _send_result(
        self, request: SkillRequest, action: Action, person: Person, received_at: float
    ) -> SkillResponse:
        """The verdict on a photo that took longer, or on a look that was to be guessed."""
        async with self._database.transaction() as connection:
            look = None if action.look_id is None else await looks.get(connection, action.look_id)
            if look is not None:
                update = None
            elif action.look_id is not None:
                update = await inbox.get_by_external_id(connection, Channel.KAKAO, str(action.look_id))
            else:
                update = await inbox.get_latest(connection, Channel.KAKAO, request.user_id)
        if look is not None:
            return self._presenter.conversation_reply(await self._conversation.handle_action(person, action), person)
        mine = update is not None and update.external_sender_id == request.user_id
        if (
            update is None
            or not mine
            or (update.processed_at is None and not photo_jobs.photos_still_available(update))
        ):
            language = person.language
            return replies.text_reply(translate("talk.no_result", language), language=language)
        return await self._await_result(update, replace(request, callback_url=None), person, received_at)

    async def _handle_text(self, request: SkillRequest, person: Person) -> SkillResponse:
        """Words: a wish, a name that was asked for, or anything else."""
        language, words = person.language, request.utterance.casefold()
        if words in HELP_WORDS:
            return self._presenter.welcome(person)
        if (verb := next((verb for verb, names in PAGE_WORDS.items() if words in names), None)) is not None:
            return await self._show_page(verb, person)
        if words in STYLE_LIST_WORDS:
            return self._presenter.style_list(language)
        heard = await self._conversation.handle_text(person, request.utterance)
        if heard is not None:
            return self._presenter.conversation_reply(heard, person)
        return replies.text_reply(reply_to_text(request.utterance, language), language=language)
