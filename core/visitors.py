"""Tokens of browsers that have not logged in: a random session key, signed."""

from __future__ import annotations

import re
import secrets
from hashlib import sha256

from itsdangerous import BadSignature, Signer

__all__ = ["Visitors"]

VISITOR_PURPOSE = "visitor"
"""Keeps these signatures apart from others by the same secret."""
TOKEN = re.compile(r"[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}")


class Visitors:
    """Issues and verifies tokens: `<key of 128 random bits>.<signature>`."""

    def __init__(self, secret: bytes) -> None:
        self._signer = Signer(secret, salt=VISITOR_PURPOSE, digest_method=sha256)

    def new(self) -> str:
        """A token with a new key."""
        return self._signer.sign(secrets.token_urlsafe(16)).decode()

    def key_of(self, token: str | None) -> str | None:
        """The key of a token, or None if it was not issued here."""
        if token is None or TOKEN.fullmatch(token) is None:
            return None
        try:
            return self._signer.unsign(token).decode()
        except BadSignature:
            return None
