"""Attributes of the visitor cookie."""

from pathlib import Path

import httpx
import pytest

from core.db import looks
from core.resources import Resources
from core.vision.classifier import BUNDLED_MODEL_DIR, StyleClassifier
from core.vision.fake_backend import FakeBackend
from core.vision.model_card import load_model_card
from leaderboard_web.app import create_app
from leaderboard_web.viewer import SECURE_VISITOR_COOKIE, VISITOR_COOKIE
from tests.factories import create_look, create_person
from tests.harness import make_application

HTTPS = "https://eva.example"


@pytest.mark.parametrize(
    ("base_url", "public", "name"),
    [
        ("http://eva.example", None, VISITOR_COOKIE),
        ("https://eva.example", None, SECURE_VISITOR_COOKIE),
        # A proxy that terminates TLS without a forwarded header.
        ("http://eva.example", HTTPS, SECURE_VISITOR_COOKIE),
    ],
)
async def test_the_cookie_is_secure_over_https(
    resources: Resources, samples: Path, base_url: str, public: str | None, name: str
) -> None:
    async with resources.database.transaction() as connection:
        person = await create_person(connection)
        look = await create_look(connection, person.id)
        await looks.share(connection, look.id)
    classifier = StyleClassifier(FakeBackend([]), load_model_card(BUNDLED_MODEL_DIR / "model.json"))
    app = create_app(make_application(resources, classifier, public_url=public), samples=samples)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=base_url) as client:
        reply = await client.post(f"/looks/{look.id}/heart")
    cookie, *flags = reply.headers["set-cookie"].split("; ")
    assert cookie.startswith(f"{name}=")
    assert {"HttpOnly", "Path=/", "SameSite=lax"} <= set(flags)
    assert ("Secure" in flags) is (name == SECURE_VISITOR_COOKIE)
    assert not any(flag.startswith("Domain") for flag in flags)
