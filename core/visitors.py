"""Visitors of the site who have not logged in: a browser is known by a random key, which Eva signs."""

from __future__ import annotations

import base64
import hmac
import re
import secrets

__all__ = ["Visitors"]

PURPOSE = b"eva visitor 1"
"""Keeps these signatures apart from whatever else the same key may sign."""
TOKEN = re.compile(r"(?P<key>[A-Za-z0-9_-]{22})\.(?P<signature>[A-Za-z0-9_-]{24})")


class Visitors:
    """Makes and checks tokens: `<key of 128 random bits>.<signature>`. A key that Eva did not make is nobody's."""

    def __init__(self, secret: bytes) -> None:
        """Take the key that signs; whoever has it can be anybody."""
        self._key = hmac.digest(secret, PURPOSE, "sha256")

    def new(self) -> str:
        """A token for a browser that has none."""
        key = secrets.token_urlsafe(16)
        return f"{key}.{self._signature(key)}"

    def key_of(self, token: str | None) -> str | None:
        """The visitor's key, or None if the token is not one of Eva's."""
        match = TOKEN.fullmatch(token or "")
        if match is None or not hmac.compare_digest(match["signature"], self._signature(match["key"])):
            return None
        return match["key"]

    def _signature(self, key: str) -> str:
        return base64.urlsafe_b64encode(hmac.digest(self._key, key.encode(), "sha256")[:18]).decode()
