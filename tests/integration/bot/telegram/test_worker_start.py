"""A worker that starts while Telegram is away."""

import asyncio
from contextlib import suppress
from typing import Any
from unittest.mock import AsyncMock

import pytest
from telegram.error import NetworkError
from telegram.request import HTTPXRequest

from bot.app import BotApplication
from bot.telegram.ingest import TELEGRAM_QUEUE
from core.db import people
from core.db.schema import IdentityProvider
from core.i18n.translations import Language
from core.jobs.queue import DEFAULT_QUEUE, enqueue
from core.jobs.worker import JobQueue
from core.services.deletion import ERASE_PERSON_TASK
from core.settings import Settings
from core.vision.classifier import StyleClassifier
from core.vision.fake_backend import FAKE_MODEL_CARD, FakeBackend
from tests.factories import make_photo
from tests.integration.bot.telegram.conftest import USER_ID, TelegramHarness


@pytest.mark.parametrize("page", [None, (404, b"<html>Not found</html>")], ids=["no answer", "a page of a proxy"])
async def test_a_worker_that_cannot_reach_telegram_runs_all_other_jobs(
    harness: TelegramHarness, settings: Settings, monkeypatch: pytest.MonkeyPatch, page: tuple[int, bytes] | None
) -> None:
    """An erasure is not put off, and what people sent on Telegram is answered once it can be reached."""
    is_reachable, do_request = asyncio.Event(), HTTPXRequest.do_request

    async def request_if_reachable(request: HTTPXRequest, **options: Any) -> tuple[int, bytes]:
        if is_reachable.is_set():
            return await do_request(request, **options)
        if page is None:
            raise NetworkError("away")
        return page

    monkeypatch.setattr(HTTPXRequest, "do_request", request_if_reachable)
    monkeypatch.setattr("bot.telegram.bot.RECONNECT_DELAY", 0.1)
    await harness.store(harness.updates.photo(make_photo()))
    async with harness.resources.database.transaction() as connection:
        erased = await people.get_or_create_by_identity(connection, IdentityProvider.WEB, "x", language=Language.KO)
        await enqueue(connection, ERASE_PERSON_TASK, lock=None, person_id=str(erased.id))

    working = asyncio.create_task(make_application(harness, settings).run_worker())
    try:
        await wait_for_rows(harness, "people", 0)
        untouched = "procrastinate_jobs WHERE args ? 'inbox_id' AND status = 'todo' AND attempts = 0"
        assert await harness.count_rows(untouched) == 1, "left to workers that reach Telegram"
        assert await harness.count_unprocessed() == 1
        is_reachable.set()
        await wait_for_rows(harness, "inbox WHERE processed_at IS NULL", 0)
    finally:
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working
    assert len(harness.photo_messages(USER_ID)) == 1


async def test_jobs_of_a_former_release_are_left_to_workers_that_reach_telegram(
    harness: TelegramHarness, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are in the queue of all jobs, until its last web process has ended."""
    monkeypatch.setattr(HTTPXRequest, "do_request", AsyncMock(side_effect=NetworkError("away")))
    await harness.store(harness.updates.photo(make_photo()))
    await harness.execute(f"UPDATE procrastinate_jobs SET queue_name = '{DEFAULT_QUEUE}'")
    working = asyncio.create_task(make_application(harness, settings).run_worker())
    try:
        await wait_for_rows(harness, f"procrastinate_jobs WHERE queue_name = '{TELEGRAM_QUEUE}' AND status = 'todo'", 1)
    finally:
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working
    assert await harness.count_unprocessed() == 1, "the update waits for another worker"


async def test_an_error_of_the_queue_ends_a_worker_that_cannot_reach_telegram(
    harness: TelegramHarness, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would run no job, and nobody would know, until Telegram is there."""
    monkeypatch.setattr(HTTPXRequest, "do_request", AsyncMock(side_effect=NetworkError("away")))
    monkeypatch.setattr("bot.telegram.bot.RECONNECT_DELAY", 0.1)
    monkeypatch.setattr(JobQueue, "run_worker", AsyncMock(side_effect=KeyError))
    async with asyncio.timeout(60):
        with pytest.raises(KeyError):
            await make_application(harness, settings).run_worker()


def make_application(harness: TelegramHarness, settings: Settings) -> BotApplication:
    return BotApplication(
        settings=settings,
        resources=harness.resources,
        classifier=StyleClassifier(FakeBackend([]), FAKE_MODEL_CARD),
        conversation=harness.handler.conversation,
        kakao=None,
    )


async def wait_for_rows(harness: TelegramHarness, from_clause: str, count: int) -> None:
    async with asyncio.timeout(60):
        while await harness.count_rows(from_clause) != count:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
