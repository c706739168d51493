"""What a host and its Prometheus see."""

from __future__ import annotations

from pathlib import Path

import httpx
from fastapi import APIRouter, FastAPI

from core.db.engine import Database
from core.memory import Memory
from core.queue import enqueue
from core.styles import Style
from core.vision.classifier import StyleClassifier
from core.vision.scripted import SCRIPTED_CARD, ScriptedEngine, scripted_outputs
from webhooks.health import health
from webhooks.metrics import metrics


def eyes(verdicts: int) -> StyleClassifier:
    return StyleClassifier(ScriptedEngine([scripted_outputs(Style.RETRO)] * verdicts), SCRIPTED_CARD)


async def get(router: APIRouter, path: str) -> httpx.Response:
    app = FastAPI()
    app.include_router(router)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://eva") as client:
        return await client.get(path)


async def test_eva_is_ready_while_all_of_her_works(memory: Memory) -> None:
    async with memory.database.begin() as connection:
        await enqueue(connection, "telegram.update", lock=None, inbox_id=1)
    router = health(eyes(1), memory)
    assert (await get(router, "/healthz")).json() == {"status": "ok"}
    ready = await get(router, "/readyz")
    assert ready.status_code == 200
    assert ready.json() == {
        "status": "ok",
        "model": "scripted",
        "engine": "scripted",
        "queue": {"waiting": 1, "running": 0},
    }


async def test_eva_is_not_ready_when_her_model_fails(memory: Memory) -> None:
    router = health(eyes(0), memory)
    assert (await get(router, "/healthz")).status_code == 200
    ready = await get(router, "/readyz")
    assert (ready.status_code, ready.json()["error"]) == (503, "NoScriptedVerdict")


async def test_eva_is_not_ready_without_her_database(memory: Memory) -> None:
    nowhere = Memory(
        database=Database("postgresql://eva@127.0.0.1:1/eva"),
        storage=memory.storage,
        links=memory.links,
        keep_private=memory.keep_private,
    )
    ready = await get(health(eyes(1), nowhere), "/readyz")
    assert (ready.status_code, ready.json()["error"]) == (503, "DatabaseUnavailable")


async def test_eva_is_not_ready_without_a_place_for_pictures(memory: Memory, pictures: Path) -> None:
    pictures.rmdir()
    ready = await get(health(eyes(1), memory), "/readyz")
    assert (ready.status_code, ready.json()["error"]) == (503, "StorageUnavailable")


async def test_metrics_tell_how_much_waits(memory: Memory) -> None:
    async with memory.database.begin() as connection:
        for number in range(3):
            await enqueue(connection, "telegram.update", lock="telegram:1", inbox_id=number)
    shown = await get(metrics(memory.database), "/metrics")
    assert shown.headers["content-type"].startswith("text/plain")
    lines = shown.text.splitlines()
    assert 'eva_queue_jobs{state="waiting"} 3.0' in lines
    assert any(line.startswith("eva_queue_oldest_seconds ") for line in lines)
    assert any(line.startswith("# HELP eva_photos_total") for line in lines)
