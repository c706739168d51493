"""The worker's side of the bot: tasks that handle stored updates, their retries, and how an update ends.

See ADR 0016.
"""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial

import structlog
from procrastinate import App, RetryDecision
from procrastinate.jobs import Job
from telegram import User

from bot.telegram.albums import handle_album
from bot.telegram.button_rules import PressRefusal, check_group_look, check_press, private_chat_argument
from bot.telegram.client import TelegramClient
from bot.telegram.commands import handle_command
from bot.telegram.daily_news import NEWS_TASK
from bot.telegram.deep_links import private_chat_url
from bot.telegram.delivery import QUEUE_NOTICE, REPLY_STEP, UpdateDelivery
from bot.telegram.erasure import send_confirmation
from bot.telegram.formatting import text_messages
from bot.telegram.handlers import handle_callback, handle_photo
from bot.telegram.ingest import ALBUM_TASK, UPDATE_TASK, requeue_orphans
from bot.telegram.inline import answer_inline_query
from bot.telegram.messages import handle_message
from bot.telegram.parsing import parse_album, parse_update
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
from core import metrics
from core.conversation.service import ConversationService
from core.conversation.smalltalk import unsupported_media_reply
from core.db import inbox, looks, people, senderless_updates
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
from core.i18n.translations import translate
from core.jobs.maintenance import MAINTENANCE_QUEUE
from core.jobs.queue import DEFAULT_QUEUE, RETRY_DELAYS, ExponentialBackoff

USER_ERRORS = (PhotoError, RemotePhotoGoneError, DailyLimitError, ModelError, DecoderUnavailableError)
"""Errors that end the update with an apology."""
TRANSIENT_ERRORS = (DeliveryError, RemotePhotoUnavailableError, StorageUnavailableError)
"""Errors after which the job is retried."""
RECIPIENT_GONE = (ChatUnavailableError, LookNotFoundError, PersonNotFoundError)
"""Errors after which a reply is impossible."""
REFUSAL_TEXT_KEYS = {
    PressRefusal.OTHER_OWNER: "telegram.button_of_other",
    PressRefusal.EXPIRED: "telegram.button_expired",
}
"""The alert for a press without an effect."""
MAX_RETRIES = 10
"""Of one job while the database is unreachable, without which an update cannot be ended."""
DELIVERY_RETRY_DELAYS = (1, 2, 4, 15, 60, 300)
"""Seconds before each retry while Telegram is away. An apology could not be sent either, so there are more of them than
where one can."""
LONGEST_FLOOD_WAIT = 540
"""Seconds for which a job waits at most; see `core.jobs.maintenance.LONGEST_RETRY_DELAY`."""
MAX_WAITS = 24 * 3600 // LONGEST_FLOOD_WAIT
"""Retries of one job for any other reason: a day of demanded waits. Faults end the update earlier; stops and deaths of
workers count as retries of the job, and not as faults of the update."""
POSTPONED_DELAYS = (5, 15, 60)
"""Seconds before each retry of a job that a worker cannot run, since it has not reached Telegram yet."""
ORPHANS_TASK = "telegram.lost"
EVERY_MINUTE = "* * * * *"

log = structlog.get_logger()


@asynccontextmanager
async def update_outcome(
    delivery: UpdateDelivery, fault_count: int, *, retries: int, delivery_retries: int
) -> AsyncIterator[None]:
    """Decide how an update ends: retried (raises), apologized for, dropped, or left to another worker.

    A fault that is retried is counted. Attempts that end with their process are none, and neither are those that
    Telegram refuses for some time.

    Args:
        delivery: the reply to the update; is told whether this is the last attempt.
        fault_count: how many attempts ended by a fault.
        retries: after so many faults the next one ends the update.
        delivery_retries: the same for an answer that cannot be delivered.

    Raises:
        DatabaseUnavailableError: the job is to be retried.
        DeliveryError: the job is to be retried; as RemotePhotoUnavailableError and StorageUnavailableError.
    """
    delivery.is_last_attempt, is_last_delivery = fault_count >= retries, fault_count >= delivery_retries
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
    except TRANSIENT_ERRORS as error:
        await delivery.count_fault(error)
        raise
    async with delivery.resources.database.connection() as connection:
        if delivery.is_erasure:
            await senderless_updates.delete_update(connection, delivery.inbox_id)
        else:
            await inbox.mark_processed(connection, *delivery.inbox_ids)


class UpdateHandler:
    """Handles stored updates. Safe for concurrent use by many tasks."""

    def __init__(
        self,
        conversation: ConversationService,
        client: TelegramClient,
        me: User,
        *,
        retry_delays: Sequence[int] = RETRY_DELAYS,
        delivery_retry_delays: Sequence[int] = DELIVERY_RETRY_DELAYS,
    ) -> None:
        """Create the handler.

        Args:
            conversation: the business logic.
            client: sends replies.
            me: the bot itself, from `getMe`.
            retry_delays: seconds before each retry of a job.
            delivery_retry_delays: the same while Telegram is away.
        """
        self.conversation, self.client, self.me = conversation, client, me
        self.resources = conversation.resources
        self.retry_delays, self.delivery_retry_delays = retry_delays, delivery_retry_delays
        self._update_outcome = partial(
            update_outcome, retries=len(retry_delays), delivery_retries=len(delivery_retry_delays)
        )

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
        delivery = UpdateDelivery(self.resources, self.client, update, inbox_ids=[inbox_id], done=stored.checkpoints)
        async with self._update_outcome(delivery, stored.fault_count):
            if delivery.is_erasure:
                await send_confirmation(delivery, update)
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
        delivery = UpdateDelivery(self.resources, self.client, first, inbox_ids=inbox_ids, done=stored.checkpoints)
        delivery.covers_photos = not delivery.is_private and any(update.is_covered for update in updates.values())
        async with self._update_outcome(delivery, stored.fault_count):
            items = [update for update in updates.values() if isinstance(update, PhotoMessage | UnsupportedMessage)]
            if first.is_anonymous:
                await handle_anonymous(delivery, self.conversation, items or [first])
            elif any(isinstance(item, PhotoMessage) for item in items):
                person = await self.conversation.get_or_create_person(
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
        if isinstance(update, ButtonPress):
            refusal = await self._check_press(delivery, update)
            if refusal is not None:
                await self._refuse_press(delivery, update, refusal)
                return
            await self.client.answer_callback_query(update.query_id)
        person = await self.conversation.get_or_create_person(
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
                await handle_callback(delivery, self.conversation, person, update)
            case CommandMessage():
                await handle_command(delivery, self.conversation, person, update)
            case TextMessage() | MessageReaction():
                await handle_message(delivery, self.conversation, person, update)
            case UnsupportedMessage():
                text = unsupported_media_reply(update.media, delivery.language)
                await delivery.send_all("reply", text_messages(text))

    async def _check_press(self, delivery: UpdateDelivery, press: ButtonPress) -> PressRefusal | None:
        """Whether a press has no effect; see `button_rules`."""
        if delivery.checkpoint(REPLY_STEP) is not None:
            return None  # An earlier attempt checked it, and executed the action.
        if press.data is None:
            return None if delivery.is_private else PressRefusal.OTHER_OWNER
        refusal = check_press(press.data, press.user_id, is_private=delivery.is_private, now=time.time())
        look_id = press.data.action.look_id
        if refusal is not None or delivery.is_private or look_id is None:
            return refusal
        async with self.resources.database.connection() as connection:
            person = await people.get_by_identity(connection, IdentityProvider.TELEGRAM, str(press.user_id))
            look = await looks.get(connection, look_id)
        if person is None:
            return PressRefusal.OTHER_OWNER
        if look is None:
            return None  # The answer is that the look is gone.
        return check_group_look(look, person, press.chat_id)

    async def _refuse_press(self, delivery: UpdateDelivery, press: ButtonPress, refusal: PressRefusal) -> None:
        """Tell only the person who pressed a button why it has no effect."""
        if refusal is PressRefusal.PRIVATE_ONLY and press.data is not None:
            url = private_chat_url(self.client.bot_username, private_chat_argument(press.data))
            await self.client.answer_callback_query(press.query_id, url=url)
            return
        async with self.resources.database.connection() as connection:
            person = await people.get_by_identity(connection, IdentityProvider.TELEGRAM, str(press.user_id))
        language = delivery.language if person is None else person.language
        await self.client.answer_callback_query(press.query_id, alert=translate(REFUSAL_TEXT_KEYS[refusal], language))
        if refusal is PressRefusal.EXPIRED and press.message_id is not None:
            await self.client.edit_keyboard(delivery.chat_id, press.message_id, None)

    async def _handle_membership(self, change: MembershipChange) -> None:
        update_identity = people.mark_unblocked if change.is_member else people.mark_blocked
        async with self.resources.database.connection() as connection:
            await update_identity(connection, IdentityProvider.TELEGRAM, str(change.user_id))


class RetryPolicy(ExponentialBackoff):
    """Retries faults, which `update_outcome` limits, and outages of the database; stopped jobs start again at once.

    A job does not start again before the wait is over that Telegram demands: each earlier attempt would be refused.
    """

    def __init__(
        self, delays: Sequence[int] = RETRY_DELAYS, delivery_delays: Sequence[int] = DELIVERY_RETRY_DELAYS
    ) -> None:
        """Take the seconds before each retry, and those while Telegram is away."""
        super().__init__(delays)
        self.delivery_delays = delivery_delays

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """When to retry, or None."""
        if isinstance(exception, asyncio.CancelledError):
            return RetryDecision(retry_in={"seconds": 0})
        limit = MAX_RETRIES if isinstance(exception, DatabaseUnavailableError) else MAX_WAITS
        if isinstance(exception, (*TRANSIENT_ERRORS, DatabaseUnavailableError)) and job.attempts < limit:
            metrics.RETRIES.labels(job.task_name).inc()
            delays = self.delivery_delays if isinstance(exception, DeliveryError) else self.delays
            delay = delays[min(job.attempts, len(delays) - 1)]
            return RetryDecision(retry_in={"seconds": max(delay, _demanded_wait(exception))})
        return None


def _demanded_wait(error: BaseException) -> int:
    """The seconds for which Telegram accepts nothing, or the longest wait of a job; 0 if it did not say that."""
    return min(math.ceil(error.seconds) + 1, LONGEST_FLOOD_WAIT) if isinstance(error, FloodWaitError) else 0


def register_tasks(handler: UpdateHandler) -> Callable[[App], None]:
    """A function that registers the bot's tasks with a procrastinate App."""

    def register(app: App) -> None:
        requeue = app.task(name=ORPHANS_TASK, queue=MAINTENANCE_QUEUE)(handler.requeue_orphans)
        app.periodic(cron=EVERY_MINUTE)(requeue)
        retry_policy = RetryPolicy(handler.retry_delays, handler.delivery_retry_delays)
        for name, task in ((UPDATE_TASK, handler.handle_update), (ALBUM_TASK, handler.handle_album)):
            app.task(name=name, queue=DEFAULT_QUEUE, retry=retry_policy)(task)

    return register


def register_postponed_tasks(app: App) -> None:
    """Register the tasks of Telegram for a worker that has not reached it yet: their jobs are retried later."""

    async def postpone(**_: object) -> None:
        raise DeliveryError("not reached yet")

    for name in (UPDATE_TASK, ALBUM_TASK, ORPHANS_TASK, NEWS_TASK):
        app.task(name=name, retry=ExponentialBackoff(POSTPONED_DELAYS, gives_up=False))(postpone)
