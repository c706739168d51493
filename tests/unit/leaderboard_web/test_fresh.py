from __future__ import annotations

import asyncio

import pytest

from leaderboard_web.fresh import MOST, Fresh


class Source:
    """Counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    async def ask(self) -> int:
        self.asked += 1
        number = self.asked
        await asyncio.sleep(0.01)
        return number

    async def fail(self) -> int:
        await self.ask()
        raise ConnectionError


async def test_a_crowd_asks_once_and_later_ones_get_the_same() -> None:
    fresh, source = Fresh(600), Source()
    assert await asyncio.gather(*(fresh.get("a", source.ask) for _ in range(20))) == [1] * 20
    assert await fresh.get("a", source.ask) == 1
    assert await fresh.get("b", source.ask) == 2


async def test_what_is_too_old_or_forgotten_is_asked_anew() -> None:
    fresh, source = Fresh(0.05), Source()
    assert await fresh.get("a", source.ask) == 1
    await asyncio.sleep(0.1)
    assert await fresh.get("a", source.ask) == 2
    fresh.forget()
    assert await fresh.get("a", source.ask) == 3


async def test_who_comes_after_forgetting_does_not_get_what_was_asked_before() -> None:
    fresh, source = Fresh(600), Source()
    before = asyncio.create_task(fresh.get("a", source.ask))
    await asyncio.sleep(0.001)
    fresh.forget()
    assert await fresh.get("a", source.ask) == 2
    assert await before == 1
    assert await fresh.get("a", source.ask) == 2


async def test_who_gives_up_takes_nothing_from_the_others() -> None:
    fresh, source = Fresh(600), Source()
    first, second = (asyncio.create_task(fresh.get("a", source.ask)) for _ in range(2))
    await asyncio.sleep(0.001)
    first.cancel()
    assert await second == 1


async def test_a_failure_is_everybodys_and_is_not_kept() -> None:
    fresh, source = Fresh(600), Source()
    failed = await asyncio.gather(*(fresh.get("a", source.fail) for _ in range(3)), return_exceptions=True)
    assert [type(each) for each in failed] == [ConnectionError] * 3
    assert await fresh.get("a", source.ask) == 2


async def test_values_are_not_hoarded() -> None:
    fresh = Fresh(600)

    async def number() -> int:
        return 1

    for key in range(MOST):
        await fresh.get(key, number)
    source = Source()
    assert await fresh.get("new", source.ask) == 1
    assert await fresh.get(0, source.ask) == 2


@pytest.mark.parametrize("times", [1, 3])
async def test_nothing_is_kept_where_that_is_not_wished(times: int) -> None:
    fresh, source = Fresh(0), Source()
    assert [await fresh.get("a", source.ask) for _ in range(times)] == list(range(1, times + 1))
