"""Where photos wait for their turn: as many at a time as there are cores, and a short queue."""

from collections.abc import Iterator
from contextlib import contextmanager

from anyio import Semaphore, WouldBlock
from fastapi import HTTPException

from core.vision.backends import available_cpus

WAITING_PER_CORE = 8
"""Photos that may wait for each core, a second or two; more are asked to come back."""


class PhotoSlots:
    """Counts the photos that the site has taken in and not answered yet."""

    def __init__(self) -> None:
        self._semaphore = Semaphore(available_cpus() * (1 + WAITING_PER_CORE))

    @contextmanager
    def acquire(self) -> Iterator[None]:
        """Hold a place for one photo.

        Raises:
            HTTPException: 503, too many photos are waiting.
        """
        try:
            self._semaphore.acquire_nowait()
        except WouldBlock:
            raise HTTPException(503, headers={"Retry-After": "3"}) from None
        try:
            yield
        finally:
            self._semaphore.release()
