"""Signatures by the secret key: URLs of stored images, session tokens of the browser, and keys of rate limits.

See ADR 0009.
"""

import hmac
import os
import re
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from itsdangerous import BadSignature, Signer

from core.errors import DataFolderError, InvalidSignatureError, MissingSecretKeyError, WeakSecretKeyError
from core.settings import Environment, Settings

IMAGE_URL_SALT = "image-url"
"""Separates the signatures of image URLs from others made with the same secret."""
VISITOR_SALT = "visitor"
"""The same for session tokens."""
ENCRYPTED_ID_SALT = b"encrypted id"
"""Separates the key that encrypts identifiers in URLs from the secret and from other keys made of it."""
MIN_SECRET_LENGTH = 32
"""Characters of a secret key, without white space around it."""
TOKEN_PATTERN = re.compile(r"[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}")


class UrlSigner:
    """Signs and verifies the tokens of image URLs: `<expiry in seconds since 1970, hexadecimal>.<signature>`."""

    def __init__(self, secret: bytes, *, old: Sequence[bytes] = ()) -> None:
        """Sign with one key; accept what it or one of the old keys signed."""
        self._signer = Signer([*old, secret], salt=IMAGE_URL_SALT, digest_method=sha256)
        self._ids = MultiFernet([_id_cipher(key) for key in (secret, *old)])

    def encrypt_id(self, value: UUID) -> str:
        """An identifier that only this key reads, for a URL that others see; another one at each call."""
        return self._ids.encrypt(value.bytes).decode()

    def decrypt_id(self, encrypted: str) -> UUID:
        """The identifier in the result of `encrypt_id`.

        Raises:
            InvalidSignatureError: it is forged.
        """
        try:
            return UUID(bytes=self._ids.decrypt(encrypted.encode()))
        except InvalidToken as error:
            raise InvalidSignatureError from error

    def sign(
        self, key: str, lifetime: timedelta, *, round_to: timedelta | None = None, ends_at: datetime | None = None
    ) -> str:
        """Create a token that opens one image until it expires.

        Args:
            key: the image's key in the object storage.
            lifetime: how long the token is valid.
            round_to: rounds the expiry up to a multiple of this. Tokens of the same period are equal, so browsers can
                cache the image.
            ends_at: when the token expires at the latest, rounded or not.
        """
        expires = int(time.time() + lifetime.total_seconds())
        if round_to is not None:
            expires += -expires % int(round_to.total_seconds())
        if ends_at is not None:
            expires = min(expires, int(ends_at.timestamp()))
        signature = self._signer.get_signature(f"{expires:x} {key}")
        return f"{expires:x}.{signature.decode()}"

    def verify(self, key: str, token: str) -> None:
        """Check that a token opens this image.

        Raises:
            InvalidSignatureError: the token is forged, belongs to another image, or has expired.
        """
        expires, _, signature = token.partition(".")
        if not self._signer.verify_signature(f"{expires} {key}".encode(), signature.encode()):
            raise InvalidSignatureError
        if int(expires, 16) < time.time():
            raise InvalidSignatureError("expired")


class VisitorTokenSigner:
    """Issues and verifies session tokens: `<key of 128 random bits>.<signature>`."""

    def __init__(self, secret: bytes, *, old: Sequence[bytes] = ()) -> None:
        """Sign with one key; accept what it or one of the old keys signed."""
        self._signer = Signer([*old, secret], salt=VISITOR_SALT, digest_method=sha256)

    def issue(self) -> str:
        """Create a token with a new key."""
        return self._signer.sign(secrets.token_urlsafe(16)).decode()

    def verify(self, token: str | None) -> str | None:
        """Return the key of a token, or None if the token was not issued with this secret."""
        if token is None or TOKEN_PATTERN.fullmatch(token) is None:
            return None
        try:
            return self._signer.unsign(token).decode()
        except BadSignature:
            return None


class LimitKeySigner:
    """Turns the keys of rate limits, which hold addresses and ids of people, into signatures to be stored."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def sign(self, key: str) -> bytes:
        """32 bytes that cannot be turned back into the key."""
        return hmac.digest(self._secret, b"rate-limit " + key.encode(), sha256)


def _id_cipher(secret: bytes) -> Fernet:
    return Fernet(urlsafe_b64encode(hmac.digest(secret, ENCRYPTED_ID_SALT, sha256)))


def fingerprint(secret: bytes) -> str:
    """A text that is the same for the same secret key and does not reveal it."""
    return hmac.digest(secret, b"eva-backup", sha256).hex()


def load_secret_key(settings: Settings) -> bytes:
    """Return the configured secret key, or in development the one in the data directory, created on first use.

    Raises:
        MissingSecretKeyError: no key is configured in production.
        WeakSecretKeyError: the key is empty or shorter than `MIN_SECRET_LENGTH`.
        DataFolderError: the data directory cannot be written to, or the key in it not be read.
    """
    if settings.secret_key is not None:
        return _check_length(
            settings.secret_key.get_secret_value().encode(), "set EVA_SECRET_KEY to 32 characters or more"
        )
    if settings.env is Environment.PRODUCTION:
        raise MissingSecretKeyError
    path = secret_key_file(settings)
    advice = f"{path} must hold 32 characters or more; delete the file, and Eva writes a new one (all sessions end)"
    try:
        key = _load_or_create(path)
    except OSError as error:
        raise DataFolderError(error.strerror or type(error).__name__) from error
    return _check_length(key, advice)


def load_old_keys(settings: Settings) -> list[bytes]:
    """The keys of EVA_OLD_SECRET_KEYS.

    Raises:
        WeakSecretKeyError: one of them is shorter than `MIN_SECRET_LENGTH`.
    """
    advice = "each of EVA_OLD_SECRET_KEYS must have 32 characters or more"
    return [_check_length(key.get_secret_value().encode(), advice) for key in settings.old_secret_keys]


def secret_key_file(settings: Settings) -> Path:
    """The file of the key that is generated without EVA_SECRET_KEY."""
    return settings.data_dir / "secret.key"


def _check_length(key: bytes, advice: str) -> bytes:
    if len(key.strip()) < MIN_SECRET_LENGTH:
        raise WeakSecretKeyError(advice)
    return key


def _load_or_create(path: Path) -> bytes:
    """Read the key file, creating it with mode 0600; of several processes that create it at once, one wins."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        candidate = path.with_name(f"{path.name}.{os.getpid()}")
        with os.fdopen(os.open(candidate, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(32))
            file.flush()
            # Without it, a power failure could leave an empty file under the final name.
            os.fsync(file.fileno())
        try:
            path.hardlink_to(candidate)
        except FileExistsError:
            pass
        finally:
            candidate.unlink()
    return path.read_bytes()
