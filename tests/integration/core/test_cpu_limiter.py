"""Threads that judge, draw or compress share one limit, so that together they are no more than the processors.

Photos are decoded in processes, which have a limit of their own (ADR 0019).
"""

import asyncio
import threading
import time
from dataclasses import replace

import numpy as np
from anyio import CapacityLimiter
from numpy.typing import NDArray

from core.db.schema import Channel
from core.i18n.translations import Language
from core.images.renditions import RenditionStore, thumbnail_key
from core.resources import Resources
from core.services.photo_judging import PhotoJudgingService, PhotoSource
from core.styles import Style
from core.vision.backends import ModelOutputs
from core.vision.classifier import StyleClassifier
from core.vision.fake_backend import FAKE_MODEL_CARD, FakeBackend, make_outputs
from tests.factories import create_look, create_person, make_photo, store_images


class ConcurrencyMeter:
    """Counts the threads that work at the same time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running = 0
        self.maximum = 0

    def work(self) -> None:
        with self._lock:
            self._running += 1
            self.maximum = max(self.maximum, self._running)
        time.sleep(0.05)
        with self._lock:
            self._running -= 1


async def test_judging_and_renditions_share_the_limit(resources: Resources) -> None:
    meter = ConcurrencyMeter()
    limited = replace(resources, cpu_limiter=CapacityLimiter(1))

    def forward(pixels: NDArray[np.uint8]) -> ModelOutputs:
        meter.work()
        return make_outputs(Style.CASUAL)

    def create(photo: bytes) -> bytes:
        meter.work()
        return photo

    async with resources.database.transaction() as connection:
        people = [(await create_person(connection)).id for _ in range(3)]
        looks = [await store_images(resources, await create_look(connection, person)) for person in people]
    judging = PhotoJudgingService(limited, StyleClassifier(FakeBackend(forward), FAKE_MODEL_CARD))
    renditions = [RenditionStore(limited), RenditionStore(limited), RenditionStore(limited)]
    judged = [
        judging.judge_photo(
            make_photo(number),
            PhotoSource(person_id=person, channel=Channel.WEB, message_id="1", language=Language.KO),
        )
        for number, person in enumerate(people)
    ]
    created = [
        store.get_or_create(thumbnail_key(look.photo_key), create, look_id=look.id, photo_key=look.photo_key)
        for store, look in zip(renditions, looks, strict=True)
        if look.photo_key is not None
    ]
    await asyncio.gather(*judged, *created)
    assert meter.maximum == 1
