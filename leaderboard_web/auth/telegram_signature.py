"""Verification of what Telegram signs about a person: the login widget's parameters and a Mini App's `initData`.

Both are fields with an HMAC-SHA256 over them, under different keys. A signature is accepted for some minutes; the
caller makes sure that each is used once.

Sources: https://core.telegram.org/widgets/login and https://core.telegram.org/bots/webapps
"""

import hashlib
import hmac
import json
import re
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import parse_qsl

from core.errors import LoginRejectedError

MAX_AGE = timedelta(minutes=10)
"""Oldest accepted signature."""
MAX_CLOCK_SKEW = timedelta(minutes=1)
"""How far Telegram's clock may be ahead."""
MAX_INIT_DATA_LENGTH = 8192
USER_ID_PATTERN = re.compile(r"[1-9][0-9]{0,15}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramLogin:
    """A person whom Telegram has verified."""

    user_id: str
    """Telegram's id of the person in digits, the same as in chats."""
    language: str | None
    """Language tag of the person, if Telegram sent one."""
    signature: str
    """The HMAC in hexadecimal, unique to this login."""


def verify_login_widget(fields: Iterable[tuple[str, str]], token: str, *, now: float | None = None) -> TelegramLogin:
    """Verify the parameters of the login widget's callback.

    Args:
        fields: all query parameters of the callback.
        token: of the bot.
        now: Unix time in seconds; None for the present.

    Raises:
        LoginRejectedError: the fields are not signed by Telegram, or too old.
    """
    signed = _verify_hmac(fields, hashlib.sha256(token.encode()).digest(), now)
    return _to_login(signed, signed.get("id", ""), None)


def verify_init_data(init_data: str, token: str, *, now: float | None = None) -> TelegramLogin:
    """Verify the data that a Mini App was opened with.

    Args:
        init_data: Telegram's `initData`, a query string.
        token: of the bot.
        now: Unix time in seconds; None for the present.

    Raises:
        LoginRejectedError: the data is not signed by Telegram, too old, or names no person.
    """
    if len(init_data) > MAX_INIT_DATA_LENGTH:
        raise LoginRejectedError("too long")
    try:
        fields = parse_qsl(init_data, keep_blank_values=True, strict_parsing=True, errors="strict")
    except ValueError as error:
        raise LoginRejectedError("not a query string") from error
    signed = _verify_hmac(fields, hmac.digest(b"WebAppData", token.encode(), "sha256"), now)
    try:
        user = json.loads(signed.get("user", ""))
    except (ValueError, RecursionError) as error:
        raise LoginRejectedError("no user") from error
    if not isinstance(user, dict) or not isinstance(user.get("id"), int):
        raise LoginRejectedError("no user")
    language = user.get("language_code")
    return _to_login(signed, str(user["id"]), language if isinstance(language, str) else None)


def _verify_hmac(fields: Iterable[tuple[str, str]], key: bytes, now: float | None) -> dict[str, str]:
    """The signed fields by name; the signature is verified before any of them is interpreted.

    Raises:
        LoginRejectedError: a field is repeated, the signature is wrong, or `auth_date` is not recent.
    """
    pairs = list(fields)
    counts = Counter(name for name, _ in pairs)
    if max(counts.values(), default=0) > 1:
        raise LoginRejectedError("repeated field")
    signed = dict(pairs)
    text = "\n".join(f"{name}={value}" for name, value in sorted(signed.items()) if name != "hash")
    expected = hmac.new(key, text.encode("utf-8", "surrogatepass"), "sha256").hexdigest()
    if not hmac.compare_digest(signed.get("hash", "").encode("utf-8", "surrogatepass"), expected.encode()):
        raise LoginRejectedError("signature")
    if not re.fullmatch(r"[0-9]{1,12}", signed.get("auth_date", ""), re.ASCII):
        raise LoginRejectedError("no auth_date")
    age = (time.time() if now is None else now) - int(signed["auth_date"])
    if not -MAX_CLOCK_SKEW.total_seconds() <= age <= MAX_AGE.total_seconds():
        raise LoginRejectedError("too old")
    return signed


def _to_login(signed: dict[str, str], user_id: str, language: str | None) -> TelegramLogin:
    if not USER_ID_PATTERN.fullmatch(user_id):
        raise LoginRejectedError("no user")
    return TelegramLogin(user_id=user_id, language=language, signature=signed["hash"])
