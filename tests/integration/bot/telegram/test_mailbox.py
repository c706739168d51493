"""What is taken in, in which order it is done, and what never is."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import text as sql
from telegram import Bot

from bot.telegram.mailbox import adopt, take_in
from bot.telegram.polling import take_all_in
from bot.texts import Language, text
from core.db import people
from core.db.tables import Provider
from core.errors import MalformedCall
from core.memory import Memory
from tests.integration.bot.telegram.conftest import MINA, Stage
from tests.integration.records import a_photo

KO = Language.KO


async def test_update_is_kept_with_its_job_and_its_sender(stage: Stage) -> None:
    number = await take_in(stage.memory, stage.updates.text("안녕"))

    assert await stage.count(f"inbox WHERE id = {number} AND sender = '42' AND done_at IS NULL") == 1
    assert await stage.count("procrastinate_jobs WHERE lock = 'telegram:42' AND task_name = 'telegram.update'") == 1


async def test_repeat_is_no_second_job(stage: Stage) -> None:
    update = stage.updates.text("안녕")
    first, again = await take_in(stage.memory, update), await take_in(stage.memory, update)

    assert (first is not None, again) == (True, None)
    assert await stage.count("procrastinate_jobs WHERE task_name LIKE 'telegram%'") == 1


@pytest.mark.parametrize(
    "payload",
    [
        {"update_id": 1},
        {"update_id": 1, "message": None},
        {"update_id": 1, "message": {"message_id": "?"}},
        {"update_id": 1, "message": {"from": {"id": True}, "chat": {"id": 1}}},
        {"update_id": 1, "message": {"from": {"id": 2**60}, "chat": {"id": 1}}},
        {"update_id": 1, "callback_query": []},
        {"update_id": 1, "my_chat_member": {"from": {"id": 1}}},
    ],
)
async def test_poison_is_kept_as_done(stage: Stage, payload: dict[str, Any]) -> None:
    assert await take_in(stage.memory, payload) is not None
    assert await stage.count("inbox WHERE done_at IS NOT NULL AND payload IS NULL") == 1
    assert await stage.count("procrastinate_jobs WHERE task_name LIKE 'telegram%'") == 0


@pytest.mark.parametrize("payload", [None, [], "", {}, {"update_id": "1"}, {"update_id": True}, {"update_id": 2**70}])
async def test_what_has_no_number_is_refused(memory: Memory, payload: object) -> None:
    with pytest.raises(MalformedCall):
        await take_in(memory, payload)


async def test_edits_are_passed_over(stage: Stage) -> None:
    assert await take_in(stage.memory, {"update_id": 1, "edited_message": {"message_id": 1}}) is None
    assert await stage.rows() == {}


async def test_what_postgres_cannot_hold_is_left_out(stage: Stage) -> None:
    update = stage.updates.text("안\0녕\ud800")
    update["message"]["\0odd"] = [float("inf"), float("nan"), 10**40]
    await stage.play(update)

    assert stage.said() == [text("talk.about", KO)]


async def test_update_that_nests_without_end_is_poison(stage: Stage) -> None:
    update = stage.updates.text("안녕")
    nested: list[Any] = []
    for _ in range(5000):
        nested = [nested]
    update["message"]["deep"] = nested
    await take_in(stage.memory, update)

    assert await stage.undone() == 0


@pytest.mark.parametrize(
    "message",
    [{"photo": "?"}, {"text": 5}, {"text": "/", "entities": [{"type": "bot_command", "offset": 0, "length": 99}]}],
)
async def test_poison_that_looks_well_is_done_by_the_worker(stage: Stage, message: dict[str, Any]) -> None:
    update = stage.updates.text("안녕")
    update["message"] |= message
    await stage.play(update)

    assert await stage.undone() == 0


async def test_presses_go_before_photos(stage: Stage) -> None:
    await stage.play(stage.updates.photo(a_photo()))
    button = stage.press(stage.last(), "another")
    for update in (stage.updates.photo(a_photo(1)), button):
        await take_in(stage.memory, update)
    await stage.work()

    assert stage.said()[4] == text("talk.another", KO)


async def test_person_who_blocks_her_is_left_alone(stage: Stage) -> None:
    await stage.play(stage.updates.text("안녕"))
    stage.telegram.block(MINA)
    await stage.play(stage.updates.photo(a_photo()))
    assert await stage.undone() == 0
    assert len(stage.telegram.called("sendMessage")) == 2
    assert await unreachable(stage)


async def test_membership_is_noted(stage: Stage) -> None:
    await stage.play(stage.updates.text("안녕"), stage.updates.membership("kicked"))
    assert await unreachable(stage)
    await stage.play(stage.updates.membership("member"))
    assert not await unreachable(stage)
    assert len(stage.said()) == 1


async def test_polling_takes_in_what_the_door_would(stage: Stage) -> None:
    async with Bot(stage.telegram.token, f"{stage.telegram.url}/bot") as bot:
        polling = asyncio.create_task(take_all_in(bot, stage.memory, patience=0))
        stage.telegram.push({"update_id": 5, "message": "poison"})
        stage.telegram.push(stage.updates.text("안녕"))
        async with asyncio.timeout(60):
            while not await stage.count("inbox WHERE sender = '42'"):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        polling.cancel()
        with suppress(asyncio.CancelledError):
            await polling
    await stage.work()

    assert stage.said() == [text("talk.about", KO)]


async def test_group_that_moved_is_answered_where_it_is(stage: Stage) -> None:
    stage.telegram.move(-5, -1005)
    await stage.play(stage.updates.text("/help", chat=-5))

    assert stage.said(-1005) == [text("telegram.help", KO)]
    assert await stage.undone() == 0


async def test_in_groups_she_answers_who_speaks_to_her(stage: Stage) -> None:
    photo = a_photo()
    name = "@eva_stylist_bot"
    mention = [{"type": "mention", "offset": 0, "length": len(name)}]
    await stage.play(
        stage.updates.photo(photo, chat=-5),
        stage.updates.text("안녕", chat=-5),
        stage.updates.text("/weather", chat=-5),
    )
    assert stage.said(-5) == []
    update = stage.updates.photo(photo, chat=-5, caption=name, caption_entities=mention)
    await stage.play(update)

    assert len(stage.said(-5)) == 4
    (first, *rest) = [call.fields for call in stage.telegram.called("sendMessage")]
    assert first["reply_parameters"]["message_id"] == update["message"]["message_id"]
    assert not any("reply_parameters" in each for each in rest)
    await stage.play(stage.press(stage.last(-5), "share", person=77))
    assert stage.last(-5)["text"] == text("talk.not_yours", KO)
    assert await stage.undone() == 0


async def unreachable(stage: Stage) -> bool:
    async with stage.memory.database.begin() as connection:
        identity = await people.identity_of(connection, Provider.TELEGRAM, str(MINA))
    assert identity is not None
    return identity.unreachable_at is not None


async def test_update_that_lost_its_job_gets_another_one(stage: Stage) -> None:
    number = await take_in(stage.memory, stage.updates.photo(a_photo()))
    assert await adopt(stage.memory) == 0, "it has one"
    async with stage.memory.database.begin() as connection:
        await connection.execute(sql("DELETE FROM procrastinate_jobs"))
    assert await adopt(stage.memory) == 0, "it is too young to be lost"
    async with stage.memory.database.begin() as connection:
        await connection.execute(sql("UPDATE inbox SET received_at = now() - interval '3 minutes'"))

    assert await adopt(stage.memory) == 1
    assert await adopt(stage.memory) == 0
    await stage.work()
    assert await stage.count(f"inbox WHERE id = {number} AND done_at IS NOT NULL") == 1
    assert len(stage.photos()) == 1
