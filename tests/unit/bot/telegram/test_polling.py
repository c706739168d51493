import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import pytest
from telegram import Bot
from telegram.error import EndPointNotFound
from telegram.request import HTTPXRequest

from bot.telegram.polling import RETRY_DELAY, iter_updates
from bot.testing.telegram import FakeTelegram


@pytest.fixture
async def bot(telegram: FakeTelegram) -> AsyncIterator[Bot]:
    async with Bot(telegram.token, f"{telegram.url}/bot") as bot:
        yield bot


async def test_each_update_is_yielded_once_unchanged(telegram: FakeTelegram, bot: Bot) -> None:
    invalid = {"update_id": 700_000, "message": {"message_id": "?"}}
    telegram.api.webhook = {"url": "https://eva.example"}
    sent = [invalid, telegram.updates.text("하나"), telegram.updates.text("둘")]
    async with aclosing(iter_updates(bot, poll_seconds=1)) as updates:
        first = asyncio.ensure_future(anext(updates))
        await asyncio.to_thread(telegram.wait, lambda: telegram.calls_to("deleteWebhook"))
        for update in sent:
            telegram.deliver_update(update)
        received = [await first, await anext(updates), await anext(updates)]
        telegram.deliver_update(telegram.updates.text("셋"))
        last = await anext(updates)

    assert received == sent
    assert last["message"]["text"] == "셋"


async def test_unconfirmed_update_is_received_again(telegram: FakeTelegram, bot: Bot) -> None:
    telegram.deliver_update(telegram.updates.text("하나"))
    for _ in range(2):
        async with aclosing(iter_updates(bot, poll_seconds=0)) as updates:
            assert (await anext(updates))["message"]["text"] == "하나"


async def test_errors_are_retried_after_a_delay(telegram: FakeTelegram, bot: Bot) -> None:
    delays: list[float] = []

    async def sleep(seconds: float) -> None:
        delays.append(seconds)

    telegram.deliver_update(telegram.updates.text("하나"))
    telegram.fail_next("deleteWebhook", 502, "Bad Gateway")
    telegram.fail_next("deleteWebhook", 429, "Too Many Requests: retry after 7", retry_after=7)
    telegram.fail_next("getUpdates", 502, "Bad Gateway")
    for wait in (1, 40):
        telegram.fail_next("getUpdates", 429, f"Too Many Requests: retry after {wait}", retry_after=wait)
    async with aclosing(iter_updates(bot, poll_seconds=0, sleep=sleep)) as updates:
        assert (await anext(updates))["message"]["text"] == "하나"

    assert delays == [RETRY_DELAY, 7, RETRY_DELAY, RETRY_DELAY, 40]
    assert len(telegram.calls_to("deleteWebhook")) == 3


@pytest.mark.parametrize("status", [200, 400, 401, 404])
async def test_response_of_a_proxy_is_retried(
    telegram: FakeTelegram, bot: Bot, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    delays: list[float] = []
    do_request, answers = HTTPXRequest.do_request, [(status, b"<html>Log in to this network</html>")]

    async def sleep(seconds: float) -> None:
        delays.append(seconds)

    async def answer(request: HTTPXRequest, **options: Any) -> tuple[int, bytes]:
        if answers and options["url"].endswith("/getUpdates"):
            return answers.pop()
        return await do_request(request, **options)

    monkeypatch.setattr(HTTPXRequest, "do_request", answer)
    telegram.deliver_update(telegram.updates.text("하나"))
    async with aclosing(iter_updates(bot, poll_seconds=0, sleep=sleep)) as updates:
        assert (await anext(updates))["message"]["text"] == "하나"

    assert delays == [RETRY_DELAY]


async def test_wrong_token_ends_the_polling(telegram: FakeTelegram, bot: Bot) -> None:
    telegram.fail_next("getUpdates", 401, "Unauthorized")
    with pytest.raises(EndPointNotFound):
        await anext(iter_updates(bot, poll_seconds=0))


async def test_second_poller_is_waited_out(telegram: FakeTelegram, bot: Bot) -> None:
    delays: list[float] = []

    async def sleep(seconds: float) -> None:
        delays.append(seconds)

    telegram.deliver_update(telegram.updates.text("하나"))
    description = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
    telegram.fail_next("getUpdates", 409, description, count=3)
    async with aclosing(iter_updates(bot, poll_seconds=0, sleep=sleep)) as updates:
        assert (await anext(updates))["message"]["text"] == "하나"

    assert delays == [RETRY_DELAY] * 3
