"""Photos of skill requests, and how their results reach the person: at once, by callback, or behind a button."""

import asyncio
from dataclasses import replace
from uuid import UUID

from bot.kakao import photo_requests, replies
from bot.kakao.payload import SkillRequest
from bot.kakao.photo_jobs import KakaoTiming
from bot.kakao.photo_requests import PhotoRequest
from bot.kakao.presenter import ReplyPresenter
from bot.kakao.replies import SkillResponse
from bot.kakao.result_waiter import ResultWaiter
from core.conversation.service import ConversationService
from core.db import inbox, people, queued_updates
from core.db.inbox import InboxUpdate
from core.db.people import Person
from core.db.queued_updates import QueueWait
from core.db.schema import Channel
from core.errors import PersonNotFoundError
from core.i18n.translations import translate


class PhotoResults:
    """Stores photos for their job, and replies with the results."""

    def __init__(self, conversation: ConversationService, timing: KakaoTiming) -> None:
        self.timing = timing
        self._database = conversation.resources.database
        self._presenter = ReplyPresenter(conversation)
        self._waiter = ResultWaiter(self._database)

    async def judge_photos(self, request: SkillRequest, person: Person, received_at: float) -> SkillResponse:
        """Store photos, to be judged now or after the person has agreed, and reply.

        Args:
            request: has the photos.
            person: who sent them.
            received_at: when it arrived, in the time of the event loop.

        Raises:
            PersonNotFoundError: the person was erased meanwhile.
        """
        has_consent = request.has_consent or person.consented_at is not None
        async with self._database.transaction() as connection:
            if not await people.lock(connection, person.id):
                raise PersonNotFoundError
            if request.has_consent:
                await people.record_consent(connection, person.id, is_given=True)
            update = await photo_requests.store_request(connection, request, has_consent=has_consent)
        return await self._await_result(update, request, person, received_at)

    async def apply_consent(
        self, request: SkillRequest, person: Person, received_at: float, *, is_given: bool
    ) -> SkillResponse | None:
        """Judge or drop the photos that wait for consent.

        Args:
            request: the answer.
            person: who gave it.
            received_at: when it arrived, in the time of the event loop.
            is_given: whether the photos may be judged.

        Returns:
            The reply with their result; None if there is none to wait for.

        Raises:
            PersonNotFoundError: the person was erased meanwhile.
        """
        async with self._database.transaction() as connection:
            if not await people.lock(connection, person.id):
                raise PersonNotFoundError
            update = await inbox.get_latest(connection, Channel.KAKAO, request.user_id)
            if update is None:
                return None
            if not is_given:
                await photo_requests.cancel_if_unconsented(connection, update.id)
                return None
            if not await photo_requests.grant_consent(connection, update, request):
                return None
            update = await inbox.get(connection, update.id)
        return None if update is None else await self._await_result(update, request, person, received_at)

    async def show_result(
        self, request: SkillRequest, photo_id: UUID | None, person: Person, received_at: float
    ) -> SkillResponse:
        """Reply with the verdict on photos that took longer.

        Args:
            request: asks for it.
            photo_id: names the photos; None for those sent last.
            person: who asks.
            received_at: when the request arrived, in the time of the event loop.
        """
        async with self._database.connection() as connection:
            if photo_id is None:
                update = await inbox.get_latest(connection, Channel.KAKAO, request.user_id)
            else:
                update = await inbox.get_by_external_id(connection, Channel.KAKAO, str(photo_id))
        if update is None or update.external_sender_id != request.user_id or _is_lost(update):
            return replies.text_reply(translate("talk.no_result", person.language), language=person.language)
        request = replace(request, callback_url=None)
        return await self._await_result(update, request, person, received_at, is_asked_for=True)

    async def find_missed(self, user_id: str) -> UUID | None:
        """The photos that a person sent last, if their result was promised and did not arrive."""
        async with self._database.connection() as connection:
            update = await inbox.get_latest(connection, Channel.KAKAO, user_id)
            if update is None or not photo_requests.photos_still_available(update):
                return None
            return UUID(update.external_id) if await photo_requests.owes_result(connection, update) else None

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
                    await self._waiter.wait(update.id, deadline=deadline)
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
            return await queued_updates.get_expected_wait(connection, update.id, photo_requests.JUDGE_TASK)


def _is_lost(update: InboxUpdate) -> bool:
    """Whether a photo request can no longer get a result."""
    return update.processed_at is None and not photo_requests.photos_still_available(update)
