"""Signed links to pictures, which end by themselves and say nothing about where the picture lies."""

from __future__ import annotations

import base64
import hmac
import time
from functools import lru_cache
from typing import TYPE_CHECKING

from core.errors import LinkRefused

if TYPE_CHECKING:
    from datetime import timedelta

__all__ = ["Links"]

PURPOSE = b"eva picture link 2"
"""Keeps these signatures apart from whatever else the same key may sign."""

REMEMBERED = 8192
"""Signatures that are kept."""


class Links:
    """Makes and checks the tokens of links: `<end in seconds since 1970, hexadecimal>.<signature>`."""

    def __init__(self, secret: bytes) -> None:
        """Take the key that signs; whoever has it can make links."""
        self._key = hmac.digest(secret, PURPOSE, "sha256")
        # The boards show the same pictures again and again.
        self._sign = lru_cache(REMEMBERED)(self._signature)

    def sign(self, key: str, lifetime: timedelta, *, step: timedelta | None = None) -> str:
        """A token that opens one picture for this long, to the second.

        Args:
            key: where the picture lies.
            lifetime: of the token.
            step: lets it end at the next full step instead; tokens of one step are the same, so browsers that were
                here before know the picture.
        """
        last = int(time.time() + lifetime.total_seconds())
        if step is not None:
            last += -last % int(step.total_seconds())
        end = f"{last:x}"
        return f"{end}.{self._sign(key, end)}"

    def check(self, key: str, token: str) -> None:
        """Let pass who holds a good token for this picture.

        Raises:
            LinkRefused: the token is another picture's, not Eva's, or too old.
        """
        end, _, signature = token.partition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(key, end).encode()):
            raise LinkRefused
        if int(end, 16) < time.time():
            raise LinkRefused("too old")

    def _signature(self, key: str, end: str) -> str:
        digest = hmac.digest(self._key, f"{end} {key}".encode(), "sha256")
        return base64.urlsafe_b64encode(digest[:18]).decode()
