"""How many Python functions and modules of the project a page runs through."""

import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import httpx
import pytest

import core
from core.db import looks, people
from core.resources import Resources
from core.vision.classifier import StyleClassifier
from core.vision.fake_backend import FAKE_MODEL_CARD, FakeBackend
from leaderboard_web.app import create_app
from tests.factories import create_look, create_person, store_images
from tests.harness import make_application

PROJECT = Path(core.__file__).parent.parent
PACKAGES = ("bot", "core", "leaderboard_web", "webhooks")
IGNORED_NAMES = {"<module>", "<listcomp>", "<genexpr>", "<dictcomp>", "<lambda>", "<setcomp>"}


@contextmanager
def traced_calls() -> Iterator[set[tuple[str, str]]]:
    """Collect (module, function) of all project functions that are called."""
    calls: set[tuple[str, str]] = set()

    def profile(frame: FrameType, event: str, _: Any) -> None:
        path = Path(frame.f_code.co_filename)
        if event == "call" and frame.f_code.co_name not in IGNORED_NAMES and path.is_relative_to(PROJECT):
            relative = path.relative_to(PROJECT)
            if relative.parts[0] in PACKAGES and relative.suffix == ".py":
                calls.add((str(relative), frame.f_code.co_qualname))

    sys.setprofile(profile)
    try:
        yield calls
    finally:
        sys.setprofile(None)


@pytest.fixture
async def client(resources: Resources, samples: Path) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(make_application(resources, StyleClassifier(FakeBackend([]), FAKE_MODEL_CARD)), samples=samples)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://eva") as client:
        yield client


@pytest.mark.parametrize(("path", "max_functions", "max_modules"), [("/looks/{}", 60, 26), ("/", 47, 26)])
async def test_a_page_runs_through_few_functions(
    client: httpx.AsyncClient, resources: Resources, path: str, max_functions: int, max_modules: int
) -> None:
    async with resources.database.transaction() as connection:
        person = await create_person(connection)
        await people.set_display_name(connection, person.id, "Mina")
        look = await store_images(resources, await create_look(connection, person.id))
        assert await looks.share(connection, look.id)
    url = path.format(look.id)
    assert (await client.get(url)).status_code == 200
    with traced_calls() as calls:
        await client.get(url)
    modules = {module for module, _ in calls}
    report = "\n".join(f"{module} {name}" for module, name in sorted(calls))
    assert len(calls) <= max_functions, f"{len(calls)} functions in {len(modules)} modules\n{report}"
    assert len(modules) <= max_modules, f"{len(calls)} functions in {len(modules)} modules\n{report}"
