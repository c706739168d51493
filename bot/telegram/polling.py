"""Updates without a webhook: for a laptop that Telegram cannot reach."""

from __future__ import annotations

import asyncio
import warnings
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, cast

import structlog
from telegram.error import BadRequest, NetworkError, RetryAfter
from telegram.warnings import PTBUserWarning

from bot.telegram.mailbox import take_in
from bot.telegram.setup import UPDATES
from core.db.engine import DATABASE_FAULTS
from core.errors import MalformedCall

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from telegram import Bot

    from core.memory import Memory

__all__ = ["poll", "take_all_in"]

PATIENCE = 25
"""Seconds that Telegram keeps a request open while there is nothing new."""
BACKOFF = 3.0
"""Seconds between two tries while Telegram cannot be reached."""

# It recommends the method that parses; see below why that one will not do.
warnings.filterwarnings("ignore", message="Please use 'Bot.getUpdates'", category=PTBUserWarning)

log = structlog.get_logger()


async def poll(
    bot: Bot, *, patience: int = PATIENCE, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> AsyncGenerator[dict[str, Any], None]:
    """The JSON of each update, as a webhook would get it, for ever.

    An update is confirmed to Telegram only with the request after it: one that was not taken when Eva stops comes
    again. Removes the webhook first, since Telegram allows either.

    Args:
        bot: initialised.
        patience: seconds that a request stays open.
        sleep: that of the event loop.

    Raises:
        telegram.error.Conflict: somebody else polls with the same token.
        telegram.error.InvalidToken: the token is not valid.
    """
    await bot.delete_webhook()
    offset = 0
    while True:
        try:
            # Raw, since python-telegram-bot would drop a whole batch for one update that it cannot read.
            found = await bot.do_api_request(
                "getUpdates",
                api_kwargs={"offset": offset, "timeout": patience, "allowed_updates": UPDATES},
                read_timeout=patience + 10.0,
            )
        except BadRequest:
            raise
        except (NetworkError, RetryAfter) as fault:
            log.warning("telegram cannot be reached", fault=type(fault).__name__)
            await sleep(BACKOFF)
            continue
        for update in cast("list[dict[str, Any]]", found):
            yield update
            offset = update["update_id"] + 1


async def take_all_in(
    bot: Bot,
    memory: Memory,
    *,
    patience: int = PATIENCE,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Take in what comes, as the webhook's door would, for ever; while the database is away, nothing is lost.

    Args:
        bot: initialised.
        memory: where updates are kept.
        patience: see `poll`.
        sleep: that of the event loop.

    Raises:
        telegram.error.TelegramError: see `poll`.
    """
    async with aclosing(poll(bot, patience=patience, sleep=sleep)) as updates:
        async for update in updates:
            while not await _taken(memory, update):
                await sleep(BACKOFF)


async def _taken(memory: Memory, update: dict[str, Any]) -> bool:
    try:
        await take_in(memory, update)
    except MalformedCall:
        log.warning("an update makes no sense")
    except DATABASE_FAULTS as fault:
        log.warning("the database cannot be reached", fault=type(fault).__name__)
        return False
    return True
