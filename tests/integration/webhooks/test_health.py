"""Health checks and metrics."""

import asyncio
import re
import signal
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import text
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from structlog.contextvars import get_contextvars
from structlog.testing import capture_logs

from core.db.backups import record_backup
from core.db.database import Database
from core.db.installation import record_secret_fingerprint
from core.jobs.queue import enqueue
from core.metrics import REQUEST_SECONDS
from core.resources import Resources
from core.styles import Style
from core.version import get_version
from core.vision.classifier import StyleClassifier
from core.vision.fake_backend import FAKE_MODEL_CARD, FakeBackend, make_outputs
from tests.factories import create_look, create_person, end_images
from tests.harness import make_application, run_on_busy_processors
from webhooks import health
from webhooks.app import create_health_app, create_webhook_app
from webhooks.health import DEFAULT_TIMINGS, ReadinessTimings
from webhooks.request_metrics import RequestObserver

TOKEN = "token-of-the-operators"
OPERATOR = {"Authorization": f"Bearer {TOKEN}"}


def create_app(
    resources: Resources, *, outputs: int = 1, readiness: ReadinessTimings = DEFAULT_TIMINGS, **settings: Any
) -> FastAPI:
    """A process whose model has so many outputs left."""
    classifier = StyleClassifier(FakeBackend([make_outputs(Style.RETRO)] * outputs), FAKE_MODEL_CARD)
    return create_webhook_app(make_application(resources, classifier, **settings), readiness=readiness)


def connect(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://eva")


async def get(path: str, resources: Resources, *, outputs: int = 1) -> httpx.Response:
    """Request a path of a new process as an operator."""
    async with connect(create_app(resources, outputs=outputs, metrics_token=SecretStr(TOKEN))) as client:
        return await client.get(path, headers=OPERATOR)


async def test_ready_if_the_database_answers(resources: Resources, storage_folder: Path) -> None:
    """Pages need neither the model nor the storage."""
    storage_folder.rmdir()
    assert (await get("/healthz", resources, outputs=0)).json() == {"status": "ok"}
    ready = await get("/readyz", resources, outputs=0)
    assert (ready.status_code, ready.json()) == (200, {"status": "ok"})


async def test_status_tells_operators_about_every_part(resources: Resources, storage_folder: Path) -> None:
    async with resources.database.transaction() as connection:
        await enqueue(connection, "telegram.update", lock=None, inbox_id=1)
        await connection.execute(text("INSERT INTO procrastinate_workers DEFAULT VALUES"))
    status = (await get("/statusz", resources)).json()
    version, connections = status.pop("version"), status["database"].pop("connections")
    assert (version, connections["limit"]) == (get_version(), 20)
    assert status == {
        "is_draining": False,
        "model": {"status": "ok", "version": "scripted", "engine": "scripted"},
        "storage": {"status": "ok"},
        "database": {
            "status": "ok",
            "queue": {"waiting": 1, "running": 0, "oldest_seconds": 0},
            "workers": [{"heartbeat_seconds": 0}],
            "failed_updates": 0,
            "retention": {"overdue_seconds": 0, "is_late": False},
            "backup": None,
        },
    }
    storage_folder.rmdir()
    unreachable = replace(resources, database=Database("postgresql://eva@127.0.0.1:1/eva"))
    response = await get("/statusz", unreachable, outputs=0)
    status = response.json()
    errors = [status[part]["error"] for part in ("model", "storage", "database")]
    assert errors == ["FakeBackendExhaustedError", "StorageUnavailableError", "DatabaseUnavailableError"]
    assert response.status_code == 200


async def test_the_model_is_tried_once_while_a_processor_is_free(resources: Resources) -> None:
    async with connect(create_app(resources, outputs=1, metrics_token=SecretStr(TOKEN))) as client:
        first = await run_on_busy_processors(resources.cpu_limiter, client.get("/statusz", headers=OPERATOR))
        again = await client.get("/statusz", headers=OPERATOR)
    assert [response.json()["model"]["status"] for response in (first, again)] == ["ok", "ok"]


async def test_the_port_of_its_own_has_health_status_and_metrics_alone(resources: Resources) -> None:
    classifier = StyleClassifier(FakeBackend([]), FAKE_MODEL_CARD)
    application = make_application(
        resources, classifier, metrics_token=SecretStr(TOKEN), telegram_token=SecretStr("1:x")
    )
    async with connect(create_health_app(application)) as client:
        for path, status in {"/healthz": 200, "/readyz": 200, "/": 404, "/telegram/webhook": 404}.items():
            assert (await client.get(path)).status_code == status, path
        for path in ("/statusz", "/metrics"):
            assert (await client.get(path)).status_code == 401
            assert (await client.get(path, headers=OPERATOR)).status_code == 200


async def test_not_ready_while_the_process_drains(resources: Resources) -> None:
    app = create_app(resources)
    async with connect(app) as client:
        app.state.shutdown.begin(signal.SIGTERM)
        assert (await client.get("/readyz")).status_code == 503
        assert (await client.get("/healthz")).status_code == 200


async def test_not_ready_without_the_database(resources: Resources) -> None:
    unreachable = replace(resources, database=Database("postgresql://eva@127.0.0.1:1/eva"))
    ready = await get("/readyz", unreachable, outputs=1)
    assert (ready.status_code, ready.json()["error"]) == (503, "DatabaseUnavailableError")


async def test_late_deletion_of_private_images_is_visible(resources: Resources) -> None:
    async with resources.database.transaction() as connection:
        look = await create_look(connection, (await create_person(connection)).id)
    await end_images(resources, look, timedelta(hours=3))
    retention = (await get("/statusz", resources)).json()["database"]["retention"]
    assert retention["is_late"]
    assert 3 * 3600 <= retention["overdue_seconds"] < 4 * 3600
    gauge = re.search(r"^eva_overdue_images_seconds (.*)$", (await get("/metrics", resources)).text, re.MULTILINE)
    assert gauge is not None
    assert 3 * 3600 <= float(gauge[1]) < 4 * 3600


async def test_metrics_show_the_queue_and_failed_updates(resources: Resources) -> None:
    async with resources.database.transaction() as connection:
        for number in range(3):
            await enqueue(connection, "telegram.update", lock="telegram:1", inbox_id=number)
    response = await get("/metrics", resources)
    assert response.headers["content-type"].startswith("text/plain")
    lines = response.text.splitlines()
    assert "eva_failed_updates 0.0" in lines
    assert 'eva_queue_jobs{state="waiting"} 3.0' in lines
    assert any(line.startswith("eva_queue_oldest_seconds ") for line in lines)
    assert any(line.startswith("# HELP eva_photos_total") for line in lines)


async def test_metrics_tell_of_a_database_that_does_not_answer(resources: Resources) -> None:
    """Otherwise every process would count as down, and what is wrong would be told by none of them."""
    assert "eva_database_reachable 1.0" in (await get("/metrics", resources)).text.splitlines()
    unreachable = replace(resources, database=Database("postgresql://eva@127.0.0.1:1/eva"))
    response = await get("/metrics", unreachable)
    lines = response.text.splitlines()
    assert response.status_code == 200
    assert {"eva_database_reachable 0.0", "eva_failed_updates NaN", 'eva_queue_jobs{state="waiting"} NaN'} <= set(lines)
    assert 'eva_database_connections{state="limit"} 20.0' in lines


async def test_metrics_show_a_full_pool(url: str, resources: Resources, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "PART_TIMEOUT", 0.2)
    async with Database(url, pool_size=1) as small, small.transaction() as used:
        await used.execute(text("SELECT 1"))
        lines = (await get("/metrics", replace(resources, database=small))).text.splitlines()
    states = {state: f'eva_database_connections{{state="{state}"}} 1.0' in lines for state in ("used", "limit")}
    assert (states, "eva_database_reachable 0.0" in lines) == ({"used": True, "limit": True}, True)


async def test_the_last_backup_is_visible(resources: Resources) -> None:
    assert "eva_last_backup_timestamp_seconds 0.0" in (await get("/metrics", resources)).text.splitlines()
    taken_at = datetime.now(UTC) - timedelta(hours=31)
    async with resources.database.connection() as connection:
        await record_secret_fingerprint(connection, "0")
        await record_backup(connection, taken_at)
    backup = (await get("/statusz", resources)).json()["database"]["backup"]
    assert (backup["is_late"], backup["age_seconds"] // 3600) == (True, 31)
    metrics = (await get("/metrics", resources)).text
    gauge = re.search(r"^eva_last_backup_timestamp_seconds (.*)$", metrics, re.MULTILINE)
    assert gauge is not None
    assert float(gauge[1]) == pytest.approx(taken_at.timestamp())


async def test_metrics_tell_what_runs_and_how_long_requests_take(resources: Resources) -> None:
    app = create_app(resources, metrics_token=SecretStr(TOKEN))
    async with connect(app) as client:
        await client.get("/healthz")
        await client.get("/no/such/page")
        text = (await client.get("/metrics", headers=OPERATOR)).text
    assert 'eva_build_info{engine="scripted",model="scripted",version="' in text
    assert 'eva_database_connections{state="used"}' in text
    assert 'eva_request_seconds_count{method="GET",route="/healthz",status="2xx"}' in text
    assert 'eva_request_seconds_count{method="GET",route="none",status="4xx"}' in text
    assert "no/such/page" not in text


async def test_a_stream_is_measured_until_it_begins() -> None:
    began = 0.0

    async def site(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal began
        headers = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        began = time.perf_counter()
        await asyncio.sleep(0.05)
        await send({"type": "http.response.body"})

    requested = time.perf_counter()
    transport = httpx.ASGITransport(RequestObserver(site))
    async with httpx.AsyncClient(transport=transport, base_url="http://eva") as client:
        await client.request("STREAM", "/")
    (metric,) = REQUEST_SECONDS.collect()
    totals = [s.value for s in metric.samples if s.name.endswith("_sum") and s.labels["method"] == "STREAM"]
    assert 0 < sum(totals) <= began - requested


@pytest.mark.parametrize(
    ("given", "is_kept"), [("4bf92f3577b34da6", True), ("short", False), ("a b c d e f g h", False), (None, False)]
)
async def test_requests_have_an_id_in_log_and_response(given: str | None, is_kept: bool) -> None:
    logged: list[str] = []

    async def site(scope: Scope, receive: Receive, send: Send) -> None:
        logged.append(get_contextvars()["request_id"])
        await Response()(scope, receive, send)

    headers = {} if given is None else {"X-Request-ID": given}
    transport = httpx.ASGITransport(RequestObserver(site))
    async with httpx.AsyncClient(transport=transport, base_url="http://eva") as client:
        answered = (await client.get("/", headers=headers)).headers["x-request-id"]
    assert logged == [answered]
    assert (answered == given) is is_kept


async def test_a_bug_is_logged_with_the_id_of_its_request() -> None:
    """Also by the server, whose line with the traceback comes after everything else."""
    ids: list[str] = []

    async def site(scope: Scope, receive: Receive, send: Send) -> None:
        raise KeyError("a name")

    async def server(scope: Scope, receive: Receive, send: Send) -> None:
        with pytest.raises(KeyError):
            await RequestObserver(site)(scope, receive, send)
        ids.append(get_contextvars()["request_id"])
        await Response(status_code=500)(scope, receive, send)

    with capture_logs() as logs:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(server), base_url="http://eva") as client:
            await client.get("/", headers={"X-Request-ID": "4bf92f3577b34da6"})
    assert ids == ["4bf92f3577b34da6"]
    assert logs == [{"event": "request_failed", "log_level": "error", "error": "KeyError", "route": "none"}]


@pytest.mark.parametrize("token", [None, SecretStr(TOKEN)])
@pytest.mark.parametrize("authorization", [None, "Bearer", "Bearer wrong", f"Basic {TOKEN}", TOKEN, "Bearer \xff"])
async def test_details_are_for_operators(
    resources: Resources, token: SecretStr | None, authorization: str | None
) -> None:
    headers = {} if authorization is None else {b"Authorization": authorization.encode("latin-1")}
    async with connect(create_app(resources, metrics_token=token)) as client:
        ready = await client.get("/readyz", headers=headers)
        assert (ready.status_code, ready.json()) == (200, {"status": "ok"})
        for path in ("/metrics", "/statusz"):
            answer = await client.get(path, headers=headers)
            assert answer.status_code == (404 if token is None else 401)
            assert "eva_" not in answer.text
            assert "model" not in answer.text
    unreachable = replace(resources, database=Database("postgresql://eva@127.0.0.1:1/eva"))
    async with connect(create_app(unreachable, metrics_token=token)) as client:
        ready = await client.get("/readyz", headers=headers)
    assert (ready.status_code, ready.json()) == (503, {"status": "unavailable"})


async def test_many_probes_run_one_check(resources: Resources, monkeypatch: pytest.MonkeyPatch) -> None:
    checks = 0
    check = Database.check

    async def count(database: Database) -> None:
        nonlocal checks
        checks += 1
        await check(database)

    monkeypatch.setattr(Database, "check", count)
    async with connect(create_app(resources)) as client:
        for _ in range(2):
            replies = await asyncio.gather(*(client.get("/readyz") for _ in range(20)))
            assert {reply.status_code for reply in replies} == {200}
        assert checks == 1
    async with connect(create_app(resources, readiness=ReadinessTimings(cache=0.0))) as client:
        for _ in range(3):
            assert (await client.get("/readyz")).status_code == 200
    assert checks == 4


async def test_a_check_that_hangs_fails(resources: Resources, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang(database: Database) -> None:
        del database
        await asyncio.Event().wait()

    monkeypatch.setattr(Database, "check", hang)
    async with connect(create_app(resources, readiness=ReadinessTimings(timeout=0.1))) as client:
        assert (await client.get("/readyz")).status_code == 503
