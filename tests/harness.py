"""Applications and servers for tests."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from anyio import CapacityLimiter
from pydantic import SecretStr
from starlette.types import ASGIApp

from bot.app import BotApplication
from bot.testing.server import PromptServer
from core.conversation.service import ConversationService
from core.resources import Resources
from core.services.photo_judging import PhotoJudgingService
from core.settings import Settings
from core.vision.classifier import StyleClassifier

T = TypeVar("T")


def make_application(resources: Resources, classifier: StyleClassifier, **settings: Any) -> BotApplication:
    """An application that serves pages and runs no jobs, without a page cache, and counts
    requests in its memory; `settings` replace the defaults."""
    chosen = Settings(
        **{"secret_key": SecretStr("secret" * 6), "page_cache_seconds": 0, "rate_limits": "memory", **settings}
    )
    stylist = ConversationService(
        resources, PhotoJudgingService(resources, classifier, daily_limit=chosen.photos_per_person_per_day), chosen
    )
    return BotApplication(settings=chosen, resources=resources, classifier=classifier, conversation=stylist, kakao=None)


@asynccontextmanager
async def serve_on_free_port(app: ASGIApp, **config: Any) -> AsyncIterator[str]:
    """Serve an app on a free port of this machine; yields its URL."""
    server = PromptServer(app, port=0, **config)
    serving = asyncio.create_task(server.serve())
    try:
        while not server.started:  # noqa: ASYNC110  (uvicorn has no event for it)
            await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.stop()
        await serving


async def run_on_busy_processors(limiter: CapacityLimiter, work: Coroutine[Any, Any, T]) -> T:
    """Run work, and check that it waits for the limiter before it ends."""
    busy = [object() for _ in range(int(limiter.total_tokens))]
    for borrower in busy:
        limiter.acquire_on_behalf_of_nowait(borrower)
    task = asyncio.create_task(work)
    while limiter.statistics().tasks_waiting == 0:
        assert not task.done(), "it did not wait"
        await asyncio.sleep(0.01)
    for borrower in busy:
        limiter.release_on_behalf_of(borrower)
    return await task
