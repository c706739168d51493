"""What a host and its Prometheus see."""

from __future__ import annotations

from pathlib import Path

import httpx
from fastapi import APIRouter, FastAPI

from core.db.database import Database
from core.jobs.queue import enqueue
from core.resources import Resources
from core.styles import Style
from core.vision.classifier import StyleClassifier
from core.vision.fake_backend import FAKE_MODEL_CARD, FakeBackend, make_outputs
from webhooks.health import create_health_router, create_metrics_router


def eyes(verdicts: int) -> StyleClassifier:
    return StyleClassifier(FakeBackend([make_outputs(Style.RETRO)] * verdicts), FAKE_MODEL_CARD)


async def get(router: APIRouter, path: str) -> httpx.Response:
    app = FastAPI()
    app.include_router(router)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://eva") as client:
        return await client.get(path)


async def test_eva_is_ready_while_all_of_her_works(resources: Resources) -> None:
    async with resources.database.transaction() as connection:
        await enqueue(connection, "telegram.update", lock=None, inbox_id=1)
    router = create_health_router(eyes(1), resources)
    assert (await get(router, "/healthz")).json() == {"status": "ok"}
    ready = await get(router, "/readyz")
    assert ready.status_code == 200
    assert ready.json() == {
        "status": "ok",
        "model": "scripted",
        "engine": "scripted",
        "queue": {"waiting": 1, "running": 0},
    }


async def test_eva_is_not_ready_when_her_model_fails(resources: Resources) -> None:
    router = create_health_router(eyes(0), resources)
    assert (await get(router, "/healthz")).status_code == 200
    ready = await get(router, "/readyz")
    assert (ready.status_code, ready.json()["error"]) == (503, "FakeBackendExhaustedError")


async def test_eva_is_not_ready_without_her_database(resources: Resources) -> None:
    nowhere = Resources(
        database=Database("postgresql://eva@127.0.0.1:1/eva"),
        storage=resources.storage,
        url_signer=resources.url_signer,
        private_photo_ttl=resources.private_photo_ttl,
    )
    ready = await get(create_health_router(eyes(1), nowhere), "/readyz")
    assert (ready.status_code, ready.json()["error"]) == (503, "DatabaseUnavailableError")


async def test_eva_is_not_ready_without_a_place_for_pictures(resources: Resources, storage_folder: Path) -> None:
    storage_folder.rmdir()
    ready = await get(create_health_router(eyes(1), resources), "/readyz")
    assert (ready.status_code, ready.json()["error"]) == (503, "StorageUnavailableError")


async def test_metrics_tell_how_much_waits(resources: Resources) -> None:
    async with resources.database.transaction() as connection:
        for number in range(3):
            await enqueue(connection, "telegram.update", lock="telegram:1", inbox_id=number)
    shown = await get(create_metrics_router(resources.database), "/metrics")
    assert shown.headers["content-type"].startswith("text/plain")
    lines = shown.text.splitlines()
    assert 'eva_queue_jobs{state="waiting"} 3.0' in lines
    assert any(line.startswith("eva_queue_oldest_seconds ") for line in lines)
    assert any(line.startswith("# HELP eva_photos_total") for line in lines)
