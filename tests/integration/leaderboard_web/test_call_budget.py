"""How many Python functions and modules of the project a page runs through."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from jinja2.runtime import Macro

from core.clothing import Color, Item
from core.db import looks, people
from core.resources import Resources
from core.vision.classifier import StyleClassifier
from core.vision.fake_backend import FAKE_MODEL_CARD, FakeBackend
from leaderboard_web.app import create_app
from tests.factories import classify_with_attributes, create_look, create_person, store_images
from tests.harness import make_application
from tests.html import attributes
from tests.tracing import trace_calls

LOOK_ID, PERSON_ID = UUID(int=1), UUID(int=2)
"""They choose the sentences: on the page of the look some of those that call one function more than others."""


@pytest.fixture
async def client(resources: Resources, samples: Path) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(make_application(resources, StyleClassifier(FakeBackend([]), FAKE_MODEL_CARD)), samples=samples)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://eva") as client:
        yield client


@pytest.mark.parametrize(("path", "max_functions", "max_modules"), [("/looks/{}", 46, 15), ("/", 28, 12)])
async def test_a_page_runs_through_few_functions(
    client: httpx.AsyncClient,
    resources: Resources,
    path: str,
    max_functions: int,
    max_modules: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(people, "uuid7", lambda: PERSON_ID)
    async with resources.database.transaction() as connection:
        person = await create_person(connection)
        await people.update_display_name(connection, person.id, "Mina")
        verdict = classify_with_attributes(things={Item.BOOTS: 0.9, Item.JACKET: 0.9, Color.BLACK: 0.9})
        look = await store_images(resources, await create_look(connection, person.id, verdict=verdict, id=LOOK_ID))
        assert await looks.share(connection, look.id)
    url = path.format(look.id)
    assert (await client.get(url)).status_code == 200
    with trace_calls() as trace:
        trace.is_recording = True
        await client.get(url)
        trace.is_recording = False
    functions = trace.all_functions
    modules = {module for module, _ in functions}
    report = "\n".join(f"{module} {name}" for module, name in sorted(functions))
    assert len(functions) <= max_functions, f"{len(functions)} functions in {len(modules)} modules\n{report}"
    assert len(modules) <= max_modules, f"{len(functions)} functions in {len(modules)} modules\n{report}"


@pytest.mark.parametrize(("path", "other_looks"), [("/?when=all", 1), ("/people/Mina", 0)])
async def test_more_cards_call_no_more_macros(
    client: httpx.AsyncClient, resources: Resources, path: str, other_looks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    invoke = Macro._invoke

    def count(macro: Macro, arguments: list[object], autoescape: bool) -> str:
        calls.append(macro.name)
        return invoke(macro, arguments, autoescape)

    monkeypatch.setattr(Macro, "_invoke", count)
    async with resources.database.transaction() as connection:
        person = await create_person(connection)
        await people.update_display_name(connection, person.id, "Mina")
    counts = []
    for total, looks_added in ((2, 2), (5, 3)):
        for _ in range(looks_added):
            async with resources.database.transaction() as connection:
                look = await store_images(resources, await create_look(connection, person.id))
                assert await looks.share(connection, look.id)
        calls.clear()
        page = await client.get(path)
        # The first place of the leaderboard is no card of the list.
        assert len(attributes(page, "li.look", "class")) == total - other_looks
        counts.append(len(calls))
    assert counts[0] == counts[1] > 0, calls
