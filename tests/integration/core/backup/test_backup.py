"""Everything is destroyed, restored on an empty machine, and is as it was."""

from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import select, text

from core.backup.archive import BackupArchive
from core.backup.creation import create_backup
from core.backup.postgres_dump import find_program
from core.backup.restoration import restore_backup
from core.db import schema
from core.db.database import Database
from core.db.embedded_postgres import EmbeddedPostgres
from core.errors import (
    BackupError,
    BackupNotFoundError,
    DatabaseNotEmptyError,
    SecretKeyChangedError,
    StorageUnavailableError,
)
from core.object_storage import ObjectStorage, generate_key
from core.resources import Resources
from core.settings import Settings
from core.signing import UrlSigner, VisitorTokenSigner, load_secret_key
from tests.factories import create_look, create_person, store_images
from tests.integration.core.conftest import S3_OPTIONS
from tests.integration.core.db.test_postgres_versions import find_programs

ALL_ROWS = text("SELECT to_jsonb(looks) FROM looks ORDER BY id")
COUNTS = text("SELECT (SELECT count(*) FROM people), (SELECT count(*) FROM identities), (SELECT count(*) FROM looks)")


async def test_restored_eva_is_the_same(resources: Resources, empty_url: str, tmp_path: Path) -> None:
    """Rows, pictures, signed links and sessions survive; so does the right to interrupt both commands."""
    old, new = Settings(data_dir=tmp_path / "old"), Settings(data_dir=tmp_path / "새 컴퓨터")
    archive, restored_storage = BackupArchive(str(tmp_path / "backups")), ObjectStorage((tmp_path / "b").as_uri())
    async with resources.database.transaction() as connection:
        person = await create_person(connection)
        looks = [await create_look(connection, person.id) for _ in range(3)]
    for look in looks[:2]:
        await store_images(resources, look)
    kept = looks[0]
    assert kept.photo_key is not None
    link = UrlSigner(load_secret_key(old)).sign(kept.photo_key, timedelta(days=1))
    session = VisitorTokenSigner(load_secret_key(old)).issue()

    await archive.images.put(kept.photo_key, b"photo")  # by a backup that was interrupted
    created = await create_backup(resources.database, resources.storage, archive, old, keep=2)
    assert created.images == 4, "the third look lost its images meanwhile"

    async with Database(empty_url) as database:
        await restored_storage.put(kept.photo_key, b"photo")  # by a restoration that was interrupted
        restored = await restore_backup(database, restored_storage, archive, new)
        assert (restored.name, restored.images, restored.deleted_looks) == (created.name, 4, 1)
        async with resources.database.connection() as before, database.connection() as after:
            rows = (await before.execute(ALL_ROWS)).scalars().all()
            expected = [row for row in rows if row["id"] != str(looks[2].id)]
            assert (await after.execute(ALL_ROWS)).scalars().all() == expected
            assert (await after.execute(COUNTS)).one()[:2] == (await before.execute(COUNTS)).one()[:2]
        with pytest.raises(DatabaseNotEmptyError):
            await restore_backup(database, restored_storage, archive, new)
    assert await restored_storage.list_sizes() == {
        key: size for look in looks[:2] for key, size in ((look.photo_key, 5), (look.heatmap_key, 3))
    }
    UrlSigner(load_secret_key(new)).verify(kept.photo_key, link)
    assert VisitorTokenSigner(load_secret_key(new)).verify(session) is not None


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


async def test_another_secret_key_is_refused_before_anything_is_restored(
    resources: Resources, empty_url: str, tmp_path: Path
) -> None:
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
        await restore_backup(database, storage, archive, other, accept_new_secret=True)
        async with database.connection() as connection:
            assert (await connection.execute(select(schema.people))).first() is None


@pytest.mark.parametrize("version", ["15", "16"])
async def test_a_backup_is_restored_on_an_older_server(
    resources: Resources, public: Path, tmp_path: Path, version: str
) -> None:
    """From the embedded server to that of a distribution."""
    programs, settings = find_programs(version), Settings(secret_key=SecretStr("s" * 32))
    if programs is None:
        pytest.skip(f"PostgreSQL {version} is not installed")
    archive, storage = BackupArchive(str(tmp_path / "backups")), ObjectStorage((tmp_path / "b").as_uri())
    async with resources.database.transaction() as connection:
        look = await create_look(connection, (await create_person(connection)).id)
    await store_images(resources, look)
    await create_backup(resources.database, resources.storage, archive, settings, keep=1)
    with EmbeddedPostgres(public / "postgres", options=("fsync=off",), programs=programs) as server:
        async with Database(server.url) as database:
            await restore_backup(database, storage, archive, settings)
            async with database.connection() as connection:
                assert (await connection.execute(select(schema.looks.c.id))).scalars().all() == [look.id]
                shown = (await connection.execute(text("SHOW server_version"))).scalar_one()
    assert shown.startswith(version)


async def test_a_bucket_holds_backups_too(s3: str, empty_url: str, tmp_path: Path) -> None:
    """Into a bucket, of an Eva that has not been used yet."""
    archive, storage = (
        BackupArchive("s3://pictures/backups", **S3_OPTIONS, endpoint=s3),
        ObjectStorage(tmp_path.as_uri()),
    )
    await archive.images.put(generate_key(), b"of a backup that is gone")
    async with Database(empty_url) as database:
        created = await create_backup(database, storage, archive, Settings(data_dir=tmp_path), keep=1)
        assert (created.images, created.deleted_images) == (0, 1)
        assert archive.list_names() == [created.name]
        assert archive.read_keys(created.name) == []
        archive.read_dump(created.name, tmp_path / "dump")
    assert (tmp_path / "dump").read_bytes().startswith(b"PGDMP")


def test_the_oldest_suitable_program_is_taken() -> None:
    assert find_program("pg_dump", 14).is_file()
    assert "pginstall18" in str(find_program("pg_dump", 18))
    with pytest.raises(BackupError, match="99 or newer is not installed"):
        find_program("pg_dump", 99)


def test_an_address_that_is_no_archive_is_refused() -> None:
    with pytest.raises(StorageUnavailableError):
        BackupArchive("ftp://elsewhere/backups")
