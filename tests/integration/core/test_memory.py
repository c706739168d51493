from __future__ import annotations

import asyncio
import os
import signal
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from core.db import people
from core.db.embedded import EmbeddedPostgres
from core.db.engine import Database
from core.db.migrate import migrate_up, migrations_missing
from core.db.tables import Provider
from core.errors import DatabaseUnavailable, SecretMissing
from core.memory import open_memory
from core.queue import Queue, enqueue
from core.settings import Environment, Settings
from core.storage import new_key


async def test_nothing_has_to_be_set_and_everything_is_kept(public: Path) -> None:
    settings = Settings(data_dir=public / "data", env=Environment.DEVELOPMENT, database_url=None)
    key = new_key()
    async with open_memory(settings) as memory:
        assert await migrations_missing(memory.database) is None
        assert memory.keep_private == timedelta(hours=24)
        await memory.storage.put(key, b"picture")
        token = memory.links.sign(key, timedelta(hours=1))
        async with memory.database.begin() as connection:
            person = await people.meet(connection, Provider.WEB, "7", language="ko")
    async with open_memory(settings) as memory:
        memory.links.check(key, token)
        assert await memory.storage.get(key) == b"picture"
        async with memory.database.begin() as connection:
            assert await people.get(connection, person.id) == person
    assert not (public / "data" / "postgres" / "data" / "postmaster.pid").exists()
    assert sorted(path.name for path in (public / "data").iterdir()) == ["pictures", "postgres", "secret.key"]


async def test_a_killed_server_comes_back_and_the_worker_goes_on(public: Path) -> None:
    done: list[int] = []

    async def note(number: int) -> None:
        done.append(number)

    async def do(number: int) -> None:
        async with memory.database.begin() as connection:
            await enqueue(connection, "test.note", lock=None, number=number)
        async with asyncio.timeout(120):
            while number not in done:  # noqa: ASYNC110
                await asyncio.sleep(0.1)

    async with (
        open_memory(Settings(data_dir=public / "data", env=Environment.DEVELOPMENT)) as memory,
        Queue(memory.database.conninfo, lambda app: app.task(name="test.note")(note)) as queue,
    ):
        working = asyncio.create_task(queue.work({}))
        await do(1)
        pid_file = public / "data" / "postgres" / "data" / "postmaster.pid"
        os.kill(int(pid_file.read_text().split()[0]), signal.SIGKILL)
        async with asyncio.timeout(120):
            while True:
                try:
                    await do(2)
                except DatabaseUnavailable:
                    await asyncio.sleep(0.2)
                else:
                    break
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
    assert not pid_file.exists()


async def test_a_worker_can_be_stopped_while_its_database_is_away(public: Path) -> None:
    server = EmbeddedPostgres(public / "postgres")
    await asyncio.to_thread(server.start)
    async with Database(server.url) as database:
        await migrate_up(database)
    async with Queue(server.url) as queue:
        working = asyncio.create_task(queue.work({}))
        await asyncio.sleep(2)
        os.kill(int((server.data / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
        await asyncio.sleep(2)
        working.cancel()
        async with asyncio.timeout(120):
            (ended,) = await asyncio.gather(working, return_exceptions=True)
    assert isinstance(ended, asyncio.CancelledError)
    await asyncio.to_thread(server.stop)


async def test_a_database_that_is_named_is_used(empty_url: str, tmp_path: Path) -> None:
    async with open_memory(Settings(database_url=SecretStr(empty_url), data_dir=tmp_path)) as memory:
        assert await migrations_missing(memory.database) is None
    assert not (tmp_path / "postgres").exists()


async def test_what_is_missing_is_said_before_anything_is_made(tmp_path: Path) -> None:
    nowhere = SecretStr("postgresql://eva@127.0.0.1:9/eva")
    with pytest.raises(SecretMissing):
        async with open_memory(Settings(env=Environment.PRODUCTION, data_dir=tmp_path / "data")):
            pass
    assert not (tmp_path / "data").exists()
    with pytest.raises(DatabaseUnavailable):
        async with open_memory(Settings(database_url=nowhere, data_dir=tmp_path / "data")):
            pass
