"""Only the user of Eva's process can use the embedded server, and its role is no superuser."""

import asyncio
import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from core.db import postgres_system
from core.db.database import Database
from core.db.embedded_postgres import SOCKET_NAME, EmbeddedPostgres
from core.db.postgres_system import ServerUser
from core.errors import EmbeddedPostgresError

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as other users")
OTHER_UIDS = (1, 65534)
"""`daemon` and `nobody`."""


@pytest.fixture
def folder(public: Path) -> Path:
    return public / "postgres"


@pytest.fixture
def server(folder: Path) -> Iterator[EmbeddedPostgres]:
    with EmbeddedPostgres(folder, options=("fsync=off",)) as server:
        yield server


def query(url: str, statement: str) -> list[tuple[object, ...]]:
    async def run() -> list[tuple[object, ...]]:
        async with Database(url) as database, database.transaction() as connection:
            result = await connection.execute(text(statement))
            return [tuple(row) for row in result] if result.returns_rows else []

    return asyncio.run(run())


def connect_as(server: EmbeddedPostgres, uid: int, role: str, database: str) -> subprocess.CompletedProcess[str]:
    """Connect as another user of the machine."""
    program = server._programs.folder / "psql"
    return subprocess.run(
        [program, "-X", "-h", server.folder, "-U", role, "-d", database, "-c", "SELECT 1"],
        user=uid,
        group=uid,
        extra_groups=[],
        cwd="/",
        env={"PATH": os.defpath},
        capture_output=True,
        text=True,
        check=False,
    )


def test_evas_role_is_no_superuser_and_owns_her_database(server: EmbeddedPostgres) -> None:
    role = "SELECT rolname, rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls FROM pg_roles"
    assert query(server.url, f"{role} WHERE rolname = current_user") == [("eva", *[False] * 5)]
    assert query(server.url, "SELECT pg_get_userbyid(datdba)::text FROM pg_database WHERE datname = 'eva'") == [
        ("eva",)
    ]
    for statement in (
        "COPY (SELECT 1) TO PROGRAM 'cat'",
        "SELECT pg_read_file('PG_VERSION')",
        "CREATE ROLE other SUPERUSER LOGIN",
        "SET ROLE postgres",
        "SET log_statement = 'all'",
    ):
        with pytest.raises(DBAPIError, match="permission denied"):
            query(server.url, statement)


def test_no_transport_trusts_a_connection(server: EmbeddedPostgres) -> None:
    rules = query(server.admin_url("eva"), "SELECT DISTINCT type, auth_method FROM pg_hba_file_rules")
    assert set(rules) == {("local", "peer"), ("host", "reject")}
    assert query(server.url, "SHOW listen_addresses") == [("",)]
    assert stat.S_IMODE(server.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((server.folder / SOCKET_NAME).stat().st_mode) == 0o700


@AS_ROOT
@pytest.mark.parametrize("uid", OTHER_UIDS)
def test_other_users_are_refused_even_with_access_to_the_socket(server: EmbeddedPostgres, uid: int) -> None:
    for role in ("postgres", "eva"):
        denied = connect_as(server, uid, role, "eva")
        assert denied.returncode != 0
        assert "Permission denied" in denied.stderr
    server.folder.chmod(0o711)
    (server.folder / SOCKET_NAME).chmod(0o777)
    for role in ("postgres", "eva"):
        for database in ("postgres", "eva", "template1"):
            denied = connect_as(server, uid, role, database)
            assert denied.returncode != 0
            assert "Peer authentication failed" in denied.stderr


@AS_ROOT
def test_the_server_of_root_runs_as_a_user_without_an_account(server: EmbeddedPostgres) -> None:
    owners = {path.lstat().st_uid for path in server.data_folder.rglob("*")}
    assert owners == {postgres_system.SERVER_UID}
    pid = int((server.data_folder / "postmaster.pid").read_text().split()[0])
    assert os.stat(f"/proc/{pid}").st_uid == postgres_system.SERVER_UID  # noqa: PTH116


def test_changed_access_rules_are_replaced_at_the_next_start(folder: Path) -> None:
    with EmbeddedPostgres(folder) as server:
        pass
    (server.data_folder / "pg_hba.conf").write_text("local all all trust\nhost all all all trust\n")
    (server.data_folder / "pg_ident.conf").write_text("eva nobody postgres\n")
    with EmbeddedPostgres(folder) as server:
        test_no_transport_trusts_a_connection(server)
        mapped = query(server.admin_url("eva"), "SELECT DISTINCT sys_name FROM pg_ident_file_mappings")
    assert "nobody" not in {name for (name,) in mapped}


@pytest.mark.parametrize("name", ["folder", "data"])
def test_a_folder_that_others_may_write_to_is_refused(folder: Path, name: str) -> None:
    with EmbeddedPostgres(folder) as server:
        pass
    changed = server.folder if name == "folder" else server.data_folder
    changed.chmod(0o777)
    with pytest.raises(EmbeddedPostgresError, match="others may write"):
        server.start()
    assert not server.is_running()


def test_an_empty_folder_of_the_own_user_is_made_private(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o777)
    with EmbeddedPostgres(folder) as server:
        assert stat.S_IMODE(server.folder.stat().st_mode) == 0o700


@AS_ROOT
@pytest.mark.parametrize("name", ["folder", "data"])
def test_a_folder_of_another_user_is_refused(folder: Path, name: str) -> None:
    with EmbeddedPostgres(folder) as server:
        pass
    shutil.chown(server.folder if name == "folder" else server.data_folder, OTHER_UIDS[0])
    with pytest.raises(EmbeddedPostgresError, match="belongs to another user"):
        server.start()
    assert not server.is_running()


@pytest.fixture
def long_path_server(public: Path, monkeypatch: pytest.MonkeyPatch) -> EmbeddedPostgres:
    """A server in a folder whose path is too long for a socket, which is then elsewhere."""
    for name in ("tmp", "var"):
        (public / name).mkdir(mode=0o755)
    monkeypatch.setattr(tempfile, "tempdir", str(public / "tmp"))
    return EmbeddedPostgres(public / ("long" * 20) / "postgres", root_folder=public / "var")


@AS_ROOT
def test_a_socket_folder_that_another_user_made_is_refused(long_path_server: EmbeddedPostgres) -> None:
    planted = long_path_server._socket_folder
    planted.mkdir()
    planted.chmod(0o777)
    shutil.chown(planted, OTHER_UIDS[0])
    with pytest.raises(EmbeddedPostgresError, match="belongs to another user"):
        long_path_server.start()
    assert planted.stat().st_uid == OTHER_UIDS[0], "it is left alone"


def test_a_symbolic_link_in_place_of_the_socket_folder_is_refused(
    long_path_server: EmbeddedPostgres, public: Path
) -> None:
    (public / "elsewhere").mkdir()
    long_path_server._socket_folder.symlink_to(public / "elsewhere")
    with pytest.raises(EmbeddedPostgresError, match="is not a folder"):
        long_path_server.start()


def test_the_socket_folder_of_root_is_in_no_folder_that_others_may_write_to(
    long_path_server: EmbeddedPostgres, public: Path
) -> None:
    if ServerUser.choose().is_own:
        assert long_path_server._socket_folder.parent == public / "var"
    with long_path_server as server:
        assert query(server.url, "SELECT 1") == [(1,)]
        assert stat.S_IMODE(server._socket_folder.stat().st_mode) == 0o700


@AS_ROOT
def test_root_is_told_if_the_user_id_is_taken() -> None:
    with pytest.raises(EmbeddedPostgresError, match="65534 is taken"):
        ServerUser.choose(65534)


def test_a_cluster_of_an_earlier_version_is_refused(folder: Path) -> None:
    with EmbeddedPostgres(folder) as server:
        query(server.admin_url("postgres"), "ALTER DATABASE eva OWNER TO postgres")
    with pytest.raises(EmbeddedPostgresError, match="earlier version"):
        server.start()
