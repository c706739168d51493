"""Errands that lost their job get another one; those that wait for consent do not."""

from __future__ import annotations

from sqlalchemy import text as sql

from bot.kakao import errands
from bot.kakao.errands import Errand
from core.db import inbox
from core.db.tables import Channel
from core.memory import Memory
from core.queue import enqueue


async def test_errand_that_lost_its_job_gets_another_one(memory: Memory) -> None:
    errand = Errand(photos=("https://k.kakaocdn.net/1.jpg",), callback_url=None, arrived=0.0, awaits_consent=False)
    async with memory.database.begin() as connection:
        numbers = [
            await inbox.receive(connection, Channel.KAKAO, each, sender="someone", payload=errand.as_payload())
            for each in ("lost", "waits for consent")
        ]
        await enqueue(connection, errands.LAPSE, lock=None, delay=errands.GOOD_FOR, inbox_id=numbers[1])
        assert await errands.adopt(connection) == 0, "they are too young to be lost"
        await connection.execute(sql("UPDATE inbox SET received_at = now() - interval '3 minutes'"))

        assert await errands.adopt(connection) == 1
        assert await errands.adopt(connection) == 0
        found = await connection.execute(
            sql("SELECT lock, args FROM procrastinate_jobs WHERE task_name = 'kakao.photo'")
        )
        assert [(row.lock, row.args) for row in found] == [("kakao:someone", {"inbox_id": numbers[0]})]
