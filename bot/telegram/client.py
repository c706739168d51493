"""Delivery to Telegram: at its pace, again after faults that pass, and an honest outcome for those that do not.

flood (429)              waits as long as Telegram says, if that is not too long
network, 5xx             tried again after 1, 2 and 4 seconds
no answer to a request   not sent again: it may have arrived, and twice is worse than a missing bubble
blocked, chat deleted    `GONE`: leave the person alone
group moved              `MOVED`, with its new id
"""

from __future__ import annotations

import asyncio
import logging
import time
import warnings
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import partial
from typing import TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx
import structlog
from httpx_aiohttp import AiohttpTransport
from telegram import (
    File,
    InlineKeyboardMarkup,
    InlineQueryResult,
    InlineQueryResultsButton,
    InputFile,
    LinkPreviewOptions,
    Message,
    ReplyParameters,
)
from telegram.constants import ChatAction, FileSizeLimit, ParseMode
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)
from telegram.ext import AIORateLimiter, ExtBot
from telegram.request import HTTPXRequest
from telegram.warnings import PTBDeprecationWarning

from bot.telegram.formatting import OutgoingMessage
from bot.text_limits import truncate
from core.errors import (
    DeliveryError,
    MessageRejectedError,
    PhotoTooLargeError,
    RemotePhotoGoneError,
    RemotePhotoUnavailableError,
)
from core.settings import Settings

RETRY_DELAYS = (1.0, 2.0, 4.0)
"""Seconds before each further try."""
MAX_FLOOD_WAIT = 30.0
"""Seconds of a flood that are waited for here; a longer one is left to a later try."""
CHAT_ACTION_INTERVAL = 4.0
"""Seconds after which a chat action is repeated: Telegram shows it for five."""
MAX_CONNECTIONS = 64
"""To Telegram at a time; more than its limit of messages a second can keep busy."""
INLINE_CACHE_SECONDS = 5
"""Seconds for which Telegram may answer an inline query again by itself."""
MAX_CALLBACK_ANSWER_LENGTH = 200
"""Letters of an answer to a pressed button."""
UNREACHABLE_CHAT_ERRORS = (
    "chat not found",
    "user is deactivated",
    "bot was kicked",
    "group chat was deactivated",
    "peer_id_invalid",
)
"""What refusals say, in lower case, where nobody will ever read again."""

# It announces the timedelta that `_seconds` takes already.
warnings.filterwarnings("ignore", message=".*`retry_after`", category=PTBDeprecationWarning)

log = structlog.get_logger()
T = TypeVar("T")


def create_bot(settings: Settings) -> ExtBot[int]:
    """The bot of EVA_TELEGRAM_TOKEN; use it with `async with`.

    Raises:
        ValueError: there is no token.
    """
    if settings.telegram_token is None:
        raise ValueError("EVA_TELEGRAM_TOKEN is not set")
    # It reports every flood as an error with its traceback; here a flood is waited for.
    logging.getLogger("telegram.ext.AIORateLimiter").setLevel(logging.CRITICAL)
    root = settings.telegram_api_url
    return ExtBot(
        token=settings.telegram_token.get_secret_value(),
        base_url=f"{root}/bot",
        base_file_url=f"{root}/file/bot",
        request=HTTPXRequest(
            read_timeout=20.0,
            pool_timeout=20.0,
            httpx_kwargs={"transport": AiohttpTransport(client=partial(_session, root))},
        ),
        rate_limiter=AIORateLimiter(overall_max_rate=settings.telegram_messages_per_second, overall_time_period=1),
    )


def _session(root: str) -> aiohttp.ClientSession:
    """Connections to Telegram, through the proxy of the environment if it names one for it.

    A request costs less than half of what it costs through httpx's own connections: `benchmarks/chat.py`.
    """
    url = urlsplit(root)
    proxy = None if proxy_bypass(url.netloc) else getproxies().get(url.scheme)
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=MAX_CONNECTIONS), proxy=proxy)


class TelegramClient:
    """Sends messages with one bot. May be used by many tasks at once."""

    def __init__(
        self,
        bot: ExtBot[int],
        *,
        rate_limiter: ChatRateLimiter | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chat_action_interval: float = CHAT_ACTION_INTERVAL,
    ) -> None:
        """Args: bot, initialised; pace, sleep and sign_of_life (seconds), for tests that do not wait."""
        self._bot, self._rate_limiter, self._sleep, self._chat_action_interval = (
            bot,
            rate_limiter or ChatRateLimiter(),
            sleep,
            chat_action_interval,
        )

    async def send_message(self, chat_id: int, message: OutgoingMessage, *, reply_to: int | None = None) -> SendResult:
        """Send one message, when it is the chat's turn.

        Args:
            chat: where to.
            message: what.
            reply_to: id of the message that it answers; sent without if that one is gone.

        Raises:
            DeliveryError: Telegram could not be reached or floods for long; a later try may succeed.
            MessageRejectedError: Telegram will not take it, now or later.
        """
        reply = ReplyParameters(reply_to, allow_sending_without_reply=True) if reply_to is not None else None

        async def once() -> Message:
            await self._rate_limiter.wait(chat_id)
            if message.photo is None:
                return await self._bot.send_message(
                    chat_id,
                    message.html,
                    parse_mode=ParseMode.HTML,
                    reply_markup=message.keyboard,
                    reply_parameters=reply,
                    link_preview_options=LinkPreviewOptions(is_disabled=True),
                )
            photo = message.photo
            return await self._bot.send_photo(
                chat_id,
                InputFile(photo, filename="look.jpg") if isinstance(photo, bytes) else photo,
                caption=message.html or None,
                parse_mode=ParseMode.HTML,
                reply_markup=message.keyboard,
                reply_parameters=reply,
            )

        return await self._to_result(once)

    async def edit_keyboard(self, chat_id: int, message_id: int, keyboard: InlineKeyboardMarkup | None) -> None:
        """Put other buttons under a message; a message that is gone or has them already is left alone.

        Raises:
            DeliveryError: Telegram could not be reached or floods for long.
        """

        async def once() -> Message | bool:
            return await self._bot.edit_message_reply_markup(chat_id, message_id, reply_markup=keyboard)

        await self._ignore_stale(once)

    async def answer_callback_query(self, query_id: str, text: str = "") -> None:
        """Answer a pressed button, so that it stops spinning; one pressed too long ago is left alone.

        Raises:
            DeliveryError: Telegram could not be reached or floods for long.
        """

        async def once() -> bool:
            return await self._bot.answer_callback_query(
                query_id, text=truncate(text, MAX_CALLBACK_ANSWER_LENGTH) if text else None
            )

        await self._ignore_stale(once)

    async def answer_inline_query(
        self, query_id: str, results: Sequence[InlineQueryResult], *, button: InlineQueryResultsButton | None = None
    ) -> None:
        """Answer an inline query, for this person alone; one that was typed too long ago is left alone.

        Args:
            query: its id.
            results: what can be sent, at most 50.
            button: shown above them.

        Raises:
            DeliveryError: Telegram could not be reached or floods for long.
        """

        async def once() -> bool:
            return await self._bot.answer_inline_query(
                query_id, results, cache_time=INLINE_CACHE_SECONDS, is_personal=True, button=button
            )

        await self._ignore_stale(once)

    @asynccontextmanager
    async def chat_action(self, chat_id: int, action: ChatAction = ChatAction.TYPING) -> AsyncGenerator[None, None]:
        """Show in a chat that Eva is at it, for as long as the block takes. Never the reason why it fails."""
        signs = asyncio.create_task(self._repeat_chat_action(chat_id, action))
        try:
            yield
        finally:
            signs.cancel()
            with suppress(asyncio.CancelledError):
                await signs

    async def send_chat_action_once(self, chat_id: int, action: ChatAction) -> None:
        """Show once, for some seconds, that Eva is at it; where that fails, it does not matter."""
        with suppress(TelegramError):
            await self._bot.send_chat_action(chat_id, action)

    async def download(self, file_id: str) -> bytes:
        """Fetch a file that a person sent.

        Args:
            file: its file_id.

        Raises:
            PhotoTooLargeError: it is over 20 MB, which bots cannot fetch.
            RemotePhotoGoneError: Telegram no longer has it.
            RemotePhotoUnavailableError: Telegram could not be reached.
        """
        try:
            found = await self._with_retries(lambda: self._bot.get_file(file_id))
            if (found.file_size or 0) > FileSizeLimit.FILESIZE_DOWNLOAD:
                raise PhotoTooLargeError(f"{found.file_size} bytes")
            return await self._with_retries(lambda: _download(found))
        except BadRequest as error:
            if "too big" in error.message.lower():
                raise PhotoTooLargeError from error
            raise RemotePhotoGoneError from error
        except (DeliveryError, TimedOut) as error:
            raise RemotePhotoUnavailableError from error

    async def _to_result(self, once: Callable[[], Awaitable[Message]]) -> SendResult:
        try:
            sent = await self._with_retries(once)
        except TimedOut:
            log.warning("telegram did not answer")
            return SendResult(status=SendStatus.UNKNOWN)
        except ChatMigrated as moved:
            return SendResult(status=SendStatus.MIGRATED, migrated_to=moved.new_chat_id)
        except (Forbidden, BadRequest) as error:
            if isinstance(error, Forbidden) or any(words in error.message.lower() for words in UNREACHABLE_CHAT_ERRORS):
                return SendResult(status=SendStatus.BLOCKED)
            raise MessageRejectedError(error.message) from error
        largest = max(sent.photo, key=lambda size: size.width * size.height, default=None)
        return SendResult(
            status=SendStatus.SENT, message_id=sent.message_id, photo=largest.file_id if largest is not None else None
        )

    async def _ignore_stale(self, once: Callable[[], Awaitable[object]]) -> None:
        """Do what does not matter any more where it cannot be done."""
        with suppress(BadRequest, Forbidden, ChatMigrated, TimedOut):
            await self._with_retries(once)

    async def _with_retries(self, once: Callable[[], Awaitable[T]]) -> T:
        """Try until it is done, as long as the fault is one that passes and nothing was sent.

        Raises:
            DeliveryError: it did not pass.
            TelegramError: another fault; `TimedOut` if it may have been done.
        """
        pauses = iter(RETRY_DELAYS)
        while True:
            pause = next(pauses, None)
            try:
                return await once()
            except RetryAfter as flood:
                wait = _to_seconds(flood.retry_after)
                if pause is None or wait > MAX_FLOOD_WAIT:
                    raise DeliveryError(f"flood, {wait:.0f} s") from flood
            except InvalidToken as error:
                raise DeliveryError("the token is not valid") from error
            except BadRequest:
                raise
            except NetworkError as fault:
                if _may_have_arrived(fault):
                    raise TimedOut from fault
                if pause is None:
                    raise DeliveryError("network") from fault
                wait = pause
            await self._sleep(wait)

    async def _repeat_chat_action(self, chat_id: int, action: ChatAction) -> None:
        while True:
            await self.send_chat_action_once(chat_id, action)
            await asyncio.sleep(self._chat_action_interval)


def _to_seconds(wait: int | float | timedelta) -> float:
    """Python-telegram-bot gives an int today and has announced a timedelta."""
    return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)


async def _download(file: File) -> bytes:
    try:
        return bytes(await file.download_as_bytearray())
    except InvalidToken as error:
        # python-telegram-bot's name for every 404.
        raise RemotePhotoGoneError from error


def _may_have_arrived(fault: NetworkError) -> bool:
    """Whether the request went out and nothing came back in time.

    A connection that breaks off is not counted: nearly always it had stood unused and was closed before the request.
    """
    return isinstance(fault.__cause__, httpx.ReadTimeout | httpx.WriteTimeout)


MAX_TRACKED_CHATS = 1000
"""Number of chats from which those that may speak again are forgotten."""


class ChatRateLimiter:
    """Who may speak when, for one process."""

    def __init__(
        self,
        interval: float = 1.0,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Args: interval, seconds between two messages in a chat; clock and sleep, those of the event loop."""
        self._interval, self._clock, self._sleep = interval, clock, sleep
        self._next_send_at: dict[int, float] = {}

    async def wait(self, chat_id: int) -> None:
        """Wait for a chat's turn; those who wait for the same chat go in order."""
        now = self._clock()
        turn = max(now, self._next_send_at.get(chat_id, now))
        if len(self._next_send_at) >= MAX_TRACKED_CHATS:
            self._next_send_at = {other: at for other, at in self._next_send_at.items() if at > now}
        self._next_send_at[chat_id] = turn + self._interval
        if turn > now:
            await self._sleep(turn - now)


class SendStatus(StrEnum):
    """What became of a message."""

    SENT = "sent"
    UNKNOWN = "unsure"
    """Telegram did not answer in time; the message may have arrived."""
    BLOCKED = "gone"
    """The person blocked Eva, or the chat is no more."""
    MIGRATED = "moved"
    """The group has another id now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendResult:
    """What became of a message, and what is needed to go on."""

    status: SendStatus
    message_id: int | None = None
    """Its id, if it was sent."""
    photo: str | None = None
    """file_id of its photo, to send it again without uploading it."""
    migrated_to: int | None = None
    """The group's new id."""
