"""Long polling, for a machine that Telegram cannot reach."""

import asyncio
import warnings
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, cast

import structlog
from telegram import Bot
from telegram.error import BadRequest, Conflict, EndPointNotFound, InvalidToken, TelegramError
from telegram.warnings import PTBUserWarning

from bot.telegram.bot_api_errors import flood_wait, is_of_proxy
from bot.telegram.ingest import store_update
from bot.telegram.setup import ALLOWED_UPDATES
from core.errors import DatabaseUnavailableError, InvalidPayloadError
from core.resources import Resources

LONG_POLL_SECONDS = 25
"""For which Telegram holds a request open while there are no updates."""
RETRY_DELAY = 3.0
"""Seconds between two attempts while Telegram or the database cannot be reached."""

# It recommends the method that parses updates, which drops a whole batch for one update that it cannot parse.
warnings.filterwarnings("ignore", message="Please use 'Bot.getUpdates'", category=PTBUserWarning)

log = structlog.get_logger()


async def iter_updates(
    bot: Bot, *, poll_seconds: int = LONG_POLL_SECONDS, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> AsyncGenerator[dict[str, Any], None]:
    """The JSON of each update, without end.

    Removes the webhook first, since Telegram permits one or the other. An update is confirmed by the request for the
    next ones: one that was not processed when the process stops is received again.

    Args:
        bot: initialized.
        poll_seconds: for which Telegram holds a request open.
        sleep: waits after failed requests.

    Raises:
        telegram.error.EndPointNotFound: the token is not valid; `InvalidToken` before the first call.
    """
    offset = 0
    may_have_webhook, is_polled_elsewhere = True, False
    while True:
        try:
            if may_have_webhook:
                await bot.delete_webhook()
                may_have_webhook = False
            updates = await bot.do_api_request(
                "getUpdates",
                api_kwargs={"offset": offset, "timeout": poll_seconds, "allowed_updates": ALLOWED_UPDATES},
                read_timeout=poll_seconds + 10.0,
            )
        except Conflict:
            # During a restart the old process and the new one poll for a moment.
            if not is_polled_elsewhere:
                log.warning("telegram_polled_elsewhere")
            is_polled_elsewhere = True
            await sleep(RETRY_DELAY)
            continue
        except TelegramError as error:
            if isinstance(error, BadRequest | InvalidToken | EndPointNotFound) and not is_of_proxy(error):
                raise
            log.warning("telegram_unreachable", error=type(error).__name__)
            await sleep(max(RETRY_DELAY, flood_wait(error)))
            continue
        is_polled_elsewhere = False
        for update in cast("list[dict[str, Any]]", updates):
            yield update
            offset = update["update_id"] + 1


async def run_polling(
    bot: Bot,
    resources: Resources,
    *,
    poll_seconds: int = LONG_POLL_SECONDS,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Store updates as the webhook would, until canceled; each one is retried while the database is unreachable.

    Args:
        bot: initialized.
        resources: has the database.
        poll_seconds: see `iter_updates`.
        sleep: waits after failed attempts.

    Raises:
        telegram.error.TelegramError: see `iter_updates`.
    """
    async with aclosing(iter_updates(bot, poll_seconds=poll_seconds, sleep=sleep)) as updates:
        async for update in updates:
            while not await _store(resources, update):
                await sleep(RETRY_DELAY)


async def _store(resources: Resources, update: dict[str, Any]) -> bool:
    """Store an update; False if the database is unreachable."""
    try:
        await store_update(resources, update)
    except InvalidPayloadError:
        log.warning("telegram_update_invalid")
    except DatabaseUnavailableError as error:
        log.warning("database_unreachable", error=type(error).__name__)
        return False
    return True
