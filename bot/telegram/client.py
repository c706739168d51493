"""The Bot API client: rate limits, retries, and Telegram's errors translated into ours.

error                    handling
-----------------------  ------------------------------------------------------------------------------------------
flood (429)              waits as long as Telegram says; beyond MAX_FLOOD_WAIT, FloodWaitError for the job to wait
network, 5xx             retried after 1, 2 and 4 seconds
no response in time      not retried, since the message may have arrived: a missing message is better than a double one
blocked, chat deleted    ChatUnavailableError
group upgraded           the message is sent to its new chat
other refusals           MessageRejectedError

Source: https://core.telegram.org/bots/api and https://core.telegram.org/bots/faq#broadcasting-to-users.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext, suppress
from typing import Any, TypeVar

import structlog
from telegram import (
    InlineKeyboardMarkup,
    InlineQueryResult,
    InlineQueryResultsButton,
    InputFile,
    LinkPreviewOptions,
    ReplyParameters,
)
from telegram.constants import ChatAction, FileSizeLimit, FloodLimit
from telegram.error import (
    ChatMigrated,
    RetryAfter,
    TelegramError,
    TimedOut,
)
from telegram.ext import ExtBot

from bot.telegram.bot_api_errors import REFUSALS, flood_wait, is_of_proxy, may_have_arrived, translate_refusal
from bot.telegram.outgoing_messages import MAX_CAPTION_LENGTH, MAX_TEXT_LENGTH, OutgoingMessage
from core.db.schema import Channel
from core.errors import (
    ChatUnavailableError,
    DeliveryError,
    FloodWaitError,
    MessageRejectedError,
    MessengerError,
    PhotoTooLargeError,
    RemotePhotoGoneError,
    RemotePhotoUnavailableError,
)
from core.i18n.translations import truncate
from core.metrics import DELIVERIES, DeliveryOutcome

RETRY_DELAYS = (1.0, 2.0, 4.0)
"""Seconds before each further attempt."""
MAX_FLOOD_WAIT = 30.0
"""Seconds; a longer flood wait is left to a retry of the job."""
RESPONSE_SECONDS = 2.0
"""For the response to a request that runs when the worker is stopped."""
RECORD_SECONDS = 0.5
"""For recording what was sent, after that response."""
MESSAGE_INTERVAL = 1.0
"""Seconds between two messages in one chat."""
GROUP_INTERVAL = 60 / FloodLimit.MESSAGES_PER_MINUTE_PER_GROUP
"""Seconds between two messages in one group, once it has got those of a minute."""
CHAT_ACTION_INTERVAL = 4.5
"""Seconds until a chat action is repeated: Telegram shows it for five, or until the next message."""
LARGE_FILE_BYTES = 1_000_000
"""What people send as a photo is smaller; what they send as a file may have 20 MB."""
MAX_LARGE_FILES = 8
"""Larger files that may be in memory at once, from their download until they are judged."""
MAX_TRACKED_LIMITS = 1000
"""Number of limits from which on those that are not used at the moment are dropped."""
INLINE_CACHE_SECONDS = 5
"""For which Telegram may answer the same inline query itself."""
REFUSAL_OUTCOMES: Mapping[type[MessengerError], DeliveryOutcome] = {
    ChatUnavailableError: DeliveryOutcome.GONE,
    MessageRejectedError: DeliveryOutcome.REFUSED,
    DeliveryError: DeliveryOutcome.UNREACHABLE,
}
"""By our error for one of them."""
IGNORED_ERRORS = (*REFUSALS, TimedOut)
"""Errors of calls without an effect that matters any more."""

log = structlog.get_logger()
T = TypeVar("T")


class MessageRateLimiter:
    """Spaces messages as Telegram demands: those to one chat, those to one group, and all of them together."""

    def __init__(
        self,
        per_second: int = FloodLimit.MESSAGES_PER_SECOND,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Let so many messages a second pass; `clock` and `sleep` measure and wait for it."""
        self._per_second, self._clock, self._sleep = per_second, clock, sleep
        self._due_at: dict[tuple[int | None, float], float] = {}
        """When a limit is used up no more, by its chat, if it has one, and its interval."""

    async def wait(self, chat_id: int | None) -> None:
        """Wait until a message may be sent to a chat; concurrent callers are served in order. None is no message."""
        if chat_id is None:
            return
        limits: list[tuple[int | None, float, int]] = [(chat_id, MESSAGE_INTERVAL, 1)]
        if chat_id < 0:
            limits.append((chat_id, GROUP_INTERVAL, FloodLimit.MESSAGES_PER_MINUTE_PER_GROUP))
        limits.append((None, 1 / self._per_second, self._per_second))
        for limited_chat, interval, burst in limits:
            now, key = self._clock(), (limited_chat, interval)
            if len(self._due_at) >= MAX_TRACKED_LIMITS:
                self._due_at = {other: due_at for other, due_at in self._due_at.items() if due_at > now}
            due_at = max(now, self._due_at.get(key, now))
            self._due_at[key] = due_at + interval
            if (pause := due_at - (burst - 1) * interval - now) > 0:
                await self._sleep(pause)


class TelegramClient:
    """Calls the Bot API for one bot. Safe for concurrent use by many tasks."""

    def __init__(
        self,
        bot: ExtBot[None],
        rate_limiter: MessageRateLimiter,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chat_action_interval: float = CHAT_ACTION_INTERVAL,
        response_seconds: float = RESPONSE_SECONDS,
    ) -> None:
        """Wrap a bot.

        Args:
            bot: initialized.
            rate_limiter: spaces the messages.
            sleep: waits before retries.
            chat_action_interval: seconds until a chat action is repeated.
            response_seconds: for the response to a request that runs when the worker is stopped.
        """
        self._bot = bot
        self.bot_username = bot.username
        """The bot's name in links, without the @."""
        self._large_files = asyncio.Semaphore(MAX_LARGE_FILES)
        self._rate_limiter = rate_limiter
        self._sleep = sleep
        self._action_ends_at: dict[int, float] = {}
        """Until when chats show a chat action; a message ends it."""
        self._actions_refused_until: dict[int, float] = {}
        """Until when Telegram accepts no chat actions in chats."""
        self._chat_action_interval, self._response_seconds = chat_action_interval, response_seconds

    @property
    def has_inline_mode(self) -> bool:
        """Whether inline mode is switched on; BotFather switches it."""
        return bool(self._bot.supports_inline_queries)

    async def send_message(
        self,
        chat_id: int,
        message: OutgoingMessage,
        *,
        reply_to: int | None = None,
        thread_id: int | None = None,
        is_upgraded: bool = False,
    ) -> int | None:
        """Send one message, as soon as the rate limits permit, and count how that ended.

        A photo that is rejected is replaced by its caption: in many groups bots may not send photos. An upgraded group
        has neither the message to reply to nor the topic.

        Args:
            chat_id: the recipient.
            message: text, or photo with caption.
            reply_to: id of the message to reply to; ignored by Telegram if that was deleted.
            thread_id: the topic of a forum; None outside of topics.
            is_upgraded: whether the chat is what a group was upgraded to, which is followed once.

        Returns:
            The id of the message; None if Telegram did not respond in time, so that it may have arrived or not.

        Raises:
            ChatUnavailableError: the bot was blocked, or the chat was deleted.
            DeliveryError: Telegram could not be reached, or demands a long wait; a later attempt may succeed.
            MessageRejectedError: Telegram rejects the message permanently.
        """
        text = truncate(message.text, MAX_TEXT_LENGTH if message.photo is None else MAX_CAPTION_LENGTH)
        options: dict[str, Any] = {
            "limited_chat": chat_id,
            "reply_markup": message.keyboard,
            "message_thread_id": thread_id,
        }
        if reply_to is not None:
            options["reply_parameters"] = ReplyParameters(reply_to, allow_sending_without_reply=True)
        try:
            if message.photo is None:
                preview = LinkPreviewOptions(is_disabled=True)
                sent = await self._retry(self._bot.send_message, chat_id, text, link_preview_options=preview, **options)
            else:
                photo = InputFile(message.photo, filename="look.jpg")
                options |= {"caption": text or None, "has_spoiler": message.is_covered or None}
                sent = await self._retry(self._bot.send_photo, chat_id, photo, **options)
        except TimedOut:
            log.warning("telegram_response_missing")
            DELIVERIES.labels(Channel.TELEGRAM, DeliveryOutcome.UNSURE).inc()
            return None
        except DeliveryError:
            DELIVERIES.labels(Channel.TELEGRAM, DeliveryOutcome.UNREACHABLE).inc()
            raise
        except TelegramError as error:
            if isinstance(error, ChatMigrated) and not is_upgraded:
                return await self.send_message(error.new_chat_id, message, is_upgraded=True)
            refusal, fallback = translate_refusal(error), message.without_photo
            if fallback is None or not isinstance(refusal, MessageRejectedError):
                DELIVERIES.labels(Channel.TELEGRAM, REFUSAL_OUTCOMES[type(refusal)]).inc()
                raise refusal from error
            log.warning("telegram_photo_rejected", reason=refusal.detail)
            return await self.send_message(chat_id, fallback, reply_to=reply_to, thread_id=thread_id)
        self._action_ends_at.pop(chat_id, None)
        DELIVERIES.labels(Channel.TELEGRAM, DeliveryOutcome.SENT).inc()
        return sent.message_id

    async def edit_keyboard(self, chat_id: int, message_id: int, keyboard: InlineKeyboardMarkup | None) -> None:
        """Replace the buttons of a message; ignored if the message was deleted or has these buttons already.

        Raises:
            DeliveryError: Telegram could not be reached or demands a long wait.
        """
        with suppress(*IGNORED_ERRORS):
            await self._retry(self._bot.edit_message_reply_markup, chat_id, message_id, reply_markup=keyboard)

    async def answer_callback_query(self, query_id: str, *, alert: str | None = None, url: str | None = None) -> None:
        """Confirm a button press, so that the button stops spinning; ignored if the press is too old.

        Args:
            query_id: the press.
            alert: shown over the chat only to the person who pressed; at most 200 characters.
            url: opened by their app; a link to the private chat with the bot.

        Raises:
            DeliveryError: Telegram could not be reached or demands a long wait.
        """
        answer: dict[str, Any] = {} if alert is None else {"text": alert, "show_alert": True}
        with suppress(*IGNORED_ERRORS):
            await self._retry(self._bot.answer_callback_query, query_id, url=url, **answer)

    async def answer_inline_query(
        self, query_id: str, results: Sequence[InlineQueryResult], *, button: InlineQueryResultsButton | None = None
    ) -> None:
        """Answer an inline query, for this user only; ignored if the query is too old.

        Args:
            query_id: the query.
            results: the choices, at most 50.
            button: shown above them.

        Raises:
            DeliveryError: Telegram could not be reached or demands a long wait.
        """
        with suppress(*IGNORED_ERRORS):
            await self._retry(
                self._bot.answer_inline_query,
                query_id,
                results,
                cache_time=INLINE_CACHE_SECONDS,
                is_personal=True,
                button=button,
            )

    async def show_chat_action(
        self, chat_id: int, action: ChatAction, thread_id: int | None = None, *, is_repeated: bool = False
    ) -> None:
        """Show a chat action ("typing...") in a chat that shows none; failures are ignored, but for a demanded wait.

        Args:
            chat_id: the chat.
            action: what to show.
            thread_id: the topic of a forum; None outside of topics.
            is_repeated: whether it is shown until the call is canceled.
        """
        while True:
            now = time.monotonic()
            ends_at = max(self._action_ends_at.get(chat_id, now), self._actions_refused_until.get(chat_id, now))
            if (shown_for := ends_at - now) <= 0:
                shown_for = self._chat_action_interval
                # Another worker may send the message that ends an action.
                self._action_ends_at = {other: end for other, end in self._action_ends_at.items() if end > now}
                self._action_ends_at[chat_id] = now + shown_for
                try:
                    await self._bot.send_chat_action(chat_id, action, message_thread_id=thread_id)
                except TelegramError as error:
                    if wait := flood_wait(error):
                        refused = self._actions_refused_until
                        self._actions_refused_until = {other: end for other, end in refused.items() if end > now}
                        self._actions_refused_until[chat_id] = now + wait
                        shown_for = wait
            if not is_repeated:
                return
            await asyncio.sleep(shown_for)

    @asynccontextmanager
    async def download(self, file_id: str, size: int) -> AsyncGenerator[bytes, None]:
        """Download a file that a user sent, and hold its place in memory while the block runs.

        Raises:
            FloodWaitError: Telegram demands a wait that is left to the job.
            PhotoTooLargeError: it is larger than the 20 MB that bots can download.
            RemotePhotoGoneError: Telegram no longer has it.
            RemotePhotoUnavailableError: Telegram could not be reached, or does not have the file at the moment.
        """
        async with self._large_files if size > LARGE_FILE_BYTES else nullcontext():
            try:
                file = await self._retry(self._bot.get_file, file_id)
                if (file.file_size or 0) > FileSizeLimit.FILESIZE_DOWNLOAD:
                    raise PhotoTooLargeError(f"{file.file_size} bytes")
                data = bytes(await self._retry(file.download_as_bytearray))
            except REFUSALS as error:
                # PTB raises InvalidToken for every 404.
                reason = error.message.lower()
                if "too big" in reason:
                    raise PhotoTooLargeError from error
                if "temporarily unavailable" in reason:
                    raise RemotePhotoUnavailableError from error
                raise RemotePhotoGoneError from error
            except FloodWaitError:
                raise
            except (DeliveryError, TimedOut) as error:
                raise RemotePhotoUnavailableError from error
            yield data

    async def _retry(
        self, method: Callable[..., Awaitable[T]], *args: Any, limited_chat: int | None = None, **kwargs: Any
    ) -> T:
        """Call a method of the bot, again after errors that pass and left no effect.

        If it sends a message, to `limited_chat`, each call waits for the rate limits.

        A canceled task, which is a job whose worker is stopped, still takes the response to a request that runs, so
        that a message which arrived is recorded as sent and not sent again. It is canceled at its next call, or after
        RECORD_SECONDS.

        Raises:
            CancelledError: the task was canceled before, or there was no response in `response_seconds`.
            DeliveryError: the last attempt failed, too.
            FloodWaitError: Telegram demands a wait that is left to the job.
            TelegramError: one of `REFUSALS`, or `TimedOut` if the request may have had its effect.
        """
        task = asyncio.current_task()
        for delay in (*RETRY_DELAYS, None):
            if task is not None and task.cancelling():
                raise asyncio.CancelledError
            await self._rate_limiter.wait(limited_chat)
            request = asyncio.ensure_future(method(*args, **kwargs))
            try:
                try:
                    return await asyncio.shield(request)
                except asyncio.CancelledError:
                    await asyncio.wait([request], timeout=self._response_seconds)
                    if not request.done():
                        request.cancel()
                        raise
                    if task is not None:
                        asyncio.get_running_loop().call_later(RECORD_SECONDS, task.cancel)
                    return request.result()
            except RetryAfter as error:
                wait = flood_wait(error)
                if delay is None or wait > MAX_FLOOD_WAIT:
                    raise FloodWaitError(f"{wait:.0f} s", seconds=wait) from error
            except TelegramError as error:
                if isinstance(error, REFUSALS) and not is_of_proxy(error):
                    raise
                if may_have_arrived(error):
                    raise TimedOut from error
                if delay is None:
                    # The text of an error quotes a response that is not JSON, which may hold messages.
                    raise DeliveryError("network") from (None if is_of_proxy(error) else error)
                wait = delay
            if task is None or not task.cancelling():
                await self._sleep(wait)
        raise AssertionError("unreachable")
