"""Asynchronous storage of JPEG images, in a local directory or in S3.

obstore's own asynchronous calls are not used: up to Python 3.13 its threads, which report back to the event loop,
sometimes abort the interpreter during shutdown. Its blocking calls on worker threads do not.
"""

import asyncio
import os
import re
import secrets
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial
from pathlib import Path, PurePath
from typing import Any
from urllib.parse import unquote, urlsplit

from anyio import CapacityLimiter, to_thread
from obstore.exceptions import BaseError, PermissionDeniedError
from obstore.store import LocalStore, S3Store

from core.errors import ObjectNotFoundError, StorageUnavailableError

KEY_PATTERN = re.compile(r"[0-9a-f]{2}/[0-9a-f]{30}(?:-[a-z0-9-]{1,20})?\.(?:jpg|webp)")
"""A random name; renditions (`core.images.renditions`) add a suffix to it."""
CONTENT_TYPES = {".jpg": "image/jpeg", ".webp": "image/webp"}
OS_ERROR = re.compile(r"([^:\n ][^:\n]*) \(os error \d+\)")
"""In the text of an error of obstore, e.g. `No space left on device`."""
PROBE_KEY = f"00/{30 * '0'}.jpg"
"""A key that is never generated, for health checks."""
CLIENT_OPTIONS = {"connect_timeout": "2s", "timeout": "5s"}
"""Of one request for an image to S3, with its answer."""
CLIENT_VARIABLES = (
    "allow_http",
    "allow_invalid_certificates",
    "connect_timeout",
    "proxy_ca_certificate",
    "proxy_excludes",
    "proxy_url",
    "timeout",
)
"""Client options that AWS_* variables set. obstore reads none of them where any is given to it."""
RETRY_OPTIONS = {"max_retries": 2, "retry_timeout": timedelta(seconds=12)}
"""Of a request that failed or was too slow: no new one begins after 12 seconds, so an image takes 17 at most. Callers
repeat the rest."""
MAX_THREADS = 40
"""Requests to the storage at the same time. They do not take the threads of anything else, however slow they are."""
DELETED_AT_ONCE = 500
"""Images that one request to S3 deletes; it takes 1,000 at most."""
COPIES_AT_ONCE = 16
"""Images that are copied from one storage to another at the same time."""


class ObjectStorage:
    """Stores images under random keys; create one with `generate_key` for each."""

    def __init__(self, url: str, **options: Any) -> None:
        """Configure the storage; a local directory is created if missing, readable by its owner only.

        Args:
            url: `file:///directory` or `s3://bucket/prefix`.
            options: for S3, override AWS's environment variables and the limits of this module (obstore's names, e.g.
                `endpoint`).

        Raises:
            StorageUnavailableError: the URL has neither form, or the directory cannot be created.
        """
        if url.startswith("s3:"):
            client = CLIENT_OPTIONS | _read_client_variables() | options.get("client_options", {})
            options = {"retry_config": RETRY_OPTIONS, **options, "client_options": client}
        self._store = open_store(url, **options)
        self._threads = CapacityLimiter(MAX_THREADS)
        self._directory = Path(str(self._store.prefix)) if isinstance(self._store, LocalStore) else None

    async def put(self, key: str, data: bytes) -> None:
        """Store an image atomically, replacing the previous one under the same key.

        Raises:
            StorageUnavailableError: the storage does not answer.
        """
        attributes = {"Content-Type": CONTENT_TYPES[PurePath(key).suffix]} if isinstance(self._store, S3Store) else None
        with failure_as_error():
            await to_thread.run_sync(partial(self._store.put, key, data, attributes=attributes), limiter=self._threads)

    async def get(self, key: str) -> bytes:
        """Read the image under a key.

        Raises:
            ObjectNotFoundError: there is none.
            StorageUnavailableError: the storage does not answer.
        """
        if not is_valid_key(key):
            raise ObjectNotFoundError
        with failure_as_error():
            try:
                return await to_thread.run_sync(partial(self._read, key), limiter=self._threads)
            except (FileNotFoundError, PermissionDeniedError) as error:
                if isinstance(error, FileNotFoundError) or _is_missing_key(error):
                    raise ObjectNotFoundError from error
                raise

    async def list_sizes(self) -> dict[str, int]:
        """The bytes of every image, by key.

        Raises:
            StorageUnavailableError: the storage does not answer.
        """
        with failure_as_error():
            return await to_thread.run_sync(self._list, limiter=self._threads)

    async def check(self) -> None:
        """Check that the storage can be used.

        Raises:
            StorageUnavailableError: it cannot.
        """
        if self._directory is not None and not os.access(self._directory, os.R_OK | os.W_OK | os.X_OK):
            raise StorageUnavailableError("the directory is not writable")
        with suppress(ObjectNotFoundError):
            await self.get(PROBE_KEY)

    async def delete(self, keys: Sequence[str]) -> None:
        """Delete images; keys that do not exist are ignored.

        Raises:
            StorageUnavailableError: the storage does not answer; some of the images may remain.
        """
        delete = self._store.delete if self._directory is None else partial(delete_files, self._directory)
        unique = list(dict.fromkeys(keys))
        with failure_as_error():
            for start in range(0, len(unique), DELETED_AT_ONCE):
                chunk = unique[start : start + DELETED_AT_ONCE]
                await to_thread.run_sync(partial(delete, chunk), limiter=self._threads)

    def _list(self) -> dict[str, int]:
        found = {meta["path"]: meta["size"] for page in self._store.list() for meta in page}
        return {key: size for key, size in found.items() if is_valid_key(key)}

    def _read(self, key: str) -> bytes:
        return bytes(self._store.get(key).bytes())


def delete_files(directory: Path, keys: Sequence[str]) -> None:
    """Delete files of a local directory, and what is left of writing them.

    Each key is the name of a folder, a slash and that of a file.

    obstore writes to `<name>#<number>` first; a process that is killed leaves this file. So each folder is read, once
    for all its keys.

    Raises:
        OSError: some could not be deleted; all others were.
    """
    failure: OSError | None = None
    names: dict[str, set[str]] = {}
    for key in keys:
        folder, _, name = key.partition("/")
        names.setdefault(folder, set()).add(name)
    for folder, found in names.items():
        try:
            entries = list((directory / folder).iterdir())
        except FileNotFoundError:
            # Also if the disk is not mounted, where nothing may count as deleted.
            directory.stat()
            continue
        for entry in entries:
            if entry.name.partition("#")[0] in found:
                try:
                    entry.unlink(missing_ok=True)
                except OSError as error:
                    failure = error
    if failure is not None:
        raise failure


@contextmanager
def failure_as_error() -> Iterator[None]:
    """Translate the errors of a store.

    Raises:
        StorageUnavailableError: it does not answer.
    """
    try:
        yield
    except (BaseError, OSError) as error:
        raise StorageUnavailableError(_describe_failure(error)) from error


def _describe_failure(error: Exception) -> str:
    """What the operating system says of an error of the storage, or the name of the error: its text may hold a path."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    found = OS_ERROR.search(str(error))
    return found[1] if found else type(error).__name__


def _read_client_variables() -> dict[str, str]:
    names = {name: f"AWS_{name.upper()}" for name in CLIENT_VARIABLES}
    return {name: os.environ[variable] for name, variable in names.items() if variable in os.environ}


def _is_missing_key(error: BaseException) -> bool:
    """Whether S3 hides that there is no such key: it answers 403 AccessDenied to a role without s3:ListBucket."""
    return isinstance(error, PermissionDeniedError) and "AccessDenied" in str(error)


def open_store(url: str, **options: Any) -> LocalStore | S3Store:
    """Open a local directory, which is created if missing and readable by its owner only, or a bucket.

    Args:
        url: `file:///directory` or `s3://bucket/prefix`.
        options: see `ObjectStorage`.

    Raises:
        StorageUnavailableError: the URL has neither form, or the directory cannot be created.
    """
    with failure_as_error():
        if urlsplit(url).scheme == "s3":
            return S3Store.from_url(url, **options)
        if (directory := local_directory(url)) is not None:
            directory.mkdir(parents=True, exist_ok=True)
            directory.chmod(0o700)
            return LocalStore(directory)
    raise StorageUnavailableError("the address must begin with file:/// or s3://")


def local_directory(url: str) -> Path | None:
    """The directory that a `file:///directory` URL names; None for any other URL."""
    parts = urlsplit(url)
    return Path(unquote(parts.path)) if parts.scheme == "file" and parts.netloc in ("", "localhost") else None


def generate_key() -> str:
    """Create an unguessable key of 128 random bits."""
    name = secrets.token_hex(16)
    return f"{name[:2]}/{name[2:]}.jpg"


def is_valid_key(text: str) -> bool:
    """Whether the text has the form of a generated key or of a rendition's, and so names nothing outside the
    storage."""
    return KEY_PATTERN.fullmatch(text) is not None


async def copy_images(keys: Collection[str], source: ObjectStorage, target: ObjectStorage) -> tuple[str, ...]:
    """Copy images that the target lacks, or has as an empty file, which a power failure leaves. They never change under
    their key.

    Args:
        keys: of the images.
        source: where they are.
        target: where they are to be.

    Returns:
        The keys of images that neither storage has.

    Raises:
        StorageUnavailableError: one of the storages does not answer.
    """
    existing = {key for key, size in (await target.list_sizes()).items() if size > 0}
    remaining = iter(sorted(set(keys) - existing))
    missing: list[str] = []

    async def copy_next() -> None:
        for key in remaining:
            try:
                data = await source.get(key)
            except ObjectNotFoundError:
                missing.append(key)
            else:
                await target.put(key, data)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(COPIES_AT_ONCE):
                group.create_task(copy_next())
    except* StorageUnavailableError as group_error:
        # The others are of the same kind.
        raise group_error.exceptions[0] from None
    return tuple(missing)
