import time
from typing import Any

import pytest
from pydantic import SecretStr
from telegram import Bot
from telegram.request import HTTPXRequest

from bot.telegram.commands import CommandName
from bot.telegram.setup import WebhookState, get_webhook_state, set_commands, set_descriptions, set_webhook
from bot.testing.telegram import FakeTelegram
from core.settings import Settings

URL = "https://eva.example/telegram/webhook"


async def test_commands_and_webhook_are_registered() -> None:
    settings = Settings(telegram_webhook_secret=SecretStr("a-secret_1"))
    with FakeTelegram() as telegram:
        async with Bot(telegram.token, f"{telegram.url}/bot") as bot:
            await set_commands(bot)
            await set_webhook(bot, URL, settings)
        commands, webhook = telegram.api.commands, telegram.api.webhook

    assert (
        [command["command"] for command in commands[""]]
        == [command["command"] for command in commands["ko"]]
        == list(CommandName)
    )
    assert commands[""][1]["description"] == "What I can do"
    assert commands["ko"][1]["description"] == "제가 할 수 있는 일"
    assert (webhook["url"], webhook["secret_token"]) == (URL, "a-secret_1")
    types = ["message", "callback_query", "inline_query", "my_chat_member", "message_reaction"]
    assert webhook["allowed_updates"] == types


async def test_state_of_the_webhook() -> None:
    with FakeTelegram() as telegram:
        settings = Settings(
            telegram_token=SecretStr(telegram.token),
            telegram_webhook_secret=SecretStr("secret"),
            telegram_api_url=telegram.url,
            public_url="https://eva.example",
        )
        assert await get_webhook_state(settings) == (WebhookState.UNSET, "")
        async with Bot(telegram.token, f"{telegram.url}/bot") as bot:
            await set_webhook(bot, "https://other.example/telegram/webhook", settings)
            assert await get_webhook_state(settings) == (WebhookState.ELSEWHERE, "")
            await bot.set_webhook(URL, allowed_updates=["message"])
            assert await get_webhook_state(settings) == (WebhookState.OUTDATED, "")
            await set_webhook(bot, URL, settings)
        assert await get_webhook_state(settings) == (WebhookState.OK, "")
        for age, state in ((60, WebhookState.FAILING), (7200, WebhookState.OK)):
            error = {"last_error_date": int(time.time()) - age, "last_error_message": "Connection refused"}
            telegram.api.webhook_error = error
            found, reason = await get_webhook_state(settings)
            assert (found, reason) == (state, "Connection refused" if state is WebhookState.FAILING else "")
        telegram.token = "1:other"
        assert await get_webhook_state(settings) == (WebhookState.REFUSED, "")
    assert (await get_webhook_state(settings))[0] is WebhookState.UNREACHABLE


async def test_refusal_of_a_proxy_does_not_mean_that_the_token_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    async def answer(request: HTTPXRequest, **options: Any) -> tuple[int, bytes]:
        return 404, b"<html>Not found</html>"

    monkeypatch.setattr(HTTPXRequest, "do_request", answer)
    assert (await get_webhook_state(Settings(telegram_token=SecretStr("1:a"))))[0] is WebhookState.UNREACHABLE


async def test_a_failed_delivery_is_told_by_telegram() -> None:
    with FakeTelegram() as telegram:
        telegram.api.webhook = {"url": "http://127.0.0.1:1/telegram/webhook"}
        assert telegram.deliver_update(telegram.updates.text("안녕")) is None
        async with Bot(telegram.token, f"{telegram.url}/bot") as bot:
            assert (await bot.get_webhook_info()).last_error_message == "Connection refused"


async def test_webhook_needs_a_secret() -> None:
    with FakeTelegram() as telegram:
        async with Bot(telegram.token, f"{telegram.url}/bot") as bot:
            with pytest.raises(ValueError, match="EVA_TELEGRAM_WEBHOOK_SECRET"):
                await set_webhook(bot, URL, Settings(telegram_webhook_secret=None))
        assert telegram.api.webhook == {}


async def test_descriptions_are_registered_in_both_languages() -> None:
    with FakeTelegram() as telegram:
        async with Bot(telegram.token, f"{telegram.url}/bot") as bot:
            await set_descriptions(bot)
        for method, field, limit in (
            ("setMyDescription", "description", 512),
            ("setMyShortDescription", "short_description", 120),
        ):
            texts = {call.fields.get("language_code", ""): call.fields[field] for call in telegram.calls_to(method)}
            assert set(texts) == {"", "ko"}
            assert "eight styles" in texts[""]
            assert "여덟 가지 스타일" in texts["ko"]
            assert all(len(text) <= limit for text in texts.values())
