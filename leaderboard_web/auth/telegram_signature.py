"""What Telegram signs about a person who comes to the site: by its login widget, or by opening a Mini App.

Both are fields with an HMAC over them; what key it is made with tells the two apart. A proof is believed for a few
minutes, and whoever takes one in sees to it that it is taken in once.
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
"""How old a proof may be; Telegram itself says no more than a day."""
MAX_CLOCK_SKEW = timedelta(minutes=1)
"""By how much Telegram's clock may be ahead."""
MAX_INIT_DATA_LENGTH = 8192
USER_ID_PATTERN = re.compile(r"[1-9][0-9]{0,15}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramLogin:
    """Somebody whom Telegram vouches for."""

    user_id: str
    """Telegram's id of the person, in digits: the same one that its chats have."""
    language: str | None
    """Their language tag, if Telegram says so."""
    signature: str
    """The HMAC, which no other proof has."""


def verify_login_widget(fields: Iterable[tuple[str, str]], token: str, *, now: float | None = None) -> TelegramLogin:
    """What the login widget says.

    Args:
        fields: the parameters that Telegram has added to the address, and no others.
        token: the bot's.
        now: seconds since 1970; the present where it is left out.

    Raises:
        LoginRejectedError: the fields are not Telegram's, or too old.
    """
    signed = _verify_hmac(fields, hashlib.sha256(token.encode()).digest(), now)
    return _to_login(signed, signed.get("id", ""), None)


def verify_init_data(init_data: str, token: str, *, now: float | None = None) -> TelegramLogin:
    """What a Mini App was opened with.

    Args:
        init_data: `initData`, as Telegram gave it to the page.
        token: the bot's.
        now: seconds since 1970; the present where it is left out.

    Raises:
        LoginRejectedError: it is not Telegram's, too old, or says nothing about a person.
    """
    if len(init_data) > MAX_INIT_DATA_LENGTH:
        raise LoginRejectedError("too long")
    try:
        fields = parse_qsl(init_data, keep_blank_values=True, strict_parsing=True, errors="strict")
    except ValueError as error:
        raise LoginRejectedError("no query") from error
    signed = _verify_hmac(fields, hmac.digest(b"WebAppData", token.encode(), "sha256"), now)
    try:
        user = json.loads(signed.get("user", ""))
    except (ValueError, RecursionError) as error:
        raise LoginRejectedError("no person") from error
    if not isinstance(user, dict) or not isinstance(user.get("id"), int):
        raise LoginRejectedError("no person")
    language = user.get("language_code")
    return _to_login(signed, str(user["id"]), language if isinstance(language, str) else None)


def _verify_hmac(fields: Iterable[tuple[str, str]], key: bytes, now: float | None) -> dict[str, str]:
    """The fields, signed and fresh; they are looked at only after the signature was."""
    given = list(fields)
    names = Counter(name for name, _ in given)
    if max(names.values(), default=0) > 1:
        raise LoginRejectedError("a field comes twice")
    signed = dict(given)
    shown = signed.get("hash", "")
    text = "\n".join(f"{name}={value}" for name, value in sorted(signed.items()) if name != "hash")
    wanted = hmac.new(key, text.encode("utf-8", "surrogatepass"), "sha256").hexdigest()
    if not hmac.compare_digest(shown.encode("utf-8", "surrogatepass"), wanted.encode()):
        raise LoginRejectedError("signature")
    if not re.fullmatch(r"[0-9]{1,12}", signed.get("auth_date", ""), re.ASCII):
        raise LoginRejectedError("no time")
    age = (time.time() if now is None else now) - int(signed["auth_date"])
    if not -MAX_CLOCK_SKEW.total_seconds() <= age <= MAX_AGE.total_seconds():
        raise LoginRejectedError("too old")
    return signed


def _to_login(signed: dict[str, str], user_id: str, language: str | None) -> TelegramLogin:
    if not USER_ID_PATTERN.fullmatch(user_id):
        raise LoginRejectedError("no person")
    return TelegramLogin(user_id=user_id, language=language, signature=signed["hash"])
