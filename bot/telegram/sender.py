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
import warnings
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx
import structlog
from httpx_aiohttp import AiohttpTransport
from telegram import File, InputFile, LinkPreviewOptions, Message, ReplyParameters
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

from bot.measure import cut
from bot.telegram.pace import Pace
from bot.telegram.receipts import Outcome, Receipt
from core.errors import MessageRefused, NotDelivered, PhotoTooLarge, PictureGone, PictureUnreachable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

    from telegram import InlineKeyboardMarkup, InlineQueryResult, InlineQueryResultsButton

    from bot.telegram.messages import Outgoing
    from core.settings import Settings

__all__ = ["Outcome", "Receipt", "Sender", "make_bot"]

BACKOFF = (1.0, 2.0, 4.0)
"""Seconds before each further try."""
LONGEST_FLOOD = 30.0
"""Seconds of a flood that are waited for here; a longer one is left to a later try."""
SIGN_OF_LIFE = 4.0
"""Seconds after which a chat action is repeated: Telegram shows it for five."""
CONNECTIONS = 64
"""To Telegram at a time; more than its limit of messages a second can keep busy."""
INLINE_CACHE = 5
"""Seconds for which Telegram may answer an inline query again by itself."""
MOST_ANSWER = 200
"""Letters of an answer to a pressed button."""
GONE = ("chat not found", "user is deactivated", "bot was kicked", "group chat was deactivated", "peer_id_invalid")
"""What refusals say, in lower case, where nobody will ever read again."""

# It announces the timedelta that `_seconds` takes already.
warnings.filterwarnings("ignore", message=".*`retry_after`", category=PTBDeprecationWarning)

log = structlog.get_logger()
Done = TypeVar("Done")


def make_bot(settings: Settings) -> ExtBot[int]:
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
        rate_limiter=AIORateLimiter(overall_max_rate=settings.telegram_rate, overall_time_period=1),
    )


def _session(root: str) -> aiohttp.ClientSession:
    """Connections to Telegram, through the proxy of the environment if it names one for it.

    A request costs less than half of what it costs through httpx's own connections: `benchmarks/chat.py`.
    """
    url = urlsplit(root)
    proxy = None if proxy_bypass(url.netloc) else getproxies().get(url.scheme)
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONNECTIONS), proxy=proxy)


class Sender:
    """Sends messages with one bot. May be used by many tasks at once."""

    def __init__(
        self,
        bot: ExtBot[int],
        *,
        pace: Pace | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        sign_of_life: float = SIGN_OF_LIFE,
    ) -> None:
        """Args: bot, initialised; pace, sleep and sign_of_life (seconds), for tests that do not wait."""
        self._bot, self._pace, self._sleep, self._sign_of_life = bot, pace or Pace(), sleep, sign_of_life

    async def send(self, chat: int, message: Outgoing, *, reply_to: int | None = None) -> Receipt:
        """Send one message, when it is the chat's turn.

        Args:
            chat: where to.
            message: what.
            reply_to: id of the message that it answers; sent without if that one is gone.

        Raises:
            NotDelivered: Telegram could not be reached or floods for long; a later try may succeed.
            MessageRefused: Telegram will not take it, now or later.
        """
        reply = ReplyParameters(reply_to, allow_sending_without_reply=True) if reply_to is not None else None

        async def once() -> Message:
            await self._pace.wait(chat)
            if message.photo is None:
                return await self._bot.send_message(
                    chat,
                    message.html,
                    parse_mode=ParseMode.HTML,
                    reply_markup=message.keyboard,
                    reply_parameters=reply,
                    link_preview_options=LinkPreviewOptions(is_disabled=True),
                )
            photo = message.photo
            return await self._bot.send_photo(
                chat,
                InputFile(photo, filename="look.jpg") if isinstance(photo, bytes) else photo,
                caption=message.html or None,
                parse_mode=ParseMode.HTML,
                reply_markup=message.keyboard,
                reply_parameters=reply,
            )

        return await self._receipt(once)

    async def change_keyboard(self, chat: int, message: int, keyboard: InlineKeyboardMarkup | None) -> None:
        """Put other buttons under a message; a message that is gone or has them already is left alone.

        Raises:
            NotDelivered: Telegram could not be reached or floods for long.
        """

        async def once() -> Message | bool:
            return await self._bot.edit_message_reply_markup(chat, message, reply_markup=keyboard)

        await self._unless_gone(once)

    async def answer(self, query: str, words: str = "") -> None:
        """Answer a pressed button, so that it stops spinning; one pressed too long ago is left alone.

        Raises:
            NotDelivered: Telegram could not be reached or floods for long.
        """

        async def once() -> bool:
            return await self._bot.answer_callback_query(query, text=cut(words, MOST_ANSWER) if words else None)

        await self._unless_gone(once)

    async def answer_inline(
        self, query: str, results: Sequence[InlineQueryResult], *, button: InlineQueryResultsButton | None = None
    ) -> None:
        """Answer an inline query, for this person alone; one that was typed too long ago is left alone.

        Args:
            query: its id.
            results: what can be sent, at most 50.
            button: shown above them.

        Raises:
            NotDelivered: Telegram could not be reached or floods for long.
        """

        async def once() -> bool:
            return await self._bot.answer_inline_query(
                query, results, cache_time=INLINE_CACHE, is_personal=True, button=button
            )

        await self._unless_gone(once)

    @asynccontextmanager
    async def busy(self, chat: int, action: ChatAction = ChatAction.TYPING) -> AsyncGenerator[None, None]:
        """Show in a chat that Eva is at it, for as long as the block takes. Never the reason why it fails."""
        signs = asyncio.create_task(self._show(chat, action))
        try:
            yield
        finally:
            signs.cancel()
            with suppress(asyncio.CancelledError):
                await signs

    async def sign(self, chat: int, action: ChatAction) -> None:
        """Show once, for some seconds, that Eva is at it; where that fails, it does not matter."""
        with suppress(TelegramError):
            await self._bot.send_chat_action(chat, action)

    async def fetch(self, file: str) -> bytes:
        """Fetch a file that a person sent.

        Args:
            file: its file_id.

        Raises:
            PhotoTooLarge: it is over 20 MB, which bots cannot fetch.
            PictureGone: Telegram no longer has it.
            PictureUnreachable: Telegram could not be reached.
        """
        try:
            found = await self._again(lambda: self._bot.get_file(file))
            if (found.file_size or 0) > FileSizeLimit.FILESIZE_DOWNLOAD:
                raise PhotoTooLarge(f"{found.file_size} bytes")
            return await self._again(lambda: _download(found))
        except BadRequest as error:
            if "too big" in error.message.lower():
                raise PhotoTooLarge from error
            raise PictureGone from error
        except (NotDelivered, TimedOut) as error:
            raise PictureUnreachable from error

    async def _receipt(self, once: Callable[[], Awaitable[Message]]) -> Receipt:
        try:
            sent = await self._again(once)
        except TimedOut:
            log.warning("telegram did not answer")
            return Receipt(outcome=Outcome.UNSURE)
        except ChatMigrated as moved:
            return Receipt(outcome=Outcome.MOVED, moved_to=moved.new_chat_id)
        except (Forbidden, BadRequest) as error:
            if isinstance(error, Forbidden) or any(words in error.message.lower() for words in GONE):
                return Receipt(outcome=Outcome.GONE)
            raise MessageRefused(error.message) from error
        largest = max(sent.photo, key=lambda size: size.width * size.height, default=None)
        return Receipt(
            outcome=Outcome.SENT, message=sent.message_id, photo=largest.file_id if largest is not None else None
        )

    async def _unless_gone(self, once: Callable[[], Awaitable[object]]) -> None:
        """Do what does not matter any more where it cannot be done."""
        with suppress(BadRequest, Forbidden, ChatMigrated, TimedOut):
            await self._again(once)

    async def _again(self, once: Callable[[], Awaitable[Done]]) -> Done:
        """Try until it is done, as long as the fault is one that passes and nothing was sent.

        Raises:
            NotDelivered: it did not pass.
            TelegramError: another fault; `TimedOut` if it may have been done.
        """
        pauses = iter(BACKOFF)
        while True:
            pause = next(pauses, None)
            try:
                return await once()
            except RetryAfter as flood:
                wait = _seconds(flood.retry_after)
                if pause is None or wait > LONGEST_FLOOD:
                    raise NotDelivered(f"flood, {wait:.0f} s") from flood
            except InvalidToken as error:
                raise NotDelivered("the token is not valid") from error
            except BadRequest:
                raise
            except NetworkError as fault:
                if _may_have_arrived(fault):
                    raise TimedOut from fault
                if pause is None:
                    raise NotDelivered("network") from fault
                wait = pause
            await self._sleep(wait)

    async def _show(self, chat: int, action: ChatAction) -> None:
        while True:
            await self.sign(chat, action)
            await asyncio.sleep(self._sign_of_life)


def _seconds(wait: int | float | timedelta) -> float:
    """Python-telegram-bot gives an int today and has announced a timedelta."""
    return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)


async def _download(file: File) -> bytes:
    try:
        return bytes(await file.download_as_bytearray())
    except InvalidToken as error:
        # python-telegram-bot's name for every 404.
        raise PictureGone from error


def _may_have_arrived(fault: NetworkError) -> bool:
    """Whether the request went out and nothing came back in time.

    A connection that breaks off is not counted: nearly always it had stood unused and was closed before the request.
    """
    return isinstance(fault.__cause__, httpx.ReadTimeout | httpx.WriteTimeout)
