"""Where photos wait for their turn: as many at a time as there are cores, and a short queue."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from anyio import Semaphore, WouldBlock
from fastapi import HTTPException

from core.vision.engines import usable_cores

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["QUEUE_PER_CORE", "Desk"]

QUEUE_PER_CORE = 8
"""Photos that may wait for each core, a second or two; more are asked to come back."""


class Desk:
    """Counts the photos that the site has taken in and not answered yet."""

    def __init__(self) -> None:
        self._seats = Semaphore(usable_cores() * (1 + QUEUE_PER_CORE))

    @contextmanager
    def seat(self) -> Iterator[None]:
        """Hold a place for one photo.

        Raises:
            HTTPException: 503, too many photos are waiting.
        """
        try:
            self._seats.acquire_nowait()
        except WouldBlock:
            raise HTTPException(503, headers={"Retry-After": "3"}) from None
        try:
            yield
        finally:
            self._seats.release()
