"""Backups in a bucket, and by the programs and onto the server of another version."""

from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import select, text

from core.backup.archive import BackupArchive
from core.backup.creation import create_backup
from core.backup.postgres_dump import _run, find_program
from core.backup.restoration import restore_backup
from core.db import schema
from core.db.database import Database
from core.db.embedded_postgres import EmbeddedPostgres
from core.errors import (
    BackupError,
    StorageUnavailableError,
    UnsupportedDatabaseUrlError,
)
from core.object_storage import ObjectStorage, generate_key
from core.resources import Resources
from core.settings import Settings
from tests.factories import create_look, create_person, store_images
from tests.integration.core.conftest import S3_OPTIONS
from tests.integration.core.db.test_postgres_versions import find_programs


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


async def test_no_backup_goes_through_pgbouncer(resources: Resources, tmp_path: Path) -> None:
    """`pg_dump` empties the search path of its session, which is one of PgBouncer's connections for all."""
    archive = BackupArchive(str(tmp_path / "backups"))
    async with Database("postgresql://eva@127.0.0.1:9/eva?prepared_statement_cache_size=0") as database:
        with pytest.raises(UnsupportedDatabaseUrlError, match="EVA_QUEUE_DATABASE_URL"):
            await create_backup(database, resources.storage, archive, Settings(), keep=1)
        with pytest.raises(UnsupportedDatabaseUrlError, match="EVA_QUEUE_DATABASE_URL"):
            await restore_backup(database, resources.storage, archive, Settings())


def test_a_dump_connects_as_eva_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """On Elastic Beanstalk these variables demand a certificate, and the URL does not."""
    monkeypatch.setenv("PGSSLMODE", "verify-full")
    monkeypatch.setenv("PGUSER", "somebody")
    shown = _run(Path("/usr/bin/env"), (), "host=a user=eva").splitlines()
    assert {"PGSSLMODE=verify-full", "PGHOST=a", "PGUSER=eva"} <= set(shown)
