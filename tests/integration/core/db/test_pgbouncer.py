"""PgBouncer in transaction mode: for everything that is no queue, with a URL of its own for the workers."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from procrastinate import App
from sqlalchemy import text

from core.db import people
from core.db.database import Database
from core.db.embedded_postgres import EmbeddedPostgres
from core.db.identities import get_identity
from core.db.migrate import check_schema, migrate_down, migrate_up
from core.db.schema import IdentityProvider
from core.db.similar_looks import has_index
from core.i18n.translations import Language
from core.jobs.queue import enqueue
from core.jobs.worker import JobQueue
from tests.factories import create_look
from tests.processes import free_port

PGBOUNCER = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")
pytestmark = pytest.mark.skipif(PGBOUNCER is None, reason="pgbouncer is not installed")


@pytest.fixture
def server(public: Path) -> Iterator[EmbeddedPostgres]:
    """A server that trusts everybody who reaches its socket; only its own user does."""
    server = EmbeddedPostgres(public / "postgres", options=("fsync=off",))
    with server:
        rules = server.data_folder / "pg_hba.conf"
        rules.write_text("local all all trust\n")
        os.kill(int((server.data_folder / "postmaster.pid").read_text().split()[0]), signal.SIGHUP)
        yield server


@pytest.fixture
def pooled_url(server: EmbeddedPostgres, public: Path) -> Iterator[str]:
    """URL of a PgBouncer that gives one of two connections to each transaction."""
    port, owner = free_port(), server.data_folder.stat()
    (public / "users.txt").write_text('"eva" ""\n')
    (public / "pgbouncer.ini").write_text(
        f"[databases]\neva = host={server.data_folder.parent}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
        f"listen_port = {port}\nunix_socket_dir =\nauth_type = trust\nauth_file = {public}/users.txt\n"
        "pool_mode = transaction\ndefault_pool_size = 2\n"
    )
    command = [str(PGBOUNCER), str(public / "pgbouncer.ini")]
    process = subprocess.Popen(
        command, user=owner.st_uid, group=owner.st_gid, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.05)
        yield f"postgresql://eva@127.0.0.1:{port}/eva?prepared_statement_cache_size=0"
    finally:
        process.terminate()
        process.wait(10)


async def test_a_migration_through_pgbouncer_leaves_no_lock(server: EmbeddedPostgres, pooled_url: str) -> None:
    """A lock of a session would stay with a connection of PgBouncer, and the next migration wait for it for ever."""
    locks = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
    async with Database(pooled_url, queue_url=server.url) as database, Database(server.url) as direct:
        await migrate_up(database)
        await migrate_down(database, "0003")
        await migrate_up(database)
        async with direct.connection() as connection:
            assert await has_index(connection)
            assert (await connection.execute(locks)).scalar_one() == 0


async def test_transactions_go_through_pgbouncer_and_the_queue_past_it(
    server: EmbeddedPostgres, pooled_url: str
) -> None:
    done: list[int] = []

    async def task(number: int) -> None:
        done.append(number)

    def register(app: App) -> None:
        app.task(name="test.task")(task)

    async with Database(pooled_url, queue_url=server.url) as database:
        await migrate_up(database)
        for number in range(10):
            async with database.transaction() as connection, database.connection() as other:
                person = await people.get_or_create_by_identity(
                    connection, IdentityProvider.TELEGRAM, str(number), language=Language.KO
                )
                await create_look(connection, person.id)
                await get_identity(other, IdentityProvider.TELEGRAM, str(number))
                await enqueue(connection, "test.task", lock=None, number=number)
        await check_schema(database)
        async with JobQueue(database.conninfo, register) as queue:
            await queue.run_worker({}, until_empty=True)
    assert sorted(done) == list(range(10))
