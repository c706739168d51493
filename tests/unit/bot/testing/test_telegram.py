"""The fake Bot API, called through python-telegram-bot."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from telegram import Bot, BotCommand, InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.constants import ChatAction, ParseMode
from telegram.error import BadRequest, ChatMigrated, Conflict, Forbidden, InvalidToken, NetworkError, RetryAfter

from bot.testing.server import LocalServer
from bot.testing.telegram import FakeTelegram
from tests.images import encode_image, make_quadrants

PHOTO = encode_image(make_quadrants(120, 160))


@pytest.fixture
async def bot(telegram: FakeTelegram) -> AsyncIterator[Bot]:
    bot = Bot(telegram.token, base_url=f"{telegram.url}/bot", base_file_url=f"{telegram.url}/file/bot")
    async with bot:
        yield bot


async def test_messages_are_sent_and_edited(telegram: FakeTelegram, bot: Bot) -> None:
    keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("좋아요", callback_data="s")]])
    sent = await bot.send_message(42, "<b>A</b> &amp; B", reply_markup=keyboard)
    assert telegram.messages(42)[0]["text"] == "<b>A</b> &amp; B"
    await bot.edit_message_text("다시", chat_id=42, message_id=sent.message_id)

    assert [message["text"] for message in telegram.messages(42)] == ["다시"]
    assert telegram.calls_to("sendMessage")[0].fields["reply_markup"]["inline_keyboard"][0][0]["callback_data"] == "s"
    with pytest.raises(BadRequest, match="not modified"):
        await bot.edit_message_text("다시", chat_id=42, message_id=sent.message_id)


async def test_photo_is_uploaded_once_and_sent_again_by_file_id(telegram: FakeTelegram, bot: Bot) -> None:
    sent = await bot.send_photo(42, PHOTO, caption="84%")
    largest = max(sent.photo, key=lambda size: size.width)
    await bot.send_photo(43, largest.file_id)

    first, second = telegram.calls_to("sendPhoto")
    assert first.files["photo"] == PHOTO
    assert not second.files
    assert (largest.width, largest.height) == (120, 160)
    assert bytes(await (await bot.get_file(largest.file_id)).download_as_bytearray()) == PHOTO


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("가" * 4097, {}),
        ("🙂" * 2049, {}),
        ("  ", {}),
        ("<b>A</b>", {"parse_mode": ParseMode.HTML}),
        ("A", {"reply_markup": InlineKeyboardMarkup([[InlineKeyboardButton("A", callback_data="가" * 22)]])}),
    ],
)
async def test_invalid_messages_are_rejected(bot: Bot, text: str, options: dict[str, Any]) -> None:
    with pytest.raises(BadRequest):
        await bot.send_message(42, text, **options)


@pytest.mark.parametrize("data", [b"not an image", encode_image(make_quadrants(2000, 64))])
async def test_invalid_photos_are_rejected(bot: Bot, data: bytes) -> None:
    with pytest.raises(BadRequest):
        await bot.send_photo(42, data)


async def test_long_caption_is_rejected(bot: Bot) -> None:
    with pytest.raises(BadRequest, match="caption"):
        await bot.send_photo(42, PHOTO, caption="가" * 1025)


async def test_large_file_cannot_be_downloaded(telegram: FakeTelegram, bot: Bot) -> None:
    with pytest.raises(BadRequest, match="too big"):
        await bot.get_file(telegram.api.store_file(bytes(20_000_001)))


async def test_planned_errors(telegram: FakeTelegram, bot: Bot) -> None:
    telegram.fail_next("sendMessage", 429, "Too Many Requests: retry after 1", retry_after=1)
    telegram.fail_next("sendMessage", 502, "Bad Gateway", count=2)
    with pytest.raises(RetryAfter):
        await bot.send_message(42, "1")
    for _ in range(2):
        with pytest.raises(NetworkError):
            await bot.send_message(42, "2")
    await bot.send_message(42, "3")
    telegram.block_bot(42)
    telegram.migrate_chat(-5, -100_5)
    with pytest.raises(Forbidden):
        await bot.send_message(42, "4")
    with pytest.raises(ChatMigrated) as migration:
        await bot.send_message(-5, "5")

    assert migration.value.new_chat_id == -100_5
    assert [call.status for call in telegram.calls_to("sendMessage")] == [429, 502, 502, 200, 403, 400]
    assert [message["text"] for message in telegram.messages()] == ["3"]


async def test_wrong_token_and_unknown_method(telegram: FakeTelegram, bot: Bot) -> None:
    with pytest.raises(InvalidToken):
        await Bot("1:wrong", base_url=f"{telegram.url}/bot").get_me()
    async with httpx.AsyncClient(trust_env=False) as client:
        response = await client.post(f"{telegram.url}/bot{telegram.token}/send", data={"chat_id": "42"})
    assert response.status_code == 404


async def test_commands_are_stored_by_language(telegram: FakeTelegram, bot: Bot) -> None:
    await bot.set_my_commands([BotCommand("help", "What I can do")])
    await bot.set_my_commands([BotCommand("help", "제가 할 수 있는 일")], language_code="ko")

    assert {code: commands[0]["description"] for code, commands in telegram.api.commands.items()} == {
        "": "What I can do",
        "ko": "제가 할 수 있는 일",
    }


async def test_query_can_be_answered_once(telegram: FakeTelegram, bot: Bot) -> None:
    message = await bot.send_message(42, "?")
    update = telegram.updates.button_press(telegram.messages(42)[0], "s")
    await bot.answer_callback_query(update["callback_query"]["id"])

    assert message.message_id == update["callback_query"]["message"]["message_id"]
    assert telegram.api.open_queries == set()
    with pytest.raises(BadRequest, match="too old"):
        await bot.answer_callback_query(update["callback_query"]["id"])


async def test_updates_are_delivered_with_the_secret_until_confirmed(telegram: FakeTelegram, bot: Bot) -> None:
    received: list[tuple[str, Any]] = []

    async def receive(request: Request) -> Response:
        received.append((request.headers["x-telegram-bot-api-secret-token"], await request.json()))
        return Response(status_code=500 if len(received) == 1 else 200)

    with LocalServer(Starlette(routes=[Route("/telegram", receive, methods=["POST"])])) as server:
        await bot.set_webhook(f"{server.url}/telegram", secret_token="abc", allowed_updates=["message"])
        update = telegram.updates.text("안녕")
        press = telegram.updates.button_press({}, "s")
        status = await asyncio.to_thread(telegram.deliver_update, update, retry_for=10)
        not_allowed = await asyncio.to_thread(telegram.deliver_update, press)
        with pytest.raises(Conflict):
            await bot.get_updates()

    assert (status, not_allowed) == (200, None)
    assert received == [("abc", update)] * 2


async def test_updates_without_a_webhook_are_returned_by_get_updates(telegram: FakeTelegram, bot: Bot) -> None:
    telegram.deliver_update(telegram.updates.text("하나"))
    telegram.deliver_update(telegram.updates.text("둘"))
    first, second = await bot.get_updates()

    assert [update.message.text for update in (first, second) if update.message] == ["하나", "둘"]
    assert await bot.get_updates(offset=second.update_id + 1) == ()


def test_all_updates_can_be_parsed(telegram: FakeTelegram) -> None:
    updates = telegram.updates
    payloads = [
        updates.text("/start look_1"),
        updates.photo(PHOTO, caption="이거 어때?"),
        updates.document(b"x"),
        *updates.album([PHOTO, PHOTO]),
        *(updates.media(kind) for kind in ("sticker", "video", "video_note", "voice", "audio", "animation")),
        *(updates.media(kind) for kind in ("location", "contact")),
        updates.inline_query("street"),
        updates.membership_change("kicked"),
        updates.membership_change("member"),
    ]
    parsed = [Update.de_json(payload, None) for payload in payloads]

    assert all(len(update.to_dict()) == 2 for update in parsed)
    assert [update.update_id for update in parsed] == sorted({update.update_id for update in parsed})


async def test_calls_are_recorded_and_can_be_waited_for(telegram: FakeTelegram, bot: Bot) -> None:
    await bot.send_chat_action(42, ChatAction.TYPING)

    assert telegram.wait(lambda: telegram.calls_to("sendChatAction"))[0].fields["action"] == "typing"
    with pytest.raises(TimeoutError):
        telegram.wait(lambda: telegram.calls_to("sendMessage"), timeout=0.01)
