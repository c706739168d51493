"""A site on a real socket, and what a visitor does and reads in the chat."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from core.conversation.narration import verdict_messages
from core.db import looks, schema
from core.db.look_summaries import LOOK_COLUMNS
from core.db.looks import Look
from core.i18n.translations import Language
from core.resources import Resources
from core.vision.classifier import StyleClassifier
from core.vision.fake_backend import FAKE_MODEL_CARD, FakeBackend
from leaderboard_web.app import create_app
from tests.harness import make_application, serve_on_free_port
from tests.html import attributes, texts
from tests.unit.leaderboard_web.conftest import OutputsFunction, street_outputs

EN = Language.EN
WIDE_LIMITS = {"new_visitors_per_ip_per_hour": 1000, "writes_per_minute": 1000}


def create_site(resources: Resources, samples: Path, script: OutputsFunction = street_outputs, **settings: Any) -> Any:
    classifier = StyleClassifier(FakeBackend(script), FAKE_MODEL_CARD)
    return create_app(make_application(resources, classifier, **(WIDE_LIMITS | settings)), samples=samples)


def open_browser(address: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=address, headers={"Accept-Language": "en"}, follow_redirects=True, timeout=30, trust_env=False
    )


@pytest.fixture
async def address(resources: Resources, samples: Path) -> AsyncIterator[str]:
    async with serve_on_free_port(create_site(resources, samples)) as url:
        yield url


@pytest.fixture
async def client(address: str) -> AsyncIterator[httpx.AsyncClient]:
    async with open_browser(address) as browser:
        yield browser


async def send_photo(client: httpx.AsyncClient, photo: bytes, **more: Any) -> httpx.Response:
    fields = more.pop("data", {})
    return await client.post("/try", files={"photo": ("holiday with Mina.jpg", photo)}, data=fields, **more)


def messages(page: httpx.Response) -> list[str]:
    """The text messages of the conversation."""
    return texts(page, ".chat .log > .bubble > p")


def buttons(page: httpx.Response) -> list[str]:
    """The values of the action buttons."""
    return attributes(page, "button[name=do]", "value")


def look_id_of(page: httpx.Response) -> str:
    return attributes(page, "input[name=look]", "value")[0]


async def list_looks(resources: Resources) -> list[Look]:
    async with resources.database.transaction() as connection:
        found = await connection.execute(select(*LOOK_COLUMNS).order_by(schema.looks.c.id))
        return [looks.to_look(row) for row in found]


def verdict_texts(look: Look) -> list[str]:
    return [message.text for message in verdict_messages(look.verdict, seed=look.variant_seed, language=EN)]


async def press_button(client: httpx.AsyncClient, page: httpx.Response, do: str, **more: Any) -> httpx.Response:
    """Press a button of the page."""
    assert do in buttons(page)
    data = {"look": look_id_of(page), "do": do}
    for name_tag in attributes(page, "form.buttons input[name=name_tag]", "value"):
        data["name_tag"] = name_tag
    return await client.post("/try/act", data=data, **more)
