from __future__ import annotations

import asyncio

import httpx
from fastapi import FastAPI

from core.styles import Style
from core.vision.classifier import StyleClassifier
from core.vision.scripted import SCRIPTED_CARD, ScriptedEngine, scripted_outputs
from webhooks.health import health


def ask(*paths: str, verdicts: int) -> list[tuple[int, object]]:
    engine = ScriptedEngine([scripted_outputs(Style.RETRO)] * verdicts)
    app = FastAPI()
    app.include_router(health(StyleClassifier(engine, SCRIPTED_CARD)))

    async def get() -> list[tuple[int, object]]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://eva") as client:
            replies = [await client.get(path) for path in paths]
        return [(reply.status_code, reply.json()) for reply in replies]

    return asyncio.run(get())


def test_eva_is_ready_while_her_model_judges() -> None:
    assert ask("/healthz", "/readyz", verdicts=1) == [
        (200, {"status": "ok"}),
        (200, {"status": "ok", "model": "scripted", "engine": "scripted"}),
    ]


def test_eva_lives_but_is_not_ready_when_her_model_fails() -> None:
    assert ask("/healthz", "/readyz", verdicts=0) == [
        (200, {"status": "ok"}),
        (503, {"status": "unavailable"}),
    ]
