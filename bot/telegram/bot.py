"""The connection to the Bot API."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import cache

import httpx
import structlog
from telegram.error import InvalidToken, TelegramError
from telegram.ext import ExtBot
from telegram.request import HTTPXRequest

from bot.telegram.bot_api_errors import flood_wait, is_of_proxy
from core.errors import InvalidBotTokenError
from core.settings import Settings

MAX_CONNECTIONS = 64
"""Concurrent connections; enough to use up the limit of 30 messages a second."""
RECONNECT_DELAY = 5.0
"""Seconds until the next attempt to reach Telegram at the start."""

log = structlog.get_logger()


def create_bot(settings: Settings) -> ExtBot[None]:
    """The bot of EVA_TELEGRAM_TOKEN; an asynchronous context manager.

    Raises:
        ValueError: there is no token.
    """
    if settings.telegram_token is None:
        raise ValueError("EVA_TELEGRAM_TOKEN is not set")
    # It logs tracebacks of what the client retries: responses that are not JSON, whole with any messages.
    logging.getLogger("telegram.request.BaseRequest").setLevel(logging.CRITICAL)
    # The body is joined before it is sent: httpx would write the form of a photo in twenty pieces.
    options = {"verify": _tls_context(), "event_hooks": {"request": [httpx.Request.aread]}}
    return ExtBot(
        token=settings.telegram_token.get_secret_value(),
        base_url=f"{settings.telegram_api_url}/bot",
        base_file_url=f"{settings.telegram_api_url}/file/bot",
        request=HTTPXRequest(MAX_CONNECTIONS, read_timeout=20.0, pool_timeout=20.0, httpx_kwargs=options),
        get_updates_request=HTTPXRequest(1, httpx_kwargs=options),
    )


@cache
def _tls_context() -> ssl.SSLContext:
    """One for all connections: to read the certificates of authorities takes 20 ms."""
    return httpx.create_ssl_context()


@asynccontextmanager
async def open_bot(
    settings: Settings, *, meanwhile: Callable[[], Coroutine[None, None, None]] | None = None
) -> AsyncIterator[ExtBot[None]]:
    """The initialized bot, as soon as Telegram can be reached.

    Args:
        settings: have its token.
        meanwhile: runs from the first failed attempt until then, and is canceled; its error is raised.

    Raises:
        InvalidBotTokenError: Telegram rejects the token.
    """
    bot = create_bot(settings)
    try:
        await _initialize(bot, meanwhile)
        yield bot
    finally:
        await bot.shutdown()


async def _initialize(bot: ExtBot[None], meanwhile: Callable[[], Coroutine[None, None, None]] | None) -> None:
    """Initialize a bot; see `open_bot`."""
    running: asyncio.Task[None] | None = None
    try:
        while True:
            try:
                await bot.initialize()
            except TelegramError as error:
                if isinstance(error, InvalidToken) and not is_of_proxy(error):
                    raise InvalidBotTokenError from error
                log.warning("telegram_unreachable", error=type(error).__name__)
                pause = max(RECONNECT_DELAY, flood_wait(error))
            else:
                return
            if meanwhile is not None and running is None:
                running = asyncio.create_task(meanwhile())
            await asyncio.sleep(pause)
            if running is not None and running.done():
                running.result()
    finally:
        if running is not None:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
