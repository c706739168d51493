"""Health checks and metrics."""

import re
from datetime import timedelta
from pathlib import Path

import httpx

from core.db.database import Database
from core.jobs.queue import enqueue
from core.resources import Resources
from core.styles import Style
from core.vision.classifier import StyleClassifier
from core.vision.fake_backend import FAKE_MODEL_CARD, FakeBackend, make_outputs
from tests.factories import create_look, create_person, end_images
from tests.harness import make_application
from webhooks.app import create_webhook_app


async def get(path: str, resources: Resources, *, outputs: int = 1) -> httpx.Response:
    """Request a path of a process whose model has so many outputs left."""
    classifier = StyleClassifier(FakeBackend([make_outputs(Style.RETRO)] * outputs), FAKE_MODEL_CARD)
    app = create_webhook_app(make_application(resources, classifier))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://eva") as client:
        return await client.get(path)


async def test_ready_if_everything_works(resources: Resources) -> None:
    async with resources.database.transaction() as connection:
        await enqueue(connection, "telegram.update", lock=None, inbox_id=1)
    assert (await get("/healthz", resources)).json() == {"status": "ok"}
    ready = await get("/readyz", resources)
    assert ready.status_code == 200
    assert ready.json() == {
        "status": "ok",
        "model": "scripted",
        "engine": "scripted",
        "queue": {"waiting": 1, "running": 0},
        "retention": {"overdue_seconds": 0, "is_late": False},
    }


async def test_not_ready_if_the_model_fails(resources: Resources) -> None:
    assert (await get("/healthz", resources)).status_code == 200
    ready = await get("/readyz", resources, outputs=0)
    assert (ready.status_code, ready.json()["error"]) == (503, "FakeBackendExhaustedError")


async def test_not_ready_without_the_database(resources: Resources) -> None:
    unreachable = Resources(
        database=Database("postgresql://eva@127.0.0.1:1/eva"),
        storage=resources.storage,
        url_signer=resources.url_signer,
        private_photo_ttl=resources.private_photo_ttl,
    )
    ready = await get("/readyz", unreachable, outputs=1)
    assert (ready.status_code, ready.json()["error"]) == (503, "DatabaseUnavailableError")


async def test_not_ready_without_the_object_storage(resources: Resources, storage_folder: Path) -> None:
    storage_folder.rmdir()
    ready = await get("/readyz", resources, outputs=1)
    assert (ready.status_code, ready.json()["error"]) == (503, "StorageUnavailableError")


async def test_late_deletion_of_private_images_is_visible(resources: Resources) -> None:
    async with resources.database.transaction() as connection:
        look = await create_look(connection, (await create_person(connection)).id)
    await end_images(resources, look, timedelta(hours=3))
    retention = (await get("/readyz", resources)).json()["retention"]
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
