"""A folder or bucket that holds backups.

Each backup is a folder named by its time, with the dump of the database and the list of its images; `manifest.json` is
written last, so a backup without one is unfinished and is never restored. Images never change under their key, so all
backups share one folder of them (a heatmap that was drawn again has a new key). `running/` is the lock, see
`core.backup.archive_lock`.


    2026-11-29T03-30-00Z/database.dump, images.txt.gz, manifest.json
    images/3f/....jpg
"""

import gzip
import os
import zlib
from collections.abc import Collection, Iterable, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from obstore.store import LocalStore
from pydantic import BaseModel, ConfigDict, ValidationError

from core.backup.archive_lock import STALE_AFTER, ArchiveLock
from core.errors import BackupError, BackupNotFoundError
from core.object_storage import ObjectStorage, delete_files, failure_as_error, local_directory, open_store

NAME_FORMAT = "%Y-%m-%dT%H-%M-%SZ"
MANIFEST = "manifest.json"
DUMP = "database.dump"
IMAGE_LIST = "images.txt.gz"
IMAGE_FOLDER = "images"


class Manifest(BaseModel):
    """What a backup contains."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    version: str
    """Version of Eva that made it."""
    server: int
    """Major version of the PostgreSQL server."""
    secret_fingerprint: str
    """Tells whether another secret key is the same; reveals nothing about it."""
    secret_key: str | None = None
    """The key that Eva had generated; None if EVA_SECRET_KEY was set."""
    images: int
    """Number of images that the backup has."""
    deleted_looks: tuple[UUID, ...] | None = None
    """Looks in the dump that were deleted while the images were copied; None in backups of former releases, where a
    look whose photo is missing counts as deleted."""
    expired_looks: tuple[UUID, ...] = ()
    """Looks in the dump that lost their images meanwhile, and nothing else."""
    missing: tuple[str, ...] = ()
    """Keys of images of other looks that the storage does not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrunedArchive:
    """What remains in an archive."""

    needed_keys: frozenset[str]
    """Keys of the images that the remaining backups need."""
    foreign_backups: int
    """Number of backups under another secret key."""
    damaged_backups: tuple[str, ...]
    """Names of backups whose manifest cannot be read, so that they may be of another Eva; they remain."""


class BackupArchive:
    """The backups in one folder or bucket. The methods block."""

    def __init__(self, target: str, **options: Any) -> None:
        """Open a folder, which is created if missing and readable by its owner only, or a bucket.

        Args:
            target: a path, `file:///directory` or `s3://bucket/prefix`.
            options: see `ObjectStorage`.

        Raises:
            StorageUnavailableError: it is neither, or cannot be created.
        """
        url = _as_url(target)
        self._store = open_store(url, **options)
        self._directory = Path(str(self._store.prefix)) if isinstance(self._store, LocalStore) else None
        self.images = ObjectStorage(f"{url}/{IMAGE_FOLDER}", **options)
        """The images of all backups."""

    def create_lock(self, *, stale_after: timedelta = STALE_AFTER) -> ArchiveLock:
        """A lock for one backup, not held yet; those of others count for `stale_after` without a renewal."""
        return ArchiveLock(self._store, stale_after=stale_after)

    def list_names(self) -> list[str]:
        """The finished backups, the oldest first."""
        prefixes = self._list_folders()
        return sorted(name for name in prefixes if _is_name(name) and self._exists(f"{name}/{MANIFEST}"))

    def write(self, name: str, manifest: Manifest, keys: Iterable[str], dump: Path) -> None:
        """Store a backup whose images are in the archive already; the manifest last.

        Args:
            name: when it was created, in `NAME_FORMAT`.
            manifest: what the backup contains.
            keys: keys of the images that its database refers to.
            dump: file with the database.

        Raises:
            StorageUnavailableError: the archive does not answer.
        """
        self._put(f"{name}/{IMAGE_LIST}", gzip.compress("\n".join(keys).encode(), mtime=0))
        self._put(f"{name}/{DUMP}", dump)
        if self._directory is not None:
            # Otherwise a power failure could leave the manifest, and empty files.
            os.sync()
        self._put(f"{name}/{MANIFEST}", manifest.model_dump_json(indent=2).encode())

    def read_manifest(self, name: str) -> Manifest:
        """What a backup contains.

        Raises:
            BackupNotFoundError: there is no finished backup, or none of this name.
            BackupError: the file is damaged.
        """
        if not _is_name(name) or not self._exists(f"{name}/{MANIFEST}"):
            raise BackupNotFoundError(name)
        try:
            return Manifest.model_validate_json(self._get(f"{name}/{MANIFEST}"))
        except ValidationError as error:
            raise BackupError(f"{name}/{MANIFEST} is damaged") from error

    def read_keys(self, name: str) -> list[str]:
        """The keys of the images that a backup's database refers to.

        Raises:
            BackupError: the list is missing or damaged.
            StorageUnavailableError: the archive does not answer.
        """
        try:
            return gzip.decompress(self._get(f"{name}/{IMAGE_LIST}")).decode().split()
        except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
            raise BackupError(f"{name}/{IMAGE_LIST} is damaged") from error

    def read_dump(self, name: str, path: Path) -> None:
        """Copy the dump of a backup to a file.

        Raises:
            StorageUnavailableError: the archive has no such dump or does not answer, or the file cannot be written.
        """
        with failure_as_error(), path.open("wb") as file:
            for chunk in self._store.get(f"{name}/{DUMP}").stream():
                file.write(bytes(chunk))

    def prune(self, keep: int, secret_fingerprints: Collection[str]) -> PrunedArchive:
        """Delete all but the latest backups of an Eva, and unfinished ones. The lock must be held.

        Args:
            keep: how many of the backups under its secret keys remain.
            secret_fingerprints: of these keys. Backups under other keys, which may be of another Eva, all remain.

        Raises:
            BackupError: the list of images of a backup is damaged whose manifest is not.
            StorageUnavailableError: the archive does not answer.
        """
        names, own, damaged = self.list_names(), [], []
        for name in names:
            try:
                if self.read_manifest(name).secret_fingerprint in secret_fingerprints:
                    own.append(name)
            except BackupError:
                damaged.append(name)
        remaining = set(names) - set(own[:-keep])
        for name in self._list_folders():
            if _is_name(name) and name not in remaining:
                # The manifest first: what is half deleted is an unfinished backup.
                self._delete([f"{name}/{MANIFEST}"])
                self._delete([f"{name}/{part}" for part in (DUMP, IMAGE_LIST)])
        needed: set[str] = set()
        for name in remaining:
            with suppress(BackupError) if name in damaged else nullcontext():
                needed.update(self.read_keys(name))
        return PrunedArchive(
            needed_keys=frozenset(needed),
            foreign_backups=len(names) - len(own) - len(damaged),
            damaged_backups=tuple(damaged),
        )

    def _list_folders(self) -> list[str]:
        with failure_as_error():
            return [prefix.rstrip("/") for prefix in self._store.list_with_delimiter()["common_prefixes"]]

    def _exists(self, path: str) -> bool:
        with failure_as_error():
            try:
                self._store.head(path)
            except FileNotFoundError:
                return False
        return True

    def _put(self, path: str, data: bytes | Path) -> None:
        with failure_as_error():
            self._store.put(path, data)

    def _get(self, path: str) -> bytes:
        with failure_as_error():
            try:
                return bytes(self._store.get(path).bytes())
            except FileNotFoundError as error:
                raise BackupError(f"{path} is missing") from error

    def _delete(self, paths: Sequence[str]) -> None:
        """Delete files, and in a local folder also what a backup that was killed has left of writing them."""
        with failure_as_error():
            if self._directory is not None:
                delete_files(self._directory, paths)
                return
            for path in paths:
                with suppress(FileNotFoundError):
                    self._store.delete(path)


def is_missing(target: str) -> bool:
    """Whether a path or `file:///directory` names no directory."""
    directory = local_directory(_as_url(target))
    return directory is not None and not directory.is_dir()


def _as_url(target: str) -> str:
    return (target if "://" in target else Path(target).absolute().as_uri()).rstrip("/")


def _is_name(text: str) -> bool:
    try:
        datetime.strptime(text, NAME_FORMAT)
    except ValueError:
        return False
    return True
