"""Everything is destroyed, restored on an empty machine, and is as it was."""

import asyncio
import gzip
import json
import os
import time
from collections.abc import Collection
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select, text

from core.backup import creation, restoration
from core.backup.archive import IMAGE_LIST, NAME_FORMAT, BackupArchive, Manifest
from core.backup.archive_lock import STALE_AFTER, hold
from core.backup.creation import CreatedBackup, create_backup, find_recent_backup
from core.backup.restoration import restore_backup
from core.db import schema
from core.db.backups import get_last_backup
from core.db.database import Database
from core.db.installation import record_secret_fingerprint
from core.db.looks import list_for_person, share
from core.db.migrate import migrate_down, migrate_up
from core.errors import (
    BackupNotFoundError,
    BackupRunningError,
    DatabaseNotEmptyError,
    DatabaseUnavailableError,
    SecretKeyChangedError,
)
from core.object_storage import ObjectStorage, copy_images, generate_key
from core.resources import Resources
from core.services.deletion import delete_look, delete_overdue_data
from core.services.photo_judging import PhotoJudgingService
from core.settings import Settings
from core.signing import UrlSigner, VisitorTokenSigner, fingerprint, load_secret_key
from tests.factories import create_look, create_person, end_images, make_classifier, make_photo, store_images
from tests.integration.core.conftest import S3_OPTIONS

ALL_ROWS = text("SELECT to_jsonb(looks) FROM looks ORDER BY id")
COUNTS = text("SELECT (SELECT count(*) FROM people), (SELECT count(*) FROM identities), (SELECT count(*) FROM looks)")


async def fail(*_: object) -> None:
    raise DatabaseUnavailableError


async def test_restored_eva_is_the_same(resources: Resources, empty_url: str, tmp_path: Path) -> None:
    """Rows, pictures, signed links and sessions survive; so does the right to interrupt both commands."""
    old, new = Settings(data_dir=tmp_path / "old"), Settings(data_dir=tmp_path / "새 컴퓨터")
    archive, restored_storage = BackupArchive(str(tmp_path / "backups")), ObjectStorage((tmp_path / "b").as_uri())
    async with resources.database.transaction() as connection:
        await record_secret_fingerprint(connection, "0")
        assert await get_last_backup(connection) is None
        person = await create_person(connection)
        looks = [await store_images(resources, await create_look(connection, person.id)) for _ in range(2)]
    kept = looks[0]
    assert kept.photo_key is not None
    link = UrlSigner(load_secret_key(old)).sign(kept.photo_key, timedelta(days=1))
    session = VisitorTokenSigner(load_secret_key(old)).issue()

    await archive.images.put(kept.photo_key, b"photo")  # by a backup that was interrupted
    created = await create_backup(resources.database, resources.storage, archive, old, keep=2)
    assert (created.images, created.missing_images) == (4, 0)
    async with resources.database.connection() as connection:
        last = await get_last_backup(connection)
    assert last is not None
    assert last.taken_at.strftime(NAME_FORMAT) >= created.name

    async with Database(empty_url) as database:
        await restored_storage.put(kept.photo_key, b"photo")  # by a restoration that was interrupted
        restored = await restore_backup(database, restored_storage, archive, new)
        assert (restored.name, restored.images, restored.deleted_looks) == (created.name, 4, 0)
        async with resources.database.connection() as before, database.connection() as after:
            assert (await after.execute(ALL_ROWS)).scalars().all() == (await before.execute(ALL_ROWS)).scalars().all()
            assert (await after.execute(COUNTS)).one() == (await before.execute(COUNTS)).one()
        with pytest.raises(DatabaseNotEmptyError):
            await restore_backup(database, restored_storage, archive, new)
    assert await restored_storage.list_sizes() == {
        key: size for look in looks for key, size in ((look.photo_key, 5), (look.heatmap_key, 3))
    }
    UrlSigner(load_secret_key(new)).verify(kept.photo_key, link)
    assert VisitorTokenSigner(load_secret_key(new)).verify(session) is not None


async def test_the_tables_of_the_former_release_are_backed_up(url: str, tmp_path: Path) -> None:
    """The new release is installed before it migrates, and has no place yet for the time of the backup."""
    settings, archive = Settings(data_dir=tmp_path / "data"), BackupArchive(str(tmp_path / "backups"))
    async with Database(url) as database:
        await migrate_down(database, "0004")
        created = await create_backup(database, ObjectStorage((tmp_path / "a").as_uri()), archive, settings, keep=1)
    assert archive.list_names() == [created.name]


async def test_nothing_is_left_of_a_backup_that_was_killed(resources: Resources, tmp_path: Path) -> None:
    """Not even the part of a dump that was being written, which no list of objects shows."""
    folder, settings = tmp_path / "backups", Settings(data_dir=tmp_path / "data")
    killed, key = folder / "2026-01-01T03-30-00Z", generate_key()
    killed.mkdir(parents=True)
    for name in ("images.txt.gz", "database.dump#1"):
        (killed / name).write_bytes(b"everything about everyone")
    (folder / "images" / key).parent.mkdir(parents=True)
    (folder / "images" / key).touch()
    async with resources.database.transaction() as connection:
        look = await create_look(connection, (await create_person(connection)).id, photo_key=key)
        await store_images(resources, look)
    archive = BackupArchive(str(folder))
    created = await create_backup(resources.database, resources.storage, archive, settings, keep=1)
    assert list(killed.iterdir()) == []
    assert (created.images, len(await archive.images.get(key))) == (2, 5), "a file that a power failure emptied"


async def test_a_backup_without_pictures_that_are_here_is_no_recent_one(resources: Resources, tmp_path: Path) -> None:
    """Another machine made it, whose volume was not mounted; pictures that no one has any more hold up nothing."""
    archive, settings = BackupArchive(str(tmp_path / "backups")), Settings(data_dir=tmp_path / "data")
    async with resources.database.transaction() as connection:
        await store_images(resources, await create_look(connection, (await create_person(connection)).id))
    hour = timedelta(hours=1)
    assert await find_recent_backup(resources.storage, archive, min_age=hour) is None
    unmounted = ObjectStorage((tmp_path / "unmounted").as_uri())
    made = await create_backup(resources.database, unmounted, archive, settings, keep=9)
    assert made.lost_images == 2
    assert await find_recent_backup(unmounted, archive, min_age=hour) == made.name
    assert await find_recent_backup(unmounted, archive, min_age=-hour) is None
    assert await find_recent_backup(resources.storage, archive, min_age=hour) is None


async def test_a_backup_that_lost_pictures_does_not_count(resources: Resources, tmp_path: Path) -> None:
    """The wrong storage, or one that is not mounted, has none; every night would look like a success."""
    archive, settings = BackupArchive(str(tmp_path / "backups")), Settings(data_dir=tmp_path / "data")
    async with resources.database.transaction() as connection:
        await record_secret_fingerprint(connection, "0")
        await create_look(connection, (await create_person(connection)).id)
    for lost in (2, 0):
        created = await create_backup(resources.database, resources.storage, archive, settings, keep=9)
        assert (created.missing_images, created.lost_images) == (2, lost)
        async with resources.database.connection() as connection:
            assert (await get_last_backup(connection) is None) is (lost > 0), "the next one lost nothing more"
        (tmp_path / "backups" / created.name).rename(tmp_path / "backups" / f"2026-01-0{lost + 1}T03-30-00Z")


async def test_looks_that_change_during_a_backup_are_restored_as_they_are(
    resources: Resources, empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between dump and copy, one look is corrected, one deleted, the time of one is over, and one loses a picture."""
    archive, storage = BackupArchive(str(tmp_path / "backups")), ObjectStorage((tmp_path / "b").as_uri())
    settings = Settings(secret_key=SecretStr("s" * 32))
    async with resources.database.transaction() as connection:
        person = await create_person(connection)
        looks = [await store_images(resources, await create_look(connection, person.id)) for _ in range(4)]
        corrected, deleted, expired, lost = looks
        await share(connection, corrected.id)
    assert corrected.photo_key is not None
    assert lost.heatmap_key is not None
    await resources.storage.put(corrected.photo_key, make_photo())
    judging = PhotoJudgingService(resources, make_classifier())
    redrawn = []

    async def change_and_copy(keys: Collection[str], source: ObjectStorage, target: ObjectStorage) -> tuple[str, ...]:
        redrawn.append((await judging.redraw_heatmap(corrected)).heatmap_key)
        assert await delete_look(resources, deleted.id)
        await end_images(resources, expired, timedelta(hours=1))
        assert await delete_overdue_data(resources) == 1
        await resources.storage.delete([str(lost.heatmap_key)])
        return await copy_images(keys, source, target)

    monkeypatch.setattr(creation, "copy_images", change_and_copy)
    created = await create_backup(resources.database, resources.storage, archive, settings, keep=1)
    assert (created.images, created.missing_images) == (3, 1)

    async with Database(empty_url) as database:
        # Killed while the tables are migrated: then the database is not empty any more.
        monkeypatch.setattr(restoration, "migrate_up", fail)
        with pytest.raises(DatabaseUnavailableError):
            await restore_backup(database, storage, archive, settings)
        monkeypatch.undo()
        await migrate_up(database)
        async with database.connection() as connection:
            after = {look.id: look for look in await list_for_person(connection, person.id, limit=9)}
    assert after.keys() == {corrected.id, expired.id, lost.id}
    assert (after[expired.id].photo_key, after[expired.id].verdict.style) == (None, expired.verdict.style)
    assert (after[corrected.id].shared_at is not None, after[corrected.id].photo_key) == (True, corrected.photo_key)
    heatmap_key = after[corrected.id].heatmap_key
    assert heatmap_key is not None
    assert heatmap_key != redrawn[0]
    assert await storage.get(heatmap_key) == await resources.storage.get(str(redrawn[0]))


async def test_one_backup_at_a_time_writes_to_an_archive(
    resources: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the first one that ends would delete what the other has copied so far, and nobody would know."""
    folder, settings = tmp_path / "backups", Settings(secret_key=SecretStr("s" * 32))
    async with resources.database.transaction() as connection:
        await store_images(resources, await create_look(connection, (await create_person(connection)).id))

    async def back_up() -> CreatedBackup:
        return await create_backup(resources.database, resources.storage, BackupArchive(str(folder)), settings, keep=1)

    async def copy_while_another_begins(*arguments: Any) -> tuple[str, ...]:
        missing = await copy_images(*arguments)
        with pytest.raises(BackupRunningError, match="Another backup writes"):
            await back_up()
        return missing

    monkeypatch.setattr(creation, "copy_images", copy_while_another_begins)
    created = await back_up()
    archive = BackupArchive(str(folder))
    assert (await archive.images.list_sizes()).keys() == set(archive.read_keys(created.name))
    assert len(archive.read_keys(created.name)) == 2
    assert not list((folder / "running").iterdir())


async def test_a_backup_that_lost_its_lock_deletes_nothing(
    resources: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its process was suspended for so long that another backup took it for dead."""
    folder, settings = tmp_path / "backups", Settings(secret_key=SecretStr("s" * 32))
    archive = BackupArchive(str(folder))
    other = generate_key()

    async def copy_and_lose_lock(*arguments: Any) -> tuple[str, ...]:
        (held,) = (folder / "running").iterdir()
        held.unlink()
        await archive.images.put(other, b"of the other backup")
        return await copy_images(*arguments)

    monkeypatch.setattr(creation, "copy_images", copy_and_lose_lock)
    with pytest.raises(BackupRunningError):
        await create_backup(resources.database, resources.storage, archive, settings, keep=1)
    assert archive.list_names() == []
    assert list(await archive.images.list_sizes()) == [other]


async def test_a_backup_that_lost_its_lock_while_it_wrote_deletes_nothing(
    resources: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one may have copied images already that only its own list will name."""
    folder, settings, write = tmp_path / "backups", Settings(secret_key=SecretStr("s" * 32)), BackupArchive.write
    archive, copied = BackupArchive(str(folder)), generate_key()
    await archive.images.put(copied, b"of the other backup")

    def write_and_lose_lock(*arguments: Any) -> None:
        write(*arguments)
        (held,) = (folder / "running").iterdir()
        held.unlink()

    monkeypatch.setattr(BackupArchive, "write", write_and_lose_lock)
    with pytest.raises(BackupRunningError):
        await create_backup(resources.database, resources.storage, archive, settings, keep=1)
    assert list(await archive.images.list_sizes()) == [copied]


@pytest.mark.parametrize(("content", "damaged_list"), [("", None), ("{", gzip.compress(b"")[:10] + b"\xff" * 20)])
async def test_a_damaged_manifest_stops_no_backup(
    resources: Resources, tmp_path: Path, content: str, damaged_list: bytes | None
) -> None:
    """Its folder remains, since it may be of another Eva."""
    archive, key, damaged = BackupArchive(str(tmp_path / "backups")), generate_key(), "2020-01-01T00-00-00Z"
    empty = "2020-01-02T00-00-00Z"
    (tmp_path / "dump").touch()
    await archive.images.put(key, b"of the damaged one")
    manifest = Manifest(version="1", server=18, secret_fingerprint="f", images=1)
    archive.write(damaged, manifest, [key], tmp_path / "dump")
    (tmp_path / "backups" / empty).mkdir()
    for name in (damaged, empty):
        (tmp_path / "backups" / name / "manifest.json").write_text(content)
    if damaged_list is not None:
        (tmp_path / "backups" / damaged / IMAGE_LIST).write_bytes(damaged_list)
    settings = Settings(secret_key=SecretStr("s" * 32))
    created = await create_backup(resources.database, resources.storage, archive, settings, keep=1)
    assert archive.list_names() == [damaged, empty, created.name]
    assert (created.damaged_backups, created.foreign_backups) == ((damaged, empty), 0)
    if damaged_list is None:
        assert await archive.images.get(key) == b"of the damaged one"


async def test_a_backup_of_a_former_release_leaves_out_looks_without_a_photo(
    resources: Resources, empty_url: str, tmp_path: Path
) -> None:
    """Its manifest does not say which looks were deleted meanwhile, only which images were gone."""
    archive, storage = BackupArchive(str(tmp_path / "backups")), ObjectStorage((tmp_path / "b").as_uri())
    settings = Settings(secret_key=SecretStr("s" * 32))
    async with resources.database.transaction() as connection:
        person = await create_person(connection)
        looks = [await store_images(resources, await create_look(connection, person.id)) for _ in range(3)]
    deleted, redrawn, kept = looks
    await resources.storage.delete([str(deleted.photo_key), str(deleted.heatmap_key), str(redrawn.heatmap_key)])
    created = await create_backup(resources.database, resources.storage, archive, settings, keep=1)
    file = tmp_path / "backups" / created.name / "manifest.json"
    manifest = json.loads(file.read_text())
    file.write_text(json.dumps({name: value for name, value in manifest.items() if not name.endswith("_looks")}))
    async with Database(empty_url) as database:
        restored = await restore_backup(database, storage, archive, settings)
        async with database.connection() as connection:
            after = {look.id for look in await list_for_person(connection, person.id, limit=9)}
    assert (restored.deleted_looks, after) == (1, {redrawn.id, kept.id})


@pytest.mark.parametrize("target", ["folder", "bucket"])
def test_the_lock_of_a_killed_backup_ends(target: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    if target == "folder":
        archive = BackupArchive(str(tmp_path))
    else:
        archive = BackupArchive("s3://pictures/locked", **S3_OPTIONS, endpoint=request.getfixturevalue("s3"))
    killed = archive.create_lock()
    killed.acquire()
    with pytest.raises(BackupRunningError):
        archive.create_lock().acquire()
    killed.renew()
    next_one = archive.create_lock(stale_after=timedelta(seconds=-2))
    next_one.acquire()
    next_one.check()
    for act in (killed.check, killed.renew):
        with pytest.raises(BackupRunningError):
            act()
    next_one.release()
    archive.create_lock().acquire()


async def test_a_long_backup_renews_its_lock(tmp_path: Path) -> None:
    archive, long_ago = BackupArchive(str(tmp_path)), time.time() - 2 * STALE_AFTER.total_seconds()
    async with hold(archive.create_lock(), interval=0.01):
        (held,) = (tmp_path / "running").iterdir()
        os.utime(held, (long_ago, long_ago))
        async with asyncio.timeout(30):
            while held.stat().st_mtime < long_ago + 1:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        with pytest.raises(BackupRunningError):
            archive.create_lock().acquire()
    archive.create_lock().acquire()


async def test_backups_of_another_eva_remain_in_a_shared_archive(resources: Resources, tmp_path: Path) -> None:
    """`--keep` counts one's own, which are those under the secret key or a former one."""
    archive, key = BackupArchive(str(tmp_path / "backups")), generate_key()
    foreign, former, later = "2020-01-01T00-00-00Z", "2020-01-02T00-00-00Z", "2020-01-03T00-00-00Z"
    (tmp_path / "dump").touch()
    await archive.images.put(key, b"foreign")
    for name, secret in ((foreign, b"t" * 32), (former, b"o" * 32), (later, b"s" * 32)):
        manifest = Manifest(version="1", server=18, secret_fingerprint=fingerprint(secret), images=1)
        archive.write(name, manifest, [key], tmp_path / "dump")
    settings = Settings(secret_key=SecretStr("s" * 32), old_secret_keys=(SecretStr("o" * 32),))
    created = await create_backup(resources.database, resources.storage, archive, settings, keep=2)
    assert archive.list_names() == [foreign, later, created.name]
    assert created.foreign_backups == 1
    assert await archive.images.get(key) == b"foreign"


async def test_old_backups_end_with_the_pictures_that_only_they_have(resources: Resources, tmp_path: Path) -> None:
    """So people who were erased leave the backups too."""
    archive, settings = BackupArchive(str(tmp_path / "backups")), Settings(secret_key=SecretStr("s" * 32))
    async with resources.database.transaction() as connection:
        look = await create_look(connection, (await create_person(connection)).id)
    await store_images(resources, look)
    first = await create_backup(resources.database, resources.storage, archive, settings, keep=2)
    assert archive.read_manifest(first.name).secret_key is None, "EVA_SECRET_KEY is not in the backup"
    async with resources.database.transaction() as connection:
        await connection.execute(schema.looks.delete())
    (tmp_path / "backups" / "2020-01-01T00-00-00Z").mkdir()
    (tmp_path / "backups" / "2020-01-01T00-00-00Z" / "database.dump").write_bytes(b"unfinished")
    (tmp_path / "backups" / first.name).rename(tmp_path / "backups" / "2020-01-02T00-00-00Z")
    second = await create_backup(resources.database, resources.storage, archive, settings, keep=1)
    assert archive.list_names() == [second.name]
    assert second.deleted_images == 2
    assert await archive.images.list_sizes() == {}
    assert not list((tmp_path / "backups").rglob("*.dump"))[1:]


@pytest.mark.parametrize("former", [(), (SecretStr("s" * 32),)])
async def test_another_secret_key_is_refused_before_anything_is_restored(
    resources: Resources, empty_url: str, tmp_path: Path, former: tuple[SecretStr, ...]
) -> None:
    """Unless it is said that everything may end, or the key of the backup is a former one."""
    archive, storage = BackupArchive(str(tmp_path / "backups")), ObjectStorage((tmp_path / "b").as_uri())
    with pytest.raises(BackupNotFoundError):
        await restore_backup(resources.database, storage, archive, Settings())
    await create_backup(
        resources.database, resources.storage, archive, Settings(secret_key=SecretStr("s" * 32)), keep=1
    )
    other = Settings(secret_key=SecretStr("o" * 32))
    async with Database(empty_url) as database:
        with pytest.raises(SecretKeyChangedError):
            await restore_backup(database, storage, archive, other)
        rotated = other.model_copy(update={"old_secret_keys": former})
        await restore_backup(database, storage, archive, rotated, accept_new_secret=not former)
        async with database.connection() as connection:
            assert (await connection.execute(select(schema.people))).first() is None
