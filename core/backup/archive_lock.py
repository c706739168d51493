"""The lock of a backup archive: one `eva backup` at a time, wherever it runs, since each deletes what no backup needs.

A backup that runs keeps a file in `running/`, renewed every minute. One that was killed leaves it there, and it counts
for five minutes. Two that begin at the same moment see each other's file, so one of them ends, or both. No conditional
writes are needed, which not every S3 has, and the store's own clock measures the age.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any

from anyio import CancelScope, to_thread
from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store

from core.errors import BackupRunningError, StorageUnavailableError
from core.object_storage import failure_as_error

FOLDER = "running"
RENEWAL_SECONDS = 60.0
STALE_AFTER = timedelta(minutes=5)


class ArchiveLock:
    """The lock that one backup holds. The methods block."""

    def __init__(self, store: LocalStore | S3Store, *, stale_after: timedelta = STALE_AFTER) -> None:
        """Name the file of this backup in the store of an archive; `acquire` writes it.

        The file of another backup that was not renewed for longer than `stale_after` does not count.
        """
        self._store, self._stale_after = store, stale_after
        self._path = f"{FOLDER}/{secrets.token_hex(8)}"

    def acquire(self) -> None:
        """Take the lock, and delete the files of backups that were killed.

        Raises:
            BackupRunningError: another backup holds it.
            StorageUnavailableError: the archive does not answer.
        """
        with failure_as_error():
            self._store.put(self._path, b"")
            others = self._list()
            written_at = others.pop(self._path)["last_modified"]
            stale = [path for path, meta in others.items() if written_at - meta["last_modified"] > self._stale_after]
            if len(stale) < len(others):
                self.release()
                raise BackupRunningError
            for path in stale:
                self._delete(path)

    def check(self) -> None:
        """Check that this backup still holds the lock: one that stood still for too long has lost it.

        Raises:
            BackupRunningError: another backup took it.
            StorageUnavailableError: the archive does not answer.
        """
        with failure_as_error():
            if self._path not in self._list():
                raise BackupRunningError

    def renew(self) -> None:
        """Say that this backup still runs.

        Raises:
            BackupRunningError: another backup took the lock.
            StorageUnavailableError: the archive does not answer.
        """
        self.check()
        with failure_as_error():
            self._store.put(self._path, b"")

    def release(self) -> None:
        """Give the lock back, as far as the archive answers."""
        with suppress(BaseError, OSError):
            self._delete(self._path)

    def _list(self) -> dict[str, Any]:
        return {meta["path"]: meta for page in self._store.list(FOLDER) for meta in page}

    def _delete(self, path: str) -> None:
        with suppress(FileNotFoundError):
            self._store.delete(path)


@asynccontextmanager
async def hold(lock: ArchiveLock, *, interval: float = RENEWAL_SECONDS) -> AsyncIterator[None]:
    """Hold a lock, and renew it meanwhile, each time after `interval` seconds.

    Raises:
        BackupRunningError: another backup holds it.
        StorageUnavailableError: the archive does not answer.
    """
    await to_thread.run_sync(lock.acquire)
    renewal = asyncio.create_task(_renew(lock, interval))
    try:
        yield
    finally:
        renewal.cancel()
        with CancelScope(shield=True):
            await asyncio.wait([renewal])
            await to_thread.run_sync(lock.release)


async def _renew(lock: ArchiveLock, interval: float) -> None:
    """Renew a lock until it is lost, which `ArchiveLock.check` tells before anything is deleted."""
    while True:
        await asyncio.sleep(interval)
        with suppress(StorageUnavailableError):
            await to_thread.run_sync(lock.renew)
