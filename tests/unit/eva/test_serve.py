"""The start of the server commands."""

import gc
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from eva.cli import app


@pytest.fixture(autouse=True)
def collection() -> Iterator[None]:
    gc.unfreeze()
    yield
    gc.enable()
    gc.freeze()


@pytest.mark.parametrize("command", [["worker"], ["serve", "--port", "0"]], ids=["worker", "serve"])
def test_garbage_is_collected_from_the_end_of_the_start(command: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    states: list[tuple[str, bool, bool]] = []

    def note(step: str) -> None:
        states.append((step, gc.isenabled(), gc.get_freeze_count() > 0))

    @asynccontextmanager
    async def open_application(*_: object) -> AsyncIterator[SimpleNamespace]:
        note("opens")
        yield SimpleNamespace(resources=SimpleNamespace(is_secret_key_changed=False), run_worker=None)

    async def run_until_signalled(*_: object, **__: object) -> None:
        note("runs")

    def create(*_: object, **__: Any) -> None:
        note("creates the site")

    monkeypatch.setattr("bot.app.open_application", open_application)
    monkeypatch.setattr("core.runtime.run_until_signalled", run_until_signalled)
    monkeypatch.setattr("core.logging.configure_logging", lambda *_, **__: None)
    monkeypatch.setattr("leaderboard_web.app.create_app", create)
    monkeypatch.setattr("webhooks.app.create_webhook_app", create)
    monkeypatch.setattr("os.nice", lambda _: None)
    CliRunner().invoke(app, command)
    assert states[0] == ("opens", False, False)
    assert ("runs", True, True) in states
