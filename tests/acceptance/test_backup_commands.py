"""`eva backup` and `eva restore` as processes."""

from pathlib import Path

from core.backup.archive import BackupArchive
from core.db.database import Database
from core.i18n.translations import Language, translate
from tests.conftest import RunEva
from tests.factories import create_look, create_person

EN = Language.EN


def test_a_backup_is_made_and_restored(eva: RunEva, url: str, empty_url: str, tmp_path: Path) -> None:
    folder, secret = str(tmp_path / "backups"), {"EVA_SECRET_KEY": "s" * 32}
    archive = BackupArchive(folder)
    lock = archive.create_lock()
    lock.acquire()
    refused = eva("backup", folder, DATABASE_URL=url, **secret)
    assert (refused.returncode, archive.list_names()) == (1, [])
    assert "Another backup writes to this folder or bucket" in refused.stderr
    lock.release()

    made = eva("backup", folder, DATABASE_URL=url, **secret)
    assert made.returncode == 0, made.stderr
    (name,) = archive.list_names()
    assert made.stdout.splitlines() == [translate("cli.backup.done", EN, name=name, images=0)]
    recent = eva("backup", folder, "--min-age", "1", DATABASE_URL=url, **secret)
    assert (recent.returncode, archive.list_names()) == (0, [name])
    assert recent.stdout.splitlines() == [translate("cli.backup.recent", EN, name=name)]
    other = eva("backup", folder, DATABASE_URL=url, EVA_SECRET_KEY="o" * 32)
    assert translate("cli.backup.foreign", EN, count=1) in other.stdout.splitlines()

    restored = eva("restore", folder, "--name", name, DATABASE_URL=empty_url, **secret)
    assert restored.returncode == 0, restored.stderr
    assert restored.stdout.splitlines()[-1] == translate("cli.restore.done", EN, name=name, images=0)


def test_a_folder_that_does_not_exist_is_not_created_by_a_restore(eva: RunEva, empty_url: str, tmp_path: Path) -> None:
    missing = tmp_path / "mistyped"
    for source in (str(missing), missing.as_uri()):
        failed = eva("restore", source, DATABASE_URL=empty_url)
        assert (failed.returncode, failed.stderr.strip()) == (1, translate("cli.error.backup_not_found", EN))
        assert not missing.exists()


async def test_a_backup_without_its_pictures_fails(eva: RunEva, url: str, tmp_path: Path) -> None:
    async with Database(url) as database, database.transaction() as connection:
        await create_look(connection, (await create_person(connection)).id)
    storage = (tmp_path / "not mounted").as_uri()
    failed = eva("backup", str(tmp_path / "backups"), DATABASE_URL=url, EVA_STORAGE_URL=storage)
    assert (failed.returncode, failed.stderr.strip()) == (1, translate("cli.backup.lost", EN, count=2))
    assert translate("cli.backup.missing", EN, count=2) in failed.stdout.splitlines()
