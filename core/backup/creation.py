"""`eva backup`: the database as it was at one moment, and every image that it refers to.

See ADR 0022.
"""

import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from anyio import to_thread

from core.backup.archive import DUMP, NAME_FORMAT, BackupArchive, Manifest
from core.backup.postgres_dump import dump_database
from core.db import backup_queries
from core.db.database import Database
from core.db.migrate import migrate_up
from core.object_storage import ObjectStorage, copy_images
from core.release import get_version
from core.settings import Settings
from core.signing import fingerprint, load_secret_key


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedBackup:
    """A backup that was made."""

    name: str
    images: int
    """Number of images that it has."""
    deleted_images: int
    """Number of images that were deleted from the archive, because no remaining backup needs them."""


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
        PersistenceError: the database, the storage or the archive does not answer.
    """
    async with database.connection() as connection:
        is_new = await backup_queries.is_empty(connection)
    if is_new:
        # Otherwise the tables stay as they are: a backup comes before the migration to a new version.
        await migrate_up(database)
    name = datetime.now(UTC).strftime(NAME_FORMAT)
    with tempfile.TemporaryDirectory(prefix="eva-backup-") as folder:
        dump = Path(folder) / DUMP
        async with database.transaction() as connection:
            # The dump and the list of images see the same rows. Images that are deleted from now on may be missing.
            snapshot = await backup_queries.export_snapshot(connection)
            server = await backup_queries.get_server_version(connection)
            keys = await backup_queries.list_image_keys(connection)
            await to_thread.run_sync(partial(dump_database, database.conninfo, server, dump, snapshot=snapshot))
        missing = await copy_images(keys, storage, archive.images)
        manifest = Manifest(
            version=get_version(),
            server=server,
            secret_fingerprint=fingerprint(load_secret_key(settings)),
            secret_key=None if settings.secret_key is not None else load_secret_key(settings).decode(),
            images=len(keys) - len(missing),
            missing=missing,
        )
        await to_thread.run_sync(archive.write, name, manifest, sorted(set(keys) - set(missing)), dump)
    needed = await to_thread.run_sync(archive.prune, keep)
    unneeded = sorted((await archive.images.list_sizes()).keys() - needed)
    await archive.images.delete(unneeded)
    return CreatedBackup(name=name, images=manifest.images, deleted_images=len(unneeded))
