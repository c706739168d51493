import asyncio
import os
import signal
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from core.db import people
from core.db.database import Database
from core.db.embedded_postgres import EmbeddedPostgres
from core.db.migrate import find_schema_difference, migrate_up
from core.db.schema import IdentityProvider
from core.errors import DatabaseUnavailableError, MissingSecretKeyError, UnsupportedDatabaseUrlError
from core.i18n.translations import Language, translate
from core.jobs.queue import enqueue
from core.jobs.worker import JobQueue, WorkerTimings
from core.object_storage import generate_key
from core.resources import StartTimings, open_database, open_resources
from core.runtime import ProcessKind
from core.settings import Environment, Settings
from eva.doctor import CheckStatus, _check_secret_key
from tests.databases import copy_cluster


async def test_defaults_persist_everything(public: Path) -> None:
    settings = Settings(data_dir=public / "data", env=Environment.DEVELOPMENT, database_url=None)
    key = generate_key()
    async with open_resources(settings) as resources:
        assert await find_schema_difference(resources.database) is None
        assert resources.private_photo_ttl == timedelta(hours=24)
        await resources.storage.put(key, b"picture")
        token = resources.url_signer.sign(key, timedelta(hours=1))
        async with resources.database.transaction() as connection:
            person = await people.get_or_create_by_identity(connection, IdentityProvider.WEB, "7", language=Language.KO)
    async with open_resources(settings) as resources:
        resources.url_signer.verify(key, token)
        assert await resources.storage.get(key) == b"picture"
        async with resources.database.transaction() as connection:
            assert await people.get(connection, person.id) == person
    assert not (public / "data" / "postgres" / "data" / "postmaster.pid").exists()
    assert sorted(path.name for path in (public / "data").iterdir()) == ["pictures", "postgres", "secret.key"]


async def test_killed_embedded_server_is_restarted(public: Path, cluster: Path) -> None:
    copy_cluster(cluster, public / "data")
    done: list[int] = []

    async def note(number: int) -> None:
        done.append(number)

    async def do(number: int) -> None:
        async with resources.database.transaction() as connection:
            await enqueue(connection, "test.note", lock=None, number=number)
        async with asyncio.timeout(120):
            while number not in done:  # noqa: ASYNC110
                await asyncio.sleep(0.1)

    async with (
        open_resources(Settings(data_dir=public / "data", env=Environment.DEVELOPMENT)) as resources,
        JobQueue(resources.database.conninfo, lambda app: app.task(name="test.note")(note)) as queue,
    ):
        working = asyncio.create_task(queue.run_worker({}))
        await do(1)
        pid_file = public / "data" / "postgres" / "data" / "postmaster.pid"
        os.kill(int(pid_file.read_text().split()[0]), signal.SIGKILL)
        async with asyncio.timeout(120):
            while True:
                try:
                    await do(2)
                except DatabaseUnavailableError:
                    await asyncio.sleep(0.2)
                else:
                    break
        working.cancel()
        async with asyncio.timeout(120):
            await asyncio.gather(working, return_exceptions=True)
    assert not pid_file.exists()


async def test_worker_stops_while_the_database_is_away(public: Path, cluster: Path) -> None:
    is_running = asyncio.Event()

    async def note() -> None:
        is_running.set()

    copy_cluster(cluster, public)
    server = EmbeddedPostgres(public / "postgres")
    await asyncio.to_thread(server.start)
    timings = WorkerTimings(connect_timeout=1.0, poll_interval=0.1)
    async with Database(server.url) as database, database.transaction() as connection:
        await enqueue(connection, "test.note", lock=None)
    with capture_logs() as logs:
        async with JobQueue(server.url, lambda app: app.task(name="test.note")(note), timings=timings) as queue:
            working = asyncio.create_task(queue.run_worker({}))
            async with asyncio.timeout(120):
                await is_running.wait()
            os.kill(int((server.data_folder / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
            async with asyncio.timeout(120):
                while not any(log["event"] == "queue_connection_lost" for log in logs):  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            working.cancel()
            async with asyncio.timeout(120):
                (ended,) = await asyncio.gather(working, return_exceptions=True)
    assert isinstance(ended, asyncio.CancelledError)
    await asyncio.to_thread(server.stop)


async def test_configured_database_is_used(empty_url: str, tmp_path: Path) -> None:
    async with open_resources(Settings(database_url=SecretStr(empty_url), data_dir=tmp_path)) as resources:
        assert await find_schema_difference(resources.database) is None
    assert not (tmp_path / "postgres").exists()


async def test_a_server_waits_for_the_database_and_its_migration(
    empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check, outages = Database.check, [DatabaseUnavailableError(), DatabaseUnavailableError()]

    async def answer_late(database: Database) -> None:
        if outages:
            raise outages.pop()
        await check(database)

    async def start() -> bool:
        settings = Settings(database_url=SecretStr(empty_url), data_dir=tmp_path)
        async with open_resources(settings, ProcessKind.SERVE, StartTimings(poll_interval=0.01)) as resources:
            return await find_schema_difference(resources.database) is None

    monkeypatch.setattr(Database, "check", answer_late)
    with capture_logs() as logs:
        starting = asyncio.create_task(start())
        async with asyncio.timeout(60):
            while not any(log.get("error") == "SchemaOutdatedError" for log in logs):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        async with Database(empty_url) as database:
            await migrate_up(database)
        async with asyncio.timeout(60):
            assert await starting
    assert outages == []


async def test_missing_secret_is_reported_before_anything_is_created(tmp_path: Path) -> None:
    nowhere = SecretStr("postgresql://eva@127.0.0.1:9/eva")
    with pytest.raises(MissingSecretKeyError):
        async with open_resources(Settings(env=Environment.PRODUCTION, data_dir=tmp_path / "data")):
            pass
    assert not (tmp_path / "data").exists()
    with pytest.raises(DatabaseUnavailableError):
        async with open_resources(Settings(database_url=nowhere, data_dir=tmp_path / "data")):
            pass


async def test_a_changed_secret_key_is_noticed_at_the_next_start(empty_url: str, tmp_path: Path) -> None:
    def settings(key: str, *old: str) -> Settings:
        return Settings.model_validate(
            {
                "database_url": empty_url,
                "data_dir": tmp_path,
                "secret_key": key * 32,
                "old_secret_keys": ",".join(each * 32 for each in old),
            }
        )

    async def is_changed(settings: Settings, process: ProcessKind = ProcessKind.RUN) -> bool:
        async with open_resources(settings, process) as resources:
            return resources.is_secret_key_changed

    assert not await is_changed(settings("a")), "the first start"
    assert not await is_changed(settings("a"), ProcessKind.SERVE)
    assert not await is_changed(settings("b"), ProcessKind.COMMAND), "a command signs nothing"
    assert not await is_changed(settings("b", "a")), "rotated"
    assert await is_changed(settings("c"), ProcessKind.WORKER)
    async with open_resources(settings("c")) as resources:
        found = [
            await _check_secret_key(resources.database, checked)
            for checked in (settings("c"), settings("d", "c"), settings("d"))
        ]
    assert [check.status for (check,) in found] == [CheckStatus.OK, CheckStatus.OK, CheckStatus.MISSING]
    assert found[-1][0].detail(Language.EN) == translate("cli.doctor.secret.fix", Language.EN)


async def test_a_queue_that_cannot_be_reached_ends_a_worker_and_no_web_process(empty_url: str, tmp_path: Path) -> None:
    nowhere = SecretStr("postgresql://eva@127.0.0.1:9/eva")
    settings = Settings(database_url=SecretStr(empty_url), queue_database_url=nowhere, data_dir=tmp_path)
    async with open_database(settings, ProcessKind.SERVE):
        pass
    with pytest.raises(DatabaseUnavailableError):
        async with open_database(settings, ProcessKind.WORKER, StartTimings(timeout=0.0)):
            pass


async def test_workers_do_not_go_through_pgbouncer(tmp_path: Path) -> None:
    pooled = SecretStr("postgresql://eva@127.0.0.1:9/eva?prepared_statement_cache_size=0")
    with pytest.raises(UnsupportedDatabaseUrlError, match="EVA_QUEUE_DATABASE_URL"):
        async with open_resources(Settings(database_url=pooled, data_dir=tmp_path / "data"), ProcessKind.WORKER):
            pass
