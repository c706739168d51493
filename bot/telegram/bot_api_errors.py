"""What the errors of python-telegram-bot mean: refusals as errors of ours, waits that Telegram demands, lost responses.

Source: https://core.telegram.org/bots/api#making-requests.
"""

import re
import warnings
from datetime import timedelta

import httpx
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, RetryAfter, TelegramError
from telegram.warnings import PTBDeprecationWarning

from core.errors import ChatUnavailableError, DeliveryError, MessageRejectedError, MessengerError

CHAT_UNAVAILABLE_TEXTS = (
    "chat not found",
    "user is deactivated",
    "bot was kicked",
    "group chat was deactivated",
    "peer_id_invalid",
)
"""Error texts of Telegram, in lower case, that mean that a chat no longer exists."""
REFUSALS = (BadRequest, Forbidden, InvalidToken, ChatMigrated)
"""Errors with which Telegram refuses a call, now and later. All others are failures on the way."""
QUOTED_VALUE = re.compile(r"""(['"]).*?\1""")
"""What Telegram quotes of a message in the text of an error: the URL of a button may log its reader in."""

# The warning announces that `retry_after` becomes a timedelta; `flood_wait` accepts both.
warnings.filterwarnings("ignore", message=".*`retry_after`", category=PTBDeprecationWarning)


def translate_refusal(error: TelegramError) -> MessengerError:
    """Our error for one of `REFUSALS`."""
    if isinstance(error, InvalidToken):
        return DeliveryError("the token is not valid")
    if not isinstance(error, BadRequest) or any(part in error.message.lower() for part in CHAT_UNAVAILABLE_TEXTS):
        return ChatUnavailableError()
    return MessageRejectedError(QUOTED_VALUE.sub("'...'", error.message))


def is_of_proxy(error: TelegramError) -> bool:
    """Whether a response was not JSON, so one of a proxy, whose status refuses nothing."""
    cause = error.__cause__
    if isinstance(cause, InvalidToken):
        # `Bot.initialize` raises another error from the one of its call.
        cause = cause.__cause__
    return isinstance(cause, TelegramError)


def flood_wait(error: TelegramError) -> float:
    """The seconds for which Telegram accepts no more calls; 0 for an error that does not say so."""
    wait = error.retry_after if isinstance(error, RetryAfter) else 0
    return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)


def may_have_arrived(error: TelegramError) -> bool:
    """Whether the request was sent and only the response is missing.

    A reset connection does not count: nearly always it was idle and closed before the request was written.
    """
    return isinstance(error.__cause__, httpx.ReadTimeout | httpx.WriteTimeout)
