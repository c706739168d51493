"""Pictures, on disk or in S3, behind one asynchronous interface. Whose they are, only the database knows.

obstore's own asynchronous calls are not used: up to Python 3.13 its threads, which report back to the event loop,
now and then abort the interpreter while it ends. Its blocking calls on our threads do not.
"""

import os
import re
import secrets
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from anyio import to_thread
from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store

from core.errors import ObjectNotFoundError, StorageUnavailableError

KEY_PATTERN = re.compile(r"[0-9a-f]{2}/[0-9a-f]{30}(?:-[a-z0-9-]{1,20})?\.jpg")
"""A random name; what `core.images.renditions` makes of a picture has a suffix to its name."""
CONTENT_TYPE = "image/jpeg"
PROBE_KEY = f"00/{30 * '0'}.jpg"
"""A key that no picture will ever have."""


class ObjectStorage:
    """A place for pictures under random keys; use `new_key` for each."""

    def __init__(self, url: str, **options: Any) -> None:
        """Name the place; a folder is made if it is not there, readable by its owner alone.

        Args:
            url: `file:///folder` or `s3://bucket/prefix`.
            options: for S3, over AWS's own environment variables (obstore's names, e.g. `endpoint`).

        Raises:
            StorageUnavailableError: the URL names neither, or the folder cannot be made.
        """
        parts = urlsplit(url)
        self._folder: Path | None = None
        try:
            if parts.scheme == "s3":
                self._store: LocalStore | S3Store = S3Store.from_url(url, **options)
            elif parts.scheme == "file" and parts.netloc in ("", "localhost"):
                self._folder = Path(unquote(parts.path))
                self._folder.mkdir(parents=True, exist_ok=True)
                self._folder.chmod(0o700)
                self._store = LocalStore(self._folder)
            else:
                raise StorageUnavailableError("EVA_STORAGE_URL must begin with file:/// or s3://")
        except (BaseError, OSError) as error:
            raise StorageUnavailableError(type(error).__name__) from error

    async def put(self, key: str, data: bytes) -> None:
        """Store a JPEG under a key, whole or not at all; what was there is replaced.

        Raises:
            StorageUnavailableError: the place does not answer.
        """
        attributes = {"Content-Type": CONTENT_TYPE} if isinstance(self._store, S3Store) else None
        try:
            await to_thread.run_sync(partial(self._store.put, key, data, attributes=attributes))
        except (BaseError, OSError) as error:
            raise StorageUnavailableError(type(error).__name__) from error

    async def get(self, key: str) -> bytes:
        """The JPEG under a key.

        Raises:
            ObjectNotFoundError: there is none.
            StorageUnavailableError: the place does not answer.
        """
        if not is_valid_key(key):
            raise ObjectNotFoundError
        try:
            return await to_thread.run_sync(self._read, key)
        except FileNotFoundError as error:
            raise ObjectNotFoundError from error
        except (BaseError, OSError) as error:
            raise StorageUnavailableError(type(error).__name__) from error

    async def check(self) -> None:
        """Ask the place for a sign of life.

        Raises:
            StorageUnavailableError: there is none.
        """
        if self._folder is not None and not os.access(self._folder, os.R_OK | os.W_OK | os.X_OK):
            raise StorageUnavailableError("the folder cannot be written")
        with suppress(ObjectNotFoundError):
            await self.get(PROBE_KEY)

    async def delete(self, keys: Sequence[str]) -> None:
        """Delete pictures; keys without one are fine.

        Raises:
            StorageUnavailableError: the place does not answer; some of the pictures may be left.
        """
        for key in keys:
            try:
                await to_thread.run_sync(self._delete, key)
            except (BaseError, OSError) as error:
                raise StorageUnavailableError(type(error).__name__) from error

    def _delete(self, key: str) -> None:
        with suppress(FileNotFoundError):
            self._store.delete(key)
        if self._folder is not None:
            # A picture is written beside its place first, as `<name>#<number>`, and stays so after a kill.
            place = self._folder / key
            for rest in place.parent.glob(f"{place.name}#*"):
                rest.unlink()

    def _read(self, key: str) -> bytes:
        return bytes(self._store.get(key).bytes())


def generate_key() -> str:
    """A key that nobody can guess: 128 random bits."""
    name = secrets.token_hex(16)
    return f"{name[:2]}/{name[2:]}.jpg"


def is_valid_key(text: str) -> bool:
    """Whether this can be a key of `new_key`'s, or one derived from it, and so names nothing outside of the storage."""
    return KEY_PATTERN.fullmatch(text) is not None
