"""What Eva does with each update: reads it, answers it, and is done with it, however it ends."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from functools import partial

import structlog
from procrastinate import App, JobContext, RetryDecision
from procrastinate.jobs import Job
from telegram import User

from bot.telegram import commands
from bot.telegram.client import TelegramClient
from bot.telegram.commands import send_leaderboard, send_linked_look, send_own_looks
from bot.telegram.delivery import UpdateDelivery
from bot.telegram.formatting import text_messages
from bot.telegram.handlers import handle_album, handle_callback, handle_photo, keyboard_for_look, run_once, send_reply
from bot.telegram.ingest import ALBUM_TASK, UPDATE_TASK, requeue_orphans
from bot.telegram.inline import answer_inline_query
from bot.telegram.parsing import (
    ButtonPress,
    CommandMessage,
    IncomingUpdate,
    InlineQuery,
    MembershipChange,
    PhotoMessage,
    TextMessage,
    UnsupportedMessage,
    parse_update,
)
from core import metrics
from core.conversation.narration import error_message
from core.conversation.service import ConversationService
from core.conversation.smalltalk import reply_to_text, unsupported_media_reply
from core.db import checkpoints, inbox, people
from core.db.database import CONNECTION_ERRORS
from core.db.people import Person
from core.db.schema import IdentityProvider
from core.errors import (
    ChatUnavailableError,
    DailyLimitError,
    DeliveryError,
    EvaError,
    InvalidPayloadError,
    LookNotFoundError,
    MessageRejectedError,
    MessengerError,
    ModelError,
    PersonNotFoundError,
    PhotoError,
    RemotePhotoGoneError,
    RemotePhotoUnavailableError,
    StorageUnavailableError,
)
from core.i18n.translations import translate
from core.jobs import queue
from core.jobs.maintenance import MAINTENANCE_QUEUE
from core.jobs.queue import DEFAULT_QUEUE, RETRY_DELAYS, ExponentialBackoff

USER_ERRORS = (PhotoError, RemotePhotoGoneError, DailyLimitError, ModelError)
"""Faults that a sentence ends."""
RETRYABLE_ERRORS = (RemotePhotoUnavailableError, StorageUnavailableError)
"""Faults that may pass; the last time, a sentence ends them, too."""
RECIPIENT_GONE = (ChatUnavailableError, LookNotFoundError, MessageRejectedError, PersonNotFoundError)
"""Nobody is there any more to whom anything could be said."""

log = structlog.get_logger()


class UpdateHandler:
    """Eva on Telegram. May answer many updates at once."""

    def __init__(self, conversation: ConversationService, client: TelegramClient, me: User) -> None:
        """Args: stylist; sender; me, the bot itself as Telegram knows it."""
        self.conversation, self.client, self.me = conversation, client, me
        self.resources = conversation.resources

    async def handle_update(self, inbox_id: int, *, is_last_attempt: bool) -> None:
        """Answer an update, if that was not done yet.

        Args:
            inbox_id: its number in the inbox.
            last: whether it is not tried again; then it is done in any case.

        Raises:
            EvaError: to be retried: `DeliveryError`, `RemotePhotoUnavailableError` or `StorageUnavailableError`.
            Exception: the database is away, one of `DATABASE_FAULTS`; or a mistake of ours, after an apology.
        """
        async with self.resources.database.connection() as connection:
            update = await inbox.get(connection, inbox_id)
            if update is None or update.processed_at is not None:
                return
            sent = await checkpoints.list_done(connection, inbox_id)
        incoming = self._parse_update(inbox_id, update.payload or {})
        if incoming is None:
            await self._mark_processed([inbox_id])
            return
        thread = UpdateDelivery(self.resources, self.client, inbox_id, incoming, sent)
        await self._finish_update(thread, self._dispatch(thread, incoming), [inbox_id], is_last_attempt=is_last_attempt)

    async def handle_album_update(self, inbox_id: int, album_id: str, *, is_last_attempt: bool) -> None:
        """Answer all photos of an album that came so far, if this is the last of them and it was not done yet.

        Args:
            inbox_id: the number of one of its updates.
            album: Telegram's id of it.
            last: as in `answer`, also for what is raised.
        """
        async with self.resources.database.connection() as connection:
            update = await inbox.get(connection, inbox_id)
            if update is None or update.processed_at is not None or update.external_sender_id is None:
                return
            sent = await checkpoints.list_done(connection, inbox_id)
            payloads = await inbox.list_unfinished_album(connection, update.external_sender_id, album_id)
        # What came later is answered by its own job, together with this one unless that was begun.
        mine = [number for number in payloads if number <= inbox_id]
        incoming = self._parse_album({number: payloads[number] for number in mine})
        if not incoming:
            await self._mark_processed(mine)
            return
        own = incoming.get(inbox_id) or next(iter(incoming.values()))
        thread = UpdateDelivery(self.resources, self.client, inbox_id, own, sent)
        if len(mine) < len(payloads) and not thread.has_sent_anything:
            return
        photos = [each for each in incoming.values() if isinstance(each, PhotoMessage)]
        work = self._handle_album(thread, photos) if photos else self._dispatch(thread, own)
        await self._finish_update(thread, work, mine, is_last_attempt=is_last_attempt)

    def _parse_album(self, payloads: Mapping[int, Mapping[str, object]]) -> dict[int, IncomingUpdate]:
        """What an album's updates say. In a group one of them names Eva, and means all."""
        meant = any(self._parse_update(number, payload) is not None for number, payload in payloads.items())
        read = {number: self._parse_update(number, payload, is_addressed=meant) for number, payload in payloads.items()}
        return {number: understood for number, understood in read.items() if understood is not None}

    def _parse_update(
        self, inbox_id: int, payload: Mapping[str, object], *, is_addressed: bool = False
    ) -> IncomingUpdate | None:
        try:
            return parse_update(payload, self.me, is_addressed=is_addressed)
        except InvalidPayloadError as error:
            log.warning("an update makes no sense", inbox=inbox_id, detail=error.detail)
            return None

    async def _mark_processed(self, inbox_ids: Sequence[int]) -> None:
        async with self.resources.database.connection() as connection:
            await inbox.mark_processed(connection, *inbox_ids)

    async def _finish_update(
        self,
        delivery: UpdateDelivery,
        work: Coroutine[object, object, None],
        inbox_ids: Sequence[int],
        *,
        is_last_attempt: bool,
    ) -> None:
        """Answer, say what can be said where that fails, and be done with these updates."""
        try:
            try:
                await work
            except USER_ERRORS as error:
                await self._send_error(delivery, error)
            except RETRYABLE_ERRORS as error:
                if not is_last_attempt:
                    raise
                log.warning("given up", inbox=delivery.inbox_id, reason=type(error).__name__)
                await self._send_error(delivery, error)
        except RECIPIENT_GONE as error:
            log.info("left alone", inbox=delivery.inbox_id, reason=type(error).__name__)
        except DeliveryError as error:
            if not is_last_attempt:
                raise
            log.error("not delivered", inbox=delivery.inbox_id, detail=error.detail)
        except (*RETRYABLE_ERRORS, *CONNECTION_ERRORS):
            raise
        except Exception:
            # Whatever it was, nobody shall wait for an answer that does not come, and once more would not help.
            with suppress(MessengerError):
                await self._send_error(delivery, EvaError())
            await self._mark_processed(inbox_ids)
            raise
        await self._mark_processed(inbox_ids)

    async def _send_error(self, delivery: UpdateDelivery, error: EvaError) -> None:
        await delivery.send_all("sorry", *text_messages(error_message(error, delivery.language)))

    async def _get_or_create_person(self, delivery: UpdateDelivery, update: IncomingUpdate) -> Person:
        person = await self.conversation.get_or_create_person(
            IdentityProvider.TELEGRAM, str(update.user_id), update.language_code
        )
        delivery.language = person.language
        return person

    async def _handle_album(self, delivery: UpdateDelivery, photos: Sequence[PhotoMessage]) -> None:
        person = await self._get_or_create_person(delivery, photos[0])
        await handle_album(delivery, self.conversation, person, photos)

    async def _dispatch(self, delivery: UpdateDelivery, update: IncomingUpdate) -> None:
        if isinstance(update, MembershipChange):
            await self._handle_membership(update)
            return
        if isinstance(update, InlineQuery):
            await answer_inline_query(self.client, self.conversation, self.me, update)
            return
        if isinstance(update, ButtonPress):
            await self.client.answer_callback_query(update.query_id)
        person = await self._get_or_create_person(delivery, update)
        match update:
            case PhotoMessage():
                await handle_photo(delivery, self.conversation, person, update)
            case ButtonPress():
                await handle_callback(delivery, self.conversation, person, update)
            case CommandMessage():
                await self._handle_command(delivery, person, update)
            case TextMessage():
                await self._handle_text(delivery, person, update.text)
            case UnsupportedMessage():
                await delivery.send_all(
                    "answer", *text_messages(unsupported_media_reply(update.media, delivery.language))
                )

    async def _handle_membership(self, membership: MembershipChange) -> None:
        change = people.mark_unblocked if membership.is_member else people.mark_blocked
        async with self.resources.database.transaction() as connection:
            await change(connection, IdentityProvider.TELEGRAM, str(membership.user_id))

    async def _handle_text(self, delivery: UpdateDelivery, person: Person, text: str) -> None:
        answer = await run_once(
            delivery, self.conversation, person, partial(self.conversation.handle_text, person, text), text
        )
        if answer is None:
            await delivery.send_all("answer", *text_messages(reply_to_text(text, delivery.language)))
            return
        keyboard = (
            keyboard_for_look(delivery, self.conversation, person, answer.look) if answer.look is not None else None
        )
        await send_reply(delivery, self.conversation, person, answer, keyboard=keyboard)

    async def _handle_command(self, delivery: UpdateDelivery, person: Person, command: CommandMessage) -> None:
        if command.name not in set(commands.CommandName) and not delivery.is_private:
            # It may be another bot's.
            return
        if command.name == commands.CommandName.START and await send_linked_look(
            delivery, self.conversation, command.argument
        ):
            await delivery.send_all("invite", *text_messages(translate("telegram.start.2", delivery.language)))
        elif command.name == commands.CommandName.ME:
            await send_own_looks(delivery, self.conversation, person)
        elif command.name == commands.CommandName.BOARD:
            await send_leaderboard(delivery, self.conversation)
        else:
            hours = self.conversation.settings.private_photo_ttl_hours
            messages = commands.command_messages(command.name, delivery.language, hours=hours)
            await delivery.send_all("answer", *(messages or ()))


EVERY_MINUTE = "* * * * *"
TRANSIENT_ERRORS = (DeliveryError, RemotePhotoUnavailableError, StorageUnavailableError)
MAX_DATABASE_RETRIES = 10
"""Tries while the database is away: without it an update cannot be ended either, so there is time."""

log = structlog.get_logger()


class RetryPolicy(ExponentialBackoff):
    """Try again after faults that may pass; what was stopped with the process goes on in the next one."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """When to try again, or None."""
        if isinstance(exception, asyncio.CancelledError):
            return RetryDecision(retry_in={"seconds": 0})
        if isinstance(exception, TRANSIENT_ERRORS):
            return super().get_retry_decision(exception=exception, job=job)
        if isinstance(exception, CONNECTION_ERRORS) and job.attempts < MAX_DATABASE_RETRIES:
            metrics.RETRIES.labels(job.task_name).inc()
            return RetryDecision(
                retry_in={"seconds": queue.RETRY_DELAYS[min(job.attempts, len(queue.RETRY_DELAYS) - 1)]}
            )
        return None


def register_tasks(handler: UpdateHandler) -> Callable[[App], None]:
    """Puts `telegram.update` and `telegram.album` into an App, answered by `talk`."""

    async def update(context: JobContext, inbox_id: int) -> None:
        await handler.handle_update(inbox_id, is_last_attempt=_is_last_attempt(context))

    async def album(context: JobContext, inbox_id: int, album: str) -> None:
        await handler.handle_album_update(inbox_id, album, is_last_attempt=_is_last_attempt(context))

    async def lost(timestamp: int) -> None:
        if count := await requeue_orphans(handler.resources):
            log.warning("taken up again", updates=count)

    def put(app: App) -> None:
        app.periodic(cron=EVERY_MINUTE)(app.task(name="telegram.lost", queue=MAINTENANCE_QUEUE)(lost))
        for name, task in ((UPDATE_TASK, update), (ALBUM_TASK, album)):
            app.task(name=name, queue=DEFAULT_QUEUE, pass_context=True, retry=RetryPolicy())(task)

    return put


def _is_last_attempt(context: JobContext) -> bool:
    return context.job.attempts >= len(RETRY_DELAYS)
