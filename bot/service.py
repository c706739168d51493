"""Everything that a process of Eva's holds open: her memory, her eyes, the messengers that are on, and her queue."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.stylist import Stylist
from core import retention
from core.db import inbox
from core.judging import Judging
from core.memory import open_memory
from core.queue import Queue
from core.vision.classifier import load_classifier

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from core.memory import Memory
    from core.settings import Settings
    from core.vision.classifier import StyleClassifier

__all__ = ["Service", "open_service"]

CONCURRENCY = 128
"""Jobs at a time in a process: they wait for messengers most of the time, a second for each bubble; how many photos
are judged at once is decided by the cores."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Eva, ready to work."""

    settings: Settings
    memory: Memory
    classifier: StyleClassifier
    stylist: Stylist

    async def busy(self) -> bool:
        """Whether there are updates that are not done."""
        async with self.memory.database.begin() as connection:
            return bool(await inbox.undone(connection))

    async def work(self) -> None:
        """Do the queue's jobs until cancelled."""
        async with Queue(self.memory.database.conninfo, retention.tasks) as queue:
            await queue.work({"memory": self.memory}, concurrency=CONCURRENCY)


@asynccontextmanager
async def open_service(settings: Settings) -> AsyncIterator[Service]:
    """Open everything, and close it in the other order.

    Raises:
        ModelError: the model cannot be used.
        SecretMissing: EVA_SECRET_KEY is not set in production.
        MemoryFault: the database or the place for pictures cannot be used.
    """
    async with AsyncExitStack() as stack:
        classifier = stack.enter_context(load_classifier(settings))
        memory = await stack.enter_async_context(open_memory(settings))
        judging = Judging(memory, classifier, daily_photos=settings.daily_photos)
        yield Service(
            settings=settings, memory=memory, classifier=classifier, stylist=Stylist(memory, judging, settings)
        )
