"""Where photos wait for their turn: as many at a time as there are cores, and a short queue."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

import structlog
from anyio import CapacityLimiter, to_thread
from fastapi import HTTPException

from core.vision.engines import usable_cores
from leaderboard_web.answer import Answer, answer
from leaderboard_web.pages import language_of

if TYPE_CHECKING:
    from fastapi import Request

    from core.vision.classifier import StyleClassifier

__all__ = ["QUEUE_PER_CORE", "Desk"]

log = structlog.get_logger()

QUEUE_PER_CORE = 8
"""Photos that may wait for each core, a second or two; more are asked to come back."""


class Desk:
    """Judges the photos that are shown on the site."""

    def __init__(self, classifier: StyleClassifier) -> None:
        self.classifier = classifier
        self.cores = CapacityLimiter(usable_cores())
        self.present = 0

    async def judge(self, request: Request, data: bytes, *, with_photo: bool) -> Answer:
        """Judge a photo on a thread of its own.

        Raises:
            PhotoError: the bytes are no photo that Eva can judge.
            HTTPException: 503, too many photos are waiting.
        """
        if self.present >= self.cores.total_tokens * (1 + QUEUE_PER_CORE):
            raise HTTPException(503, headers={"Retry-After": "3"})
        started = time.perf_counter()
        self.present += 1
        try:
            work = partial(answer, data, self.classifier, language_of(request), with_photo=with_photo)
            found = await to_thread.run_sync(work, limiter=self.cores)
        finally:
            self.present -= 1
        log.info("judged", ms=round(1000 * (time.perf_counter() - started)), band=found.band, model=found.model)
        return found
