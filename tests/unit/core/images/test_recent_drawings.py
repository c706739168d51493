"""Pictures that are drawn once for all who ask for them within a minute."""

import asyncio
import threading

import pytest
from anyio import CapacityLimiter

from core.images.recent_drawings import RecentDrawings


class Studio:
    """Draws, and counts how often."""

    def __init__(self) -> None:
        self.limiter, self.may_draw, self.drawn = CapacityLimiter(4), threading.Event(), 0
        self.may_draw.set()

    def draw(self) -> bytes:
        self.may_draw.wait()
        self.drawn += 1
        if self.drawn > 9:
            raise ValueError
        return bytes([self.drawn])


async def test_all_who_ask_at_once_wait_for_one_drawing() -> None:
    studio, drawings = Studio(), RecentDrawings()
    studio.may_draw.clear()
    waiting = [asyncio.create_task(drawings.get_or_draw("a", studio.draw, limiter=studio.limiter)) for _ in range(20)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    studio.may_draw.set()
    assert await asyncio.gather(*waiting[1:]) == [b"\x01"] * 19
    assert await drawings.get_or_draw("a", studio.draw, limiter=studio.limiter) == b"\x01"
    assert await drawings.get_or_draw("b", studio.draw, limiter=studio.limiter) == b"\x02"


async def test_a_drawing_ends_with_its_time_and_for_newer_ones() -> None:
    studio = Studio()
    short = RecentDrawings(lifetime=0)
    assert await short.get_or_draw("a", studio.draw, limiter=studio.limiter) == b"\x01"
    assert await short.get_or_draw("a", studio.draw, limiter=studio.limiter) == b"\x02"
    few = RecentDrawings(max_drawings=2)
    for key, drawn in (("a", 3), ("b", 4), ("c", 5), ("b", 4), ("a", 6)):
        assert await few.get_or_draw(key, studio.draw, limiter=studio.limiter) == bytes([drawn])


async def test_a_drawing_that_failed_is_tried_again() -> None:
    studio, drawings = Studio(), RecentDrawings()
    studio.drawn = 9
    with pytest.raises(ValueError):
        await drawings.get_or_draw("a", studio.draw, limiter=studio.limiter)
    studio.drawn = 0
    assert await drawings.get_or_draw("a", studio.draw, limiter=studio.limiter) == b"\x01"
