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
# Calls with what the methods of the library do not let through.
pytestmark = pytest.mark.filterwarnings("ignore:Please use 'Bot:telegram.warnings.PTBUserWarning")


@pytest.fixture
async def bot(telegram: FakeTelegram) -> AsyncIterator[Bot]:
    bot = Bot(telegram.token, base_url=f"{telegram.url}/bot", base_file_url=f"{telegram.url}/file/bot")
    async with bot:
        yield bot


async def test_messages_are_sent_and_edited(telegram: FakeTelegram, bot: Bot) -> None:
    keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("좋아요", callback_data="s")]])
    sent = await bot.send_message(42, "<b>A</b> &amp; B", reply_markup=keyboard)
    assert telegram.messages(42)[0]["text"] == "<b>A</b> &amp; B"
    await bot.edit_message_reply_markup(42, sent.message_id, reply_markup=None)

    assert ["reply_markup" in message for message in telegram.messages(42)] == [False]
    assert telegram.calls_to("sendMessage")[0].fields["reply_markup"]["inline_keyboard"][0][0]["callback_data"] == "s"
    with pytest.raises(BadRequest, match="not modified"):
        await bot.edit_message_reply_markup(42, sent.message_id, reply_markup=None)


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


def button(**kind: Any) -> dict[str, Any]:
    return {"inline_keyboard": [[{"text": "A"} | kind]]}


def photo_result(**more: Any) -> dict[str, Any]:
    return {"type": "photo", "id": "1", "photo_url": "https://a.b/1.jpg", "thumbnail_url": "https://a.b/1.jpg"} | more


MESSAGE = {"chat_id": 42, "text": "A"}
ARTICLE = {"type": "article", "id": "1", "title": "A", "input_message_content": {"message_text": "A"}}
COMMAND = {"command": "help", "description": "Help"}


@pytest.mark.parametrize(
    ("method", "accepted", "refused"),
    [
        ("sendMessage", {}, {"reply_parameters": {"message_id": 999}}),
        ("sendMessage", {"reply_parameters": {"message_id": 9, "allow_sending_without_reply": True}}, {"text": ""}),
        ("sendMessage", {}, {"message_thread_id": 5}),
        ("sendMessage", {"reply_markup": button(url="https://a.b")}, {"reply_markup": button(url="http://localhost")}),
        ("sendMessage", {"reply_markup": button(url="http://10.0.0.1:80/")}, {"reply_markup": button(url="mailto:a")}),
        ("sendMessage", {}, {"reply_markup": {"inline_keyboard": [9 * [{"text": "A", "callback_data": "s"}]]}}),
        ("sendMessage", {}, {"reply_markup": {"inline_keyboard": 101 * [[{"text": "A", "callback_data": "s"}]]}}),
        ("sendMessage", {}, {"reply_markup": button(callback_data="s", url="https://a.b")}),
        ("sendChatAction", {"action": "typing"}, {"action": "dancing"}),
        ("answerInlineQuery", {"results": [photo_result()]}, {"results": 2 * [photo_result()]}),
        ("answerInlineQuery", {"results": []}, {"results": [photo_result(id=str(i)) for i in range(51)]}),
        ("answerInlineQuery", {"results": [photo_result(id=64 * "1")]}, {"results": [photo_result(id=22 * "가")]}),
        ("answerInlineQuery", {"results": []}, {"results": [photo_result(photo_url="http://localhost/1.jpg")]}),
        ("answerInlineQuery", {"results": []}, {"results": [photo_result(thumbnail_url="")]}),
        ("answerInlineQuery", {"results": []}, {"results": [photo_result(caption=1025 * "A")]}),
        ("answerInlineQuery", {"results": [ARTICLE]}, {"results": [ARTICLE | {"title": ""}]}),
        ("answerInlineQuery", {"results": []}, {"results": [ARTICLE | {"input_message_content": {}}]}),
        ("answerInlineQuery", {"results": []}, {"results": [ARTICLE | {"reply_markup": button()}]}),
        ("answerInlineQuery", {"button": {"text": "A", "start_parameter": "a-1"}}, {"button": {"text": "A"}}),
        ("setWebhook", {"url": "https://a.b", "secret_token": "a_B-1"}, {"url": "https://a.b", "secret_token": "a b"}),
        ("setWebhook", {"url": "", "max_connections": 100}, {"url": "https://a.b", "max_connections": 101}),
        ("setWebhook", {"allowed_updates": ["message"]}, {"url": "https://a.b", "allowed_updates": ["messages"]}),
        ("setMyCommands", {"commands": [COMMAND]}, {"commands": [COMMAND | {"command": "Help"}]}),
        ("setMyCommands", {"commands": 100 * [COMMAND]}, {"commands": 101 * [COMMAND]}),
        ("setMyCommands", {"commands": [COMMAND]}, {"commands": [COMMAND | {"description": ""}]}),
        ("setMyCommands", {"commands": [], "language_code": "ko"}, {"commands": [], "language_code": "ko-KR"}),
        ("setMyDescription", {"description": 512 * "A"}, {"description": 513 * "A"}),
        ("setMyShortDescription", {"short_description": 120 * "A"}, {"short_description": 121 * "A"}),
    ],
)
async def test_what_telegram_accepts_and_refuses(
    telegram: FakeTelegram, bot: Bot, method: str, accepted: dict[str, Any], refused: dict[str, Any]
) -> None:
    common: dict[str, Any] = MESSAGE if method.startswith("send") else {}
    if method == "answerInlineQuery":
        common = {"inline_query_id": telegram.updates.inline_query("?")["inline_query"]["id"], "results": []}
    with pytest.raises(BadRequest):
        await bot.do_api_request(method, api_kwargs=common | refused)
    assert await bot.do_api_request(method, api_kwargs=common | accepted)


async def test_reply_to_a_known_message_of_a_known_topic(telegram: FakeTelegram, bot: Bot) -> None:
    message = telegram.updates.text("안녕", chat_id=-5, message_thread_id=9, is_topic_message=True)["message"]
    place = {"message_thread_id": 9, "reply_parameters": {"message_id": message["message_id"]}}
    assert await bot.do_api_request("sendMessage", api_kwargs={"chat_id": -5, "text": "A"} | place)


async def test_messages_are_refused_until_a_flood_ends(telegram: FakeTelegram, bot: Bot) -> None:
    message = await bot.send_message(42, "1")
    telegram.demand_wait(60)
    for call in (bot.send_message(42, "2"), bot.edit_message_reply_markup(42, message.message_id)):
        with pytest.raises(RetryAfter):
            await call
    assert await bot.get_me()
    telegram.skip_time(60)
    await bot.send_message(42, "4")
    assert [message["text"] for message in telegram.messages(42)] == ["1", "4"]


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
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
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
