"""Registration of the bot with Telegram: its commands, its descriptions and its webhook."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum

import structlog
from telegram import Bot, BotCommand, WebhookInfo, constants
from telegram.error import InvalidToken, TelegramError

from bot.telegram.bot import create_bot
from bot.telegram.bot_api_errors import is_of_proxy
from bot.telegram.commands import CommandName
from core.i18n.translations import Language, translate, variant_keys
from core.settings import Settings

ALLOWED_UPDATES = [
    constants.UpdateType.MESSAGE,
    constants.UpdateType.CALLBACK_QUERY,
    constants.UpdateType.INLINE_QUERY,
    constants.UpdateType.MY_CHAT_MEMBER,
    constants.UpdateType.MESSAGE_REACTION,
]
"""The types of updates that are handled; sent with every setWebhook, or Telegram keeps the previous list."""
WEBHOOK_PATH = "/telegram/webhook"
"""Under the public URL."""
RECENT = timedelta(hours=1)
"""Within which a failed delivery says that something is wrong now: Telegram keeps the last one for good."""


log = structlog.get_logger()


async def set_commands(bot: Bot) -> None:
    """Register the menu of commands: in Korean for Korean apps, in English for all others.

    Raises:
        telegram.error.TelegramError: Telegram rejects them.
    """
    for language in Language:
        commands = [BotCommand(name, translate(f"telegram.command.{name}", language)) for name in CommandName]
        await bot.set_my_commands(commands, language_code=None if language is Language.EN else language.value)


async def set_descriptions(bot: Bot) -> None:
    """Register what an empty chat and the bot's profile say, in the languages of `set_commands`.

    Raises:
        telegram.error.TelegramError: Telegram rejects them.
    """
    for language in Language:
        code = None if language is Language.EN else language.value
        sentences = [translate(key, language) for key in variant_keys("telegram.start", language)]
        await bot.set_my_description("\n".join(sentences), language_code=code)
        await bot.set_my_short_description(translate("telegram.start.2", language), language_code=code)


async def set_webhook(bot: Bot, url: str, settings: Settings, *, max_connections: int = 40) -> None:
    """Let Telegram send updates to a webhook.

    Args:
        bot: initialized.
        url: public URL of the webhook: https, on port 443, 80, 88 or 8443.
        settings: has the secret that Telegram sends with each update.
        max_connections: number of concurrent requests, 1 to 100.

    Raises:
        ValueError: there is no secret.
        telegram.error.TelegramError: Telegram rejects the webhook.
    """
    if settings.telegram_webhook_secret is None:
        raise ValueError("EVA_TELEGRAM_WEBHOOK_SECRET is not set")
    await bot.set_webhook(
        url,
        secret_token=settings.telegram_webhook_secret.get_secret_value(),
        allowed_updates=ALLOWED_UPDATES,
        max_connections=max_connections,
    )


class WebhookState(StrEnum):
    """Whether Telegram delivers updates to the webhook; the values name the texts of `eva doctor`."""

    OK = "ok"
    UNSET = "unset"
    """There is none: updates are polled, or do not arrive."""
    ELSEWHERE = "elsewhere"
    """It is at another URL."""
    OUTDATED = "outdated"
    """It was set by a release that handled other types of updates."""
    FAILING = "failing"
    """Telegram could not deliver an update lately."""
    REFUSED = "refused"
    """Telegram rejects the token."""
    UNREACHABLE = "unreachable"
    """Telegram does not answer."""


async def get_webhook_state(settings: Settings) -> tuple[WebhookState, str]:
    """Ask Telegram about the webhook; a failure comes with Telegram's words about it.

    Raises:
        ValueError: there is no token.
    """
    try:
        async with create_bot(settings) as bot:
            info = await bot.get_webhook_info()
    except TelegramError as error:
        if isinstance(error, InvalidToken) and not is_of_proxy(error):
            return WebhookState.REFUSED, ""
        return WebhookState.UNREACHABLE, type(error).__name__
    state = _compare_webhook(info, settings)
    is_recent = info.last_error_date is not None and datetime.now(UTC) - info.last_error_date < RECENT
    if state is WebhookState.OK and is_recent:
        return WebhookState.FAILING, info.last_error_message or ""
    return state, ""


def _compare_webhook(info: WebhookInfo, settings: Settings) -> WebhookState:
    """Whether the webhook is the one that `set_webhook` sets."""
    if not info.url:
        return WebhookState.UNSET
    if settings.public_url is not None and info.url != f"{settings.public_url}{WEBHOOK_PATH}":
        return WebhookState.ELSEWHERE
    return WebhookState.OK if set(info.allowed_updates) == set(ALLOWED_UPDATES) else WebhookState.OUTDATED
