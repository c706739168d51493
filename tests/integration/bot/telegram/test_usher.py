"""Those who wait see a sign, and after a while hear their place, once."""

from __future__ import annotations

import pytest
from sqlalchemy import text as sql

from bot.telegram.mailbox import take_in
from bot.telegram.usher import Usher
from bot.texts import Language, text
from tests.integration.bot.telegram.conftest import MINA, Stage
from tests.integration.records import a_photo


@pytest.fixture
def usher(stage: Stage) -> Usher:
    return Usher(stage.memory, stage.talk.sender, stage.talk.me, clock=iter(range(0, 1000, 2)).__next__)


async def waited(stage: Stage, seconds: int) -> None:
    async with stage.memory.database.begin() as connection:
        await connection.execute(sql(f"UPDATE inbox SET received_at = now() - interval '{seconds} s'"))


def signs(stage: Stage) -> int:
    return len(stage.telegram.called("sendChatAction"))


async def test_who_waits_a_moment_sees_typing_and_not_every_second(stage: Stage, usher: Usher) -> None:
    await take_in(stage.memory, stage.updates.photo(a_photo()))
    await usher.look()
    assert signs(stage) == 0
    await waited(stage, 2)
    await usher.look()
    await usher.look()
    assert signs(stage) == 1
    await usher.look()
    await usher.look()
    assert signs(stage) == 2


async def test_who_waits_longer_hears_the_place_once(stage: Stage, usher: Usher) -> None:
    for person in (41, MINA):
        for seed in range(2):
            await take_in(stage.memory, stage.updates.photo(a_photo(seed), person=person))
    await waited(stage, 6)
    other = Usher(stage.memory, stage.talk.sender, stage.talk.me)
    await usher.look()
    await other.look()

    assert stage.said() == [text("talk.queue", Language.KO, place=2)]
    assert stage.said(41) == []
    await stage.work()
    assert len(stage.said()) == 9
    assert await stage.undone() == 0


async def test_only_photos_for_her_that_nobody_has_begun_with(stage: Stage, usher: Usher) -> None:
    await take_in(stage.memory, stage.updates.text("안녕"))
    await take_in(stage.memory, stage.updates.photo(a_photo(), chat=-5))
    await take_in(stage.memory, stage.updates.photo(a_photo(), person=43))
    async with stage.memory.database.begin() as connection:
        await connection.execute(sql("UPDATE procrastinate_jobs SET status = 'doing' WHERE lock = 'telegram:43'"))
    await take_in(stage.memory, stage.updates.photo(a_photo(1), person=43))
    await waited(stage, 60)
    await usher.look()

    assert (signs(stage), stage.telegram.sent()) == (0, [])
