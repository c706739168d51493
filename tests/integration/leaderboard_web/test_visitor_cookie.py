"""The cookie by which a visitor is known: out of reach of scripts and of other sites, and over https of other hosts."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from core.db import looks
from core.memory import Memory
from core.vision.card import read_card
from core.vision.classifier import MODELS, StyleClassifier
from core.vision.scripted import ScriptedEngine
from leaderboard_web.app import create_app
from leaderboard_web.visitors import SECURE_COOKIE, VISITOR_COOKIE
from tests.integration.records import a_look, a_person
from tests.services import a_service

HTTPS = "https://eva.example"


@pytest.mark.parametrize(
    ("seen_as", "public", "name"),
    [
        ("http://eva.example", None, VISITOR_COOKIE),
        ("https://eva.example", None, SECURE_COOKIE),
        # A proxy that ends TLS and says nothing about it.
        ("http://eva.example", HTTPS, SECURE_COOKIE),
    ],
)
async def test_the_cookie_is_as_safe_as_the_way(
    memory: Memory, samples: Path, seen_as: str, public: str | None, name: str
) -> None:
    async with memory.database.begin() as connection:
        person = await a_person(connection)
        look = await a_look(connection, person.id)
        await looks.share(connection, look.id)
    classifier = StyleClassifier(ScriptedEngine([]), read_card(MODELS / "model.json"))
    app = create_app(a_service(memory, classifier, public_url=public), samples=samples)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=seen_as) as client:
        reply = await client.post(f"/looks/{look.id}/heart")
    cookie, *flags = reply.headers["set-cookie"].split("; ")
    assert cookie.startswith(f"{name}=")
    assert {"HttpOnly", "Path=/", "SameSite=lax"} <= set(flags)
    assert ("Secure" in flags) is (name == SECURE_COOKIE)
    assert not any(flag.startswith("Domain") for flag in flags)
