"""Signed URLs of stored images: they expire, and do not tell the image's key to anybody who does not have it."""

import os
import re
import secrets
import time
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

from itsdangerous import BadSignature, Signer

from core.errors import InvalidSignatureError, MissingSecretKeyError
from core.settings import Environment, Settings

IMAGE_URL_SALT = "image-url"
"""Keeps these signatures apart from others by the same secret."""


class UrlSigner:
    """Signs and verifies the tokens of image URLs: `<expiry in seconds since 1970, hexadecimal>.<signature>`."""

    def __init__(self, secret: bytes) -> None:
        self._signer = Signer(secret, salt=IMAGE_URL_SALT, digest_method=sha256)

    def sign(self, key: str, lifetime: timedelta, *, round_to: timedelta | None = None) -> str:
        """A token that opens one image for this long, to the second.

        Args:
            key: the image's storage key.
            lifetime: how long the token is valid.
            step: rounds the expiry up to a multiple of this; the tokens of one step are equal, so that browsers can
                cache the image.
        """
        expires = int(time.time() + lifetime.total_seconds())
        if round_to is not None:
            expires += -expires % int(round_to.total_seconds())
        return f"{expires:x}.{self._signature(f'{expires:x}', key)}"

    def verify(self, key: str, token: str) -> None:
        """Verify that a token opens this image.

        Raises:
            InvalidSignatureError: the token is forged, another image's, or expired.
        """
        expires, _, signature = token.partition(".")
        if not self._signer.verify_signature(f"{expires} {key}".encode(), signature.encode()):
            raise InvalidSignatureError
        if int(expires, 16) < time.time():
            raise InvalidSignatureError("expired")

    def _signature(self, expires: str, key: str) -> str:
        return self._signer.get_signature(f"{expires} {key}").decode()


VISITOR_SALT = "visitor"
"""Keeps these signatures apart from others by the same secret."""
TOKEN_PATTERN = re.compile(r"[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}")


class VisitorTokenSigner:
    """Issues and verifies tokens: `<key of 128 random bits>.<signature>`."""

    def __init__(self, secret: bytes) -> None:
        self._signer = Signer(secret, salt=VISITOR_SALT, digest_method=sha256)

    def issue(self) -> str:
        """A token with a new key."""
        return self._signer.sign(secrets.token_urlsafe(16)).decode()

    def verify(self, token: str | None) -> str | None:
        """The key of a token, or None if it was not issued here."""
        if token is None or TOKEN_PATTERN.fullmatch(token) is None:
            return None
        try:
            return self._signer.unsign(token).decode()
        except BadSignature:
            return None


def load_secret_key(settings: Settings) -> bytes:
    """The key that signs links.

    Raises:
        MissingSecretKeyError: none is given, and this is production.
    """
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value().encode()
    if settings.env is Environment.PRODUCTION:
        raise MissingSecretKeyError
    return _load_or_create(settings.data_dir / "secret.key")


def _load_or_create(path: Path) -> bytes:
    """The key in this file, which only its owner can read; of several that make one at once, one wins."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f"{path.name}.{os.getpid()}")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(32))
        try:
            path.hardlink_to(fresh)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_bytes()
