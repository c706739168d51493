"""`eva backup` and `eva restore` as processes."""

from pathlib import Path

from core.backup.archive import BackupArchive
from core.i18n.translations import Language, translate
from tests.conftest import RunEva

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
    other = eva("backup", folder, DATABASE_URL=url, EVA_SECRET_KEY="o" * 32)
    assert translate("cli.backup.foreign", EN, count=1) in other.stdout.splitlines()

    restored = eva("restore", folder, "--name", name, DATABASE_URL=empty_url, **secret)
    assert restored.returncode == 0, restored.stderr
    assert restored.stdout.splitlines()[-1] == translate("cli.restore.done", EN, name=name, images=0)
