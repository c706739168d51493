"""`eva restore`: a backup into an empty database and an image storage."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from anyio import to_thread

from core.backup.archive import DUMP, BackupArchive, Manifest
from core.backup.postgres_dump import restore_database
from core.db import backups
from core.db.database import Database
from core.db.migrate import migrate_up
from core.errors import BackupError, BackupNotFoundError, DatabaseNotEmptyError, SecretKeyChangedError
from core.object_storage import ObjectStorage, copy_images
from core.settings import Settings
from core.signing import fingerprint, load_old_keys, load_secret_key, secret_key_file


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoredBackup:
    """A backup that was restored."""

    name: str
    images: int
    deleted_looks: int
    """Number of looks that were deleted while the backup was made, and so are not restored."""


async def restore_backup(
    database: Database,
    storage: ObjectStorage,
    archive: BackupArchive,
    settings: Settings,
    *,
    name: str | None = None,
    accept_new_secret: bool = False,
) -> RestoredBackup:
    """Restore a backup. What was interrupted is continued by another call: the database is filled last, at once.

    Args:
        database: an empty one.
        storage: receives the images; those that it has are not copied again.
        archive: where backups are kept.
        settings: for the secret key.
        name: of the backup; the latest one by default.
        accept_new_secret: whether the secret key may differ, so that all sessions and signed links end.

    Raises:
        BackupNotFoundError: there is no such backup.
        DatabaseNotEmptyError: the database has tables.
        SecretKeyChangedError: the secret key is another one.
        BackupError: the backup is damaged, or `pg_restore` is missing or failed.
        PersistenceError: the database, the storage or the archive does not answer.
        UnsupportedDatabaseUrlError: the only way to the database is PgBouncer.
    """
    # As for a backup.
    database.require_direct_url("restorations")
    if name is None:
        names = await to_thread.run_sync(archive.list_names)
        if not names:
            raise BackupNotFoundError
        name = names[-1]
    manifest = await to_thread.run_sync(archive.read_manifest, name)
    async with database.connection() as connection:
        if not await backups.is_empty(connection):
            raise DatabaseNotEmptyError
        server = await backups.get_server_version(connection)
    if not accept_new_secret:
        _restore_secret(manifest, settings)
    keys = await to_thread.run_sync(archive.read_keys, name)
    if missing := await copy_images(keys, archive.images, storage):
        raise BackupError(f"{len(missing)} of {len(keys)} images are missing in the backup")
    with tempfile.TemporaryDirectory(prefix="eva-restore-") as folder:
        dump = Path(folder) / DUMP
        await to_thread.run_sync(archive.read_dump, name, dump)
        # In the transaction of the dump: after it, the database is not empty, and no second call would do it.
        finish = backups.finish_restoration(
            deleted_looks=manifest.deleted_looks or (),
            deleted_photos=manifest.missing if manifest.deleted_looks is None else (),
            expired_looks=manifest.expired_looks,
        )
        deleted = await to_thread.run_sync(restore_database, database.conninfo, server, dump, finish)
    await migrate_up(database)
    return RestoredBackup(name=name, images=len(keys), deleted_looks=int(deleted))


def _restore_secret(manifest: Manifest, settings: Settings) -> None:
    """Write the generated secret key if there is none here; check that it is the same or a former one otherwise."""
    path = secret_key_file(settings)
    if settings.secret_key is None and manifest.secret_key is not None and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(manifest.secret_key)
    if manifest.secret_fingerprint not in map(fingerprint, (load_secret_key(settings), *load_old_keys(settings))):
        raise SecretKeyChangedError
