"""The worker's side of the bot: tasks that handle stored updates, and how an update ends.

See ADR 0016.
"""

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from procrastinate import App, BaseRetryStrategy, RetryDecision
from procrastinate.jobs import Job
from telegram import User

from bot.telegram.button_presses import accept_press, handle_press
from bot.telegram.client import TelegramClient
from bot.telegram.commands import handle_command
from bot.telegram.daily_news import NEWS_TASK
from bot.telegram.delivery import QUEUE_NOTICE, UpdateDelivery
from bot.telegram.ingest import ALBUM_TASK, TELEGRAM_QUEUE, UPDATE_TASK, requeue_orphans
from bot.telegram.inline import answer_inline_query
from bot.telegram.messages import handle_message
from bot.telegram.outgoing_messages import text_messages
from bot.telegram.parsing import parse_album, parse_update
from bot.telegram.photos import handle_album, handle_photo
from bot.telegram.replies import confirm_erasure
from bot.telegram.retries import DEFAULT_DELAYS, LONGEST_WAIT, RetryDelays, RetryLaterError, RetryPolicy
from bot.telegram.unstored_photos import handle_anonymous, handle_photo_of_other
from bot.telegram.updates import (
    ButtonPress,
    CommandMessage,
    IncomingUpdate,
    InlineQuery,
    MembershipChange,
    MessageReaction,
    PhotoMessage,
    TextMessage,
    UnsupportedMessage,
)
from core.conversation.service import ConversationService
from core.conversation.smalltalk import unsupported_media_reply
from core.db import inbox
from core.db.identities import mark_blocked, mark_unblocked
from core.db.schema import Channel, IdentityProvider
from core.errors import (
    ChatUnavailableError,
    DailyLimitError,
    DatabaseUnavailableError,
    DecoderUnavailableError,
    DeliveryError,
    EvaError,
    FloodWaitError,
    InvalidPayloadError,
    LookNotFoundError,
    MessageRejectedError,
    ModelError,
    PersonNotFoundError,
    PhotoError,
    RemotePhotoGoneError,
    RemotePhotoUnavailableError,
    StorageUnavailableError,
    UpdateTakenOverError,
)

USER_ERRORS = (PhotoError, RemotePhotoGoneError, DailyLimitError, ModelError, DecoderUnavailableError)
"""Errors that end the update with an apology."""
TRANSIENT_ERRORS = (DeliveryError, RemotePhotoUnavailableError, StorageUnavailableError)
"""Errors after which the job is retried."""
RECIPIENT_GONE = (ChatUnavailableError, LookNotFoundError, PersonNotFoundError)
"""Errors after which a reply is impossible."""
ORPHANS_TASK = "telegram.lost"
EVERY_MINUTE = "* * * * *"

log = structlog.get_logger()


@asynccontextmanager
async def update_outcome(delivery: UpdateDelivery, fault_count: int, delays: RetryDelays) -> AsyncIterator[None]:
    """Decide how an update ends: retried (raises), apologized for, dropped, or left to another worker.

    A fault that is retried is counted. Attempts that end with their process are none, and neither are those that
    Telegram refuses for some time.

    Args:
        delivery: the reply to the update; is told whether this is the last attempt.
        fault_count: how many attempts ended by a fault.
        delays: after so many faults the next one ends the update.

    Raises:
        DatabaseUnavailableError: the job is to be retried.
        RetryLaterError: the same, after some time.
    """
    delivery.is_last_attempt, is_last_delivery = fault_count >= len(delays.photo), fault_count >= len(delays.delivery)
    try:
        try:
            yield
        except (DatabaseUnavailableError, FloodWaitError):
            raise
        except UpdateTakenOverError:
            log.warning("update_taken_over", inbox_id=delivery.inbox_id)
            return
        except RECIPIENT_GONE as error:
            log.info("recipient_unreachable", inbox_id=delivery.inbox_id, reason=type(error).__name__)
        except TRANSIENT_ERRORS as error:
            if not (is_last_delivery if isinstance(error, DeliveryError) else delivery.is_last_attempt):
                raise
            log.error("update_abandoned", inbox_id=delivery.inbox_id, reason=type(error).__name__)
            if not isinstance(error, DeliveryError):
                await delivery.send_error(error, is_last_attempt=is_last_delivery)
        except MessageRejectedError as error:
            log.warning("telegram_message_rejected", inbox_id=delivery.inbox_id, reason=error.detail)
            await delivery.send_error(EvaError(), is_last_attempt=is_last_delivery)
        except USER_ERRORS as error:
            await delivery.send_error(error, is_last_attempt=is_last_delivery)
        except Exception:
            # A bug, which a retry would only repeat.
            log.exception("update_failed", inbox_id=delivery.inbox_id)
            await delivery.send_error(EvaError(), is_last_attempt=True)
    except FloodWaitError as error:
        raise RetryLaterError(min(math.ceil(error.seconds) + 1, LONGEST_WAIT)) from error
    except TRANSIENT_ERRORS as error:
        async with delivery.resources.database.connection() as connection:
            await inbox.count_fault(connection, delivery.inbox_id)
        retry_delays = delays.delivery if isinstance(error, DeliveryError) else delays.photo
        raise RetryLaterError(retry_delays[fault_count]) from error
    async with delivery.resources.database.connection() as connection:
        if delivery.is_erasure:
            await inbox.delete_update(connection, delivery.inbox_id)
        await inbox.mark_processed(connection, *delivery.inbox_ids)


class UpdateHandler:
    """Handles stored updates. Safe for concurrent use by many tasks."""

    def __init__(
        self,
        conversation: ConversationService,
        client: TelegramClient,
        me: User,
        delays: RetryDelays = DEFAULT_DELAYS,
    ) -> None:
        """Create the handler.

        Args:
            conversation: the business logic.
            client: sends replies.
            me: the bot itself, from `getMe`.
            delays: before each retry of a job.
        """
        self.conversation, self.client, self.me = conversation, client, me
        self.resources, self._delays = conversation.resources, delays

    def register_tasks(self, app: App) -> None:
        """Register the bot's tasks with a queue."""
        app.periodic(cron=EVERY_MINUTE)(app.task(name=ORPHANS_TASK, queue=TELEGRAM_QUEUE)(self.requeue_orphans))
        app.task(name=UPDATE_TASK, queue=TELEGRAM_QUEUE, retry=RetryPolicy())(self.handle_update)
        app.task(name=ALBUM_TASK, queue=TELEGRAM_QUEUE, retry=RetryPolicy())(self.handle_album)

    async def handle_update(self, inbox_id: int) -> None:
        """Task: reply to an update, unless that was done already.

        Args:
            inbox_id: the stored update.

        Raises:
            EvaError: see `update_outcome`.
        """
        async with self.resources.database.connection() as connection:
            stored = await inbox.get_unprocessed(connection, inbox_id)
        if stored is None:
            return
        try:
            update = parse_update(stored.payload, self.me)
        except InvalidPayloadError as error:
            log.warning("telegram_update_invalid", inbox_id=inbox_id, detail=error.detail)
            update = None
        if update is None:
            await self._drop([inbox_id])
            return
        delivery = UpdateDelivery(
            self.resources, self.client, update, sender=stored.sender, inbox_ids=[inbox_id], done=stored.checkpoints
        )
        async with update_outcome(delivery, stored.fault_count, self._delays):
            if delivery.is_erasure:
                await confirm_erasure(delivery, update)
            else:
                await self._dispatch(delivery, update)

    async def handle_album(self, inbox_id: int, album_id: str) -> None:
        """Task: reply to all stored photos of an album, if this job belongs to the last of them.

        Args:
            inbox_id: one of the album's updates.
            album_id: its `media_group_id`.

        Raises:
            EvaError: see `update_outcome`.
        """
        async with self.resources.database.connection() as connection:
            stored = await inbox.get_unprocessed(connection, inbox_id)
            if stored is None or stored.external_sender_id is None:
                return
            payloads = await inbox.list_unfinished_album(connection, stored.external_sender_id, album_id)
        inbox_ids = [number for number in payloads if number <= inbox_id]
        has_begun = any(name != QUEUE_NOTICE for name in stored.checkpoints)
        if len(inbox_ids) < len(payloads) and not has_begun:
            return  # The job of a later photo replies to these as well: it may be the one that mentions the bot.
        updates = parse_album({number: payloads[number] for number in inbox_ids}, self.me)
        if not updates:
            await self._drop(inbox_ids)
            return
        first = updates.get(inbox_id) or next(iter(updates.values()))
        delivery = UpdateDelivery(
            self.resources, self.client, first, sender=stored.sender, inbox_ids=inbox_ids, done=stored.checkpoints
        )
        delivery.covers_photos = not delivery.is_private and any(update.is_covered for update in updates.values())
        async with update_outcome(delivery, stored.fault_count, self._delays):
            items = [update for update in updates.values() if isinstance(update, PhotoMessage | UnsupportedMessage)]
            if first.is_anonymous:
                await handle_anonymous(delivery, self.conversation, items or [first])
            elif any(isinstance(item, PhotoMessage) for item in items):
                person = delivery.sender or await self.conversation.get_or_create_person(
                    IdentityProvider.TELEGRAM, str(first.user_id), first.language_code
                )
                delivery.language = person.language
                await self.conversation.delete_name_question(person)
                await handle_album(delivery, self.conversation, person, items)
            else:
                await self._dispatch(delivery, first)

    async def requeue_orphans(self, timestamp: int) -> None:
        """Periodic task: enqueue updates again that lost their job."""
        if count := await requeue_orphans(self.resources):
            log.warning("updates_requeued", channel=Channel.TELEGRAM, count=count)

    async def _drop(self, inbox_ids: list[int]) -> None:
        """End updates that need no reply."""
        async with self.resources.database.connection() as connection:
            await inbox.mark_processed(connection, *inbox_ids)

    async def _dispatch(self, delivery: UpdateDelivery, update: IncomingUpdate) -> None:
        if isinstance(update, MembershipChange):
            await self._handle_membership(update)
            return
        if isinstance(update, InlineQuery):
            await answer_inline_query(self.client, self.conversation, self.me, update)
            return
        if update.is_anonymous:
            await handle_anonymous(delivery, self.conversation, [update])
            return
        if isinstance(update, ButtonPress) and not await accept_press(delivery, update):
            return
        person = delivery.sender or await self.conversation.get_or_create_person(
            IdentityProvider.TELEGRAM, str(update.user_id), update.language_code
        )
        delivery.language = person.language
        if not isinstance(update, ButtonPress | TextMessage | MessageReaction):
            await self.conversation.delete_name_question(person)
        match update:
            case PhotoMessage(is_of_other=True):
                await handle_photo_of_other(delivery, self.conversation, update)
            case PhotoMessage():
                await handle_photo(delivery, self.conversation, person, update)
            case ButtonPress():
                await handle_press(delivery, self.conversation, person, update)
            case CommandMessage():
                await handle_command(
                    delivery, self.conversation, person, update.name, update.argument, names_bot=update.names_bot
                )
            case TextMessage() | MessageReaction():
                await handle_message(delivery, self.conversation, person, update)
            case UnsupportedMessage():
                text = unsupported_media_reply(update.media, delivery.language)
                await delivery.send_all("reply", text_messages(text))

    async def _handle_membership(self, change: MembershipChange) -> None:
        update_identity = mark_unblocked if change.is_member else mark_blocked
        async with self.resources.database.connection() as connection:
            await update_identity(connection, IdentityProvider.TELEGRAM, str(change.user_id))


class _MoveToTelegramQueue(BaseRetryStrategy):
    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision:
        return RetryDecision(retry_in={"seconds": 0}, queue=TELEGRAM_QUEUE)


def register_former_jobs(app: App) -> None:
    """Let a worker that has not reached Telegram move the jobs of a former release, which are in the other queues."""

    async def move(**_: object) -> None:
        raise DeliveryError("not reached yet")

    for name in (UPDATE_TASK, ALBUM_TASK, ORPHANS_TASK, NEWS_TASK):
        app.task(name=name, retry=_MoveToTelegramQueue())(move)
