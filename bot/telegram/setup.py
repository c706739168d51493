"""What Telegram must know about Eva before anybody writes to her: her webhook and her commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telegram import BotCommand, constants

from bot.telegram.commands import Name
from bot.texts import Language, text

if TYPE_CHECKING:
    from telegram import Bot

    from core.settings import Settings

__all__ = ["UPDATES", "set_commands", "set_webhook"]

UPDATES = [
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
        commands = [BotCommand(name, text(f"telegram.command.{name}", language)) for name in Name]
        await bot.set_my_commands(commands, language_code=None if language is Language.EN else language.value)


async def set_webhook(bot: Bot, url: str, settings: Settings, *, connections: int = 40) -> None:
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
    if settings.telegram_secret is None:
        raise ValueError("EVA_TELEGRAM_SECRET is not set")
    await bot.set_webhook(
        url,
        secret_token=settings.telegram_secret.get_secret_value(),
        allowed_updates=UPDATES,
        max_connections=connections,
    )
