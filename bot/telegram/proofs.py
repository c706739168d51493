"""What Telegram signs about a person who comes to the site: by its login widget, or by opening a Mini App.

Both are fields with an HMAC over them; what key it is made with tells the two apart. A proof is believed for a few
minutes, and whoever takes one in sees to it that it is taken in once.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import time
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from core.errors import LoginRefused

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["MAX_AGE", "SKEW", "Proof", "read_init_data", "read_login"]

MAX_AGE = timedelta(minutes=10)
"""How old a proof may be; Telegram itself says no more than a day."""
SKEW = timedelta(minutes=1)
"""By how much Telegram's clock may be ahead."""
MOST_LETTERS = 8192
ID = re.compile(r"[1-9][0-9]{0,15}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Somebody whom Telegram vouches for."""

    user: str
    """Telegram's id of the person, in digits: the same one that its chats have."""
    language: str | None
    """Their language tag, if Telegram says so."""
    signature: str
    """The HMAC, which no other proof has."""


def read_login(fields: Iterable[tuple[str, str]], token: str, *, now: float | None = None) -> Proof:
    """What the login widget says.

    Args:
        fields: the parameters that Telegram has added to the address, and no others.
        token: the bot's.
        now: seconds since 1970; the present where it is left out.

    Raises:
        LoginRefused: the fields are not Telegram's, or too old.
    """
    signed = _checked(fields, hashlib.sha256(token.encode()).digest(), now)
    return _proof(signed, signed.get("id", ""), None)


def read_init_data(init_data: str, token: str, *, now: float | None = None) -> Proof:
    """What a Mini App was opened with.

    Args:
        init_data: `initData`, as Telegram gave it to the page.
        token: the bot's.
        now: seconds since 1970; the present where it is left out.

    Raises:
        LoginRefused: it is not Telegram's, too old, or says nothing about a person.
    """
    if len(init_data) > MOST_LETTERS:
        raise LoginRefused("too long")
    try:
        fields = parse_qsl(init_data, keep_blank_values=True, strict_parsing=True, errors="strict")
    except ValueError as error:
        raise LoginRefused("no query") from error
    signed = _checked(fields, hmac.digest(b"WebAppData", token.encode(), "sha256"), now)
    try:
        user = json.loads(signed.get("user", ""))
    except (ValueError, RecursionError) as error:
        raise LoginRefused("no person") from error
    if not isinstance(user, dict) or not isinstance(user.get("id"), int):
        raise LoginRefused("no person")
    language = user.get("language_code")
    return _proof(signed, str(user["id"]), language if isinstance(language, str) else None)


def _checked(fields: Iterable[tuple[str, str]], key: bytes, now: float | None) -> dict[str, str]:
    """The fields, signed and fresh; they are looked at only after the signature was."""
    given = list(fields)
    names = Counter(name for name, _ in given)
    if max(names.values(), default=0) > 1:
        raise LoginRefused("a field comes twice")
    signed = dict(given)
    shown = signed.get("hash", "")
    text = "\n".join(f"{name}={value}" for name, value in sorted(signed.items()) if name != "hash")
    wanted = hmac.new(key, text.encode("utf-8", "surrogatepass"), "sha256").hexdigest()
    if not hmac.compare_digest(shown.encode("utf-8", "surrogatepass"), wanted.encode()):
        raise LoginRefused("signature")
    if not re.fullmatch(r"[0-9]{1,12}", signed.get("auth_date", ""), re.ASCII):
        raise LoginRefused("no time")
    age = (time.time() if now is None else now) - int(signed["auth_date"])
    if not -SKEW.total_seconds() <= age <= MAX_AGE.total_seconds():
        raise LoginRefused("too old")
    return signed


def _proof(signed: dict[str, str], user: str, language: str | None) -> Proof:
    if not ID.fullmatch(user):
        raise LoginRefused("no person")
    return Proof(user=user, language=language, signature=signed["hash"])
