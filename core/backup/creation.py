"""`eva backup`: the database as it was at one moment, and every image that it refers to.

See ADR 0022.
"""

import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

from anyio import to_thread

from core.backup.archive import DUMP, NAME_FORMAT, BackupArchive, Manifest
from core.backup.archive_lock import ArchiveLock, hold
from core.backup.postgres_dump import dump_database
from core.db import backups, look_images
from core.db.database import Database
from core.db.look_images import ImageKeys
from core.db.migrate import migrate_up
from core.errors import BackupError, ObjectNotFoundError
from core.object_storage import ObjectStorage, copy_images
from core.settings import Settings
from core.signing import fingerprint, load_old_keys, load_secret_key
from core.version import get_version


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedBackup:
    """A backup that was made."""

    name: str
    images: int
    """Number of images that it has."""
    missing_images: int
    """Number of images that the storage does not have, although their looks do."""
    lost_images: int
    """Number of them that were not missing in the backup before; such a backup does not count as the last one."""
    deleted_images: int
    """Number of images that were deleted from the archive, because no remaining backup needs them."""
    foreign_backups: int
    """Number of backups under another secret key in the archive, which remain."""
    damaged_backups: tuple[str, ...]
    """Names of backups whose manifest cannot be read, which remain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CopiedImages:
    """The images of a backup, and what happened to the others while they were copied."""

    keys: frozenset[str]
    """Of the images that the backup has."""
    deleted_looks: tuple[UUID, ...]
    expired_looks: tuple[UUID, ...]
    missing: tuple[str, ...]


async def create_backup(
    database: Database, storage: ObjectStorage, archive: BackupArchive, settings: Settings, *, keep: int
) -> CreatedBackup:
    """Make a backup while Eva runs. A backup that was interrupted is made again; images are not copied twice.

    Args:
        database: the database.
        storage: the images.
        archive: where backups are kept.
        settings: for the secret key.
        keep: how many backups remain; older ones are deleted, with the images that only they have.

    Raises:
        BackupError: `pg_dump` is missing or failed.
        BackupRunningError: another backup writes to the archive.
        PersistenceError: the database, the storage or the archive does not answer.
        UnsupportedDatabaseUrlError: the only way to the database is PgBouncer.
    """
    # `pg_dump` empties the search path of a session, which is a connection of PgBouncer that others get, too.
    database.require_direct_url("backups")
    async with database.connection() as connection:
        is_new = await backups.is_empty(connection)
    if is_new:
        # Otherwise the tables stay as they are: a backup comes before the migration to a new version.
        await migrate_up(database)
    lock = archive.create_lock()
    async with hold(lock):
        return await _create(database, storage, archive, settings, lock=lock, keep=keep)


async def find_recent_backup(storage: ObjectStorage, archive: BackupArchive, *, min_age: timedelta) -> str | None:
    """The name of the last backup, if it is younger than this and the storage has nothing that it lacks.

    Where several machines share an archive, one without its volume makes a backup without images, and the others must
    not take it for that of the night.

    Raises:
        StorageUnavailableError: the storage or the archive does not answer.
    """
    names = await to_thread.run_sync(archive.list_names)
    if not names or names[-1] <= (datetime.now(UTC) - min_age).strftime(NAME_FORMAT):
        return None
    missing = await to_thread.run_sync(_read_missing, archive, names)
    return None if missing and missing & (await storage.list_sizes()).keys() else names[-1]


async def _create(
    database: Database,
    storage: ObjectStorage,
    archive: BackupArchive,
    settings: Settings,
    *,
    lock: ArchiveLock,
    keep: int,
) -> CreatedBackup:
    secret = load_secret_key(settings)
    name = datetime.now(UTC).strftime(NAME_FORMAT)
    with tempfile.TemporaryDirectory(prefix="eva-backup-") as folder:
        dump = Path(folder) / DUMP
        async with database.transaction() as connection:
            # The dump and the list of images see the same rows.
            snapshot, taken_at = await backups.export_snapshot(connection)
            server = await backups.get_server_version(connection)
            # Thumbnails and share images are made again when they are needed. A photo that is being stored has a job,
            # which stores it after a restoration.
            images = await look_images.list_stored(connection)
            await to_thread.run_sync(partial(dump_database, database.conninfo, server, dump, snapshot=snapshot))
        copied = await _copy(database, storage, archive, images)
        manifest = Manifest(
            version=get_version(),
            server=server,
            secret_fingerprint=fingerprint(secret),
            secret_key=None if settings.secret_key is not None else secret.decode(),
            images=len(copied.keys),
            deleted_looks=copied.deleted_looks,
            expired_looks=copied.expired_looks,
            missing=copied.missing,
        )
        await to_thread.run_sync(lock.check)
        await to_thread.run_sync(archive.write, name, manifest, sorted(copied.keys), dump)
    before = [other for other in await to_thread.run_sync(archive.list_names) if other < name]
    lost = set(copied.missing) - await to_thread.run_sync(_read_missing, archive, before)
    if not lost:
        async with database.connection() as connection:
            await backups.record_backup(connection, taken_at)
    own_keys = {fingerprint(key) for key in (secret, *load_old_keys(settings))}
    # Writing a large dump may have taken longer than a lock lasts that cannot be renewed.
    await to_thread.run_sync(lock.check)
    pruned = await to_thread.run_sync(archive.prune, keep, own_keys)
    unneeded = sorted((await archive.images.list_sizes()).keys() - pruned.needed_keys)
    await to_thread.run_sync(lock.check)
    await archive.images.delete(unneeded)
    return CreatedBackup(
        name=name,
        images=manifest.images,
        missing_images=len(manifest.missing),
        lost_images=len(lost),
        deleted_images=len(unneeded),
        foreign_backups=pruned.foreign_backups,
        damaged_backups=pruned.damaged_backups,
    )


def _read_missing(archive: BackupArchive, names: Sequence[str]) -> frozenset[str]:
    """The keys of the images that the last of these backups lacks; none without a readable one."""
    if not names:
        return frozenset()
    try:
        return frozenset(archive.read_manifest(names[-1]).missing)
    except BackupError:
        return frozenset()


async def _copy(
    database: Database, storage: ObjectStorage, archive: BackupArchive, images: Sequence[ImageKeys]
) -> CopiedImages:
    """Copy images that the archive lacks, and find out why some do not exist any more."""
    keys = {key for look in images for key in (look.photo_key, look.heatmap_key)}
    missing = set(await copy_images(keys, storage, archive.images))
    changed = {look.look_id: look for look in images if missing & {look.photo_key, look.heatmap_key}}
    async with database.connection() as connection:
        current = await backups.get_heatmap_keys(connection, list(changed))
    for look_id, key in current.items():
        former = changed[look_id].heatmap_key
        if key is not None and key != former and former in missing:
            # A corrected item replaced it meanwhile; the dump has its former key.
            with suppress(ObjectNotFoundError):
                await archive.images.put(former, await storage.get(key))
                missing.remove(former)
    deleted = changed.keys() - current.keys()
    expired = {look_id for look_id, key in current.items() if key is None}
    left_out = {
        key
        for look_id, look in changed.items()
        if look_id in deleted | expired
        for key in (look.photo_key, look.heatmap_key)
    }
    return CopiedImages(
        keys=frozenset(keys - missing - left_out),
        deleted_looks=tuple(sorted(deleted)),
        expired_looks=tuple(sorted(expired)),
        missing=tuple(sorted(missing - left_out)),
    )
