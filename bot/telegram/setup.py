"""What Telegram must know about Eva before anybody writes to her: her webhook and her commands."""

import asyncio
import warnings
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, cast

import structlog
from telegram import Bot, BotCommand, constants
from telegram.error import BadRequest, NetworkError, RetryAfter
from telegram.warnings import PTBUserWarning

from bot.telegram.commands import CommandName
from bot.telegram.ingest import store_update
from core.db.database import CONNECTION_ERRORS
from core.errors import InvalidPayloadError
from core.i18n.translations import Language, translate
from core.resources import Resources
from core.settings import Settings

ALLOWED_UPDATES = [
    constants.UpdateType.MESSAGE,
    constants.UpdateType.CALLBACK_QUERY,
    constants.UpdateType.INLINE_QUERY,
    constants.UpdateType.MY_CHAT_MEMBER,
]
"""The kinds of updates that Eva understands; named at each setWebhook, or the former ones would stay."""


async def set_commands(bot: Bot) -> None:
    """Put the commands into Telegram's menu: in Korean for those who read it, in English for everybody else.

    Raises:
        telegram.error.TelegramError: Telegram did not take them.
    """
    for language in Language:
        commands = [BotCommand(name, translate(f"telegram.command.{name}", language)) for name in CommandName]
        await bot.set_my_commands(commands, language_code=None if language is Language.EN else language.value)


async def set_webhook(bot: Bot, url: str, settings: Settings, *, max_connections: int = 40) -> None:
    """Have updates sent to an address from now on.

    Args:
        bot: initialised.
        url: the door's public address; https, port 443, 80, 88 or 8443.
        settings: the secret that Telegram sends with each update.
        connections: how many updates may come at once, 1 to 100.

    Raises:
        ValueError: there is no secret, so nobody could tell Telegram's updates from others.
        telegram.error.TelegramError: Telegram did not take it.
    """
    if settings.telegram_webhook_secret is None:
        raise ValueError("EVA_TELEGRAM_WEBHOOK_SECRET is not set")
    await bot.set_webhook(
        url,
        secret_token=settings.telegram_webhook_secret.get_secret_value(),
        allowed_updates=ALLOWED_UPDATES,
        max_connections=max_connections,
    )


LONG_POLL_SECONDS = 25
"""Seconds that Telegram keeps a request open while there is nothing new."""
RETRY_DELAY = 3.0
"""Seconds between two tries while Telegram cannot be reached."""

# It recommends the method that parses; see below why that one will not do.
warnings.filterwarnings("ignore", message="Please use 'Bot.getUpdates'", category=PTBUserWarning)

log = structlog.get_logger()


async def iter_updates(
    bot: Bot, *, poll_seconds: int = LONG_POLL_SECONDS, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
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
                api_kwargs={"offset": offset, "timeout": poll_seconds, "allowed_updates": ALLOWED_UPDATES},
                read_timeout=poll_seconds + 10.0,
            )
        except BadRequest:
            raise
        except (NetworkError, RetryAfter) as fault:
            log.warning("telegram cannot be reached", fault=type(fault).__name__)
            await sleep(RETRY_DELAY)
            continue
        for update in cast("list[dict[str, Any]]", found):
            yield update
            offset = update["update_id"] + 1


async def run_polling(
    bot: Bot,
    resources: Resources,
    *,
    poll_seconds: int = LONG_POLL_SECONDS,
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
    async with aclosing(iter_updates(bot, poll_seconds=poll_seconds, sleep=sleep)) as updates:
        async for update in updates:
            while not await _store(resources, update):
                await sleep(RETRY_DELAY)


async def _store(resources: Resources, update: dict[str, Any]) -> bool:
    try:
        await store_update(resources, update)
    except InvalidPayloadError:
        log.warning("an update makes no sense")
    except CONNECTION_ERRORS as fault:
        log.warning("the database cannot be reached", fault=type(fault).__name__)
        return False
    return True
