"""Signed URLs of stored images: they expire, and do not tell the image's key to anybody who does not have it."""

from __future__ import annotations

import time
from hashlib import sha256
from typing import TYPE_CHECKING

from itsdangerous import Signer

from core.errors import LinkRefused

if TYPE_CHECKING:
    from datetime import timedelta

__all__ = ["Links"]

PURPOSE = "image-url"
"""Keeps these signatures apart from others by the same secret."""


class Links:
    """Signs and verifies the tokens of image URLs: `<expiry in seconds since 1970, hexadecimal>.<signature>`."""

    def __init__(self, secret: bytes) -> None:
        self._signer = Signer(secret, salt=PURPOSE, digest_method=sha256)

    def sign(self, key: str, lifetime: timedelta, *, step: timedelta | None = None) -> str:
        """A token that opens one image for this long, to the second.

        Args:
            key: the image's storage key.
            lifetime: how long the token is valid.
            step: rounds the expiry up to a multiple of this; the tokens of one step are equal, so that browsers can
                cache the image.
        """
        expires = int(time.time() + lifetime.total_seconds())
        if step is not None:
            expires += -expires % int(step.total_seconds())
        return f"{expires:x}.{self._signature(f'{expires:x}', key)}"

    def check(self, key: str, token: str) -> None:
        """Verify that a token opens this image.

        Raises:
            LinkRefused: the token is forged, another image's, or expired.
        """
        expires, _, signature = token.partition(".")
        if not self._signer.verify_signature(f"{expires} {key}".encode(), signature.encode()):
            raise LinkRefused
        if int(expires, 16) < time.time():
            raise LinkRefused("expired")

    def _signature(self, expires: str, key: str) -> str:
        return self._signer.get_signature(f"{expires} {key}").decode()
