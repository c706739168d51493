"""Work that can wait lets who is at the door go first, but not for ever."""

from __future__ import annotations

import asyncio

import pytest

from core.doorway import Doorway

SOON = 10.0
"""Seconds in which everything happens that will."""


async def test_nobody_waits_for_nobody() -> None:
    await asyncio.wait_for(Doorway().quiet(), SOON)


async def test_work_waits_until_the_last_one_has_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.doorway.PATIENCE", 1000.0)
    doorway = Doorway()
    with doorway:
        work = asyncio.ensure_future(doorway.quiet())
        with doorway:
            await asyncio.sleep(0.1)
        await asyncio.sleep(0.1)
        assert not work.done()
    await asyncio.wait_for(work, SOON)


async def test_one_more_within_a_moment_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.doorway.PATIENCE", 1000.0)
    doorway = Doorway()
    with doorway:
        work = asyncio.ensure_future(doorway.quiet())
        await asyncio.sleep(0)
    with doorway:
        await asyncio.sleep(0.2)
        assert not work.done(), "whoever came after it must have stopped the clock"
    await asyncio.wait_for(work, SOON)


async def test_work_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.doorway.PATIENCE", 0.1)
    doorway = Doorway()
    with doorway:
        await asyncio.wait_for(doorway.quiet(), SOON)


async def test_who_leaves_by_an_error_has_left() -> None:
    doorway = Doorway()
    with pytest.raises(ValueError, match="update"), doorway:
        raise ValueError("update")
    await asyncio.wait_for(doorway.quiet(), SOON)
