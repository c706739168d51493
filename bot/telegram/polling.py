"""Updates without a webhook: for a laptop that Telegram cannot reach."""

from __future__ import annotations

import asyncio
import warnings
from typing import TYPE_CHECKING, Any, cast

import structlog
from telegram.error import BadRequest, NetworkError, RetryAfter
from telegram.warnings import PTBUserWarning

from bot.telegram.setup import UPDATES

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from telegram import Bot

__all__ = ["poll"]

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
