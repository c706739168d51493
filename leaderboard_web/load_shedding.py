"""A bound on the photos that the site has accepted and not yet answered."""

from collections.abc import Iterator
from contextlib import contextmanager

from anyio import Semaphore, WouldBlock
from fastapi import HTTPException

from core.vision.backends import available_cpus

WAITING_PER_CORE = 8
"""Photos that may wait for each core, one or two seconds; further ones are asked to try again later."""
RETRY_AFTER_SECONDS = 3


class PhotoSlots:
    """A semaphore that refuses instead of waiting."""

    def __init__(self) -> None:
        self._semaphore = Semaphore(available_cpus() * (1 + WAITING_PER_CORE))

    @contextmanager
    def acquire(self) -> Iterator[None]:
        """Hold a slot for one photo.

        Raises:
            HTTPException: 503 with Retry-After, too many photos are waiting.
        """
        try:
            self._semaphore.acquire_nowait()
        except WouldBlock:
            raise HTTPException(503, headers={"Retry-After": str(RETRY_AFTER_SECONDS)}) from None
        try:
            yield
        finally:
            self._semaphore.release()
