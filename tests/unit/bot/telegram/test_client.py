"""The client against a Bot API that floods, fails, blocks and does not respond."""

import asyncio
import traceback
from datetime import timedelta
from typing import Any, cast

import pytest
from telegram import InlineKeyboardButton, InlineKeyboardMarkup
from telegram.constants import ChatAction
from telegram.error import RetryAfter
from telegram.ext import ExtBot
from telegram.request import HTTPXRequest

from bot.telegram.bot_api_errors import flood_wait
from bot.telegram.client import RETRY_DELAYS, MessageRateLimiter, TelegramClient
from bot.telegram.delivery import UpdateDelivery
from bot.telegram.outgoing_messages import OutgoingMessage, text_messages
from bot.telegram.updates import TextMessage
from bot.telegram.verdicts import CAPTION_SLOTS, REMARK_SLOTS, format_verdict
from bot.testing.telegram import FakeTelegram
from core.conversation.narration import verdict_messages
from core.errors import (
    ChatUnavailableError,
    DeliveryError,
    FloodWaitError,
    MessageRejectedError,
    PhotoTooLargeError,
    RemotePhotoGoneError,
    RemotePhotoUnavailableError,
)
from core.i18n.translations import Language
from core.resources import Resources
from core.vision.verdict import ConfidenceBand
from tests.factories import make_verdict
from tests.images import encode_image, make_quadrants
from tests.unit.bot.telegram.conftest import no_sleep

KEYBOARD = InlineKeyboardMarkup([[InlineKeyboardButton("좋아요", callback_data="s")]])
PHOTO = encode_image(make_quadrants())
HELLO = OutgoingMessage(text="안녕하세요")


@pytest.fixture
def delays() -> list[float]:
    """The delays that were requested, without waiting."""
    return []


@pytest.fixture
def client(bot: ExtBot[None], delays: list[float]) -> TelegramClient:
    async def sleep(seconds: float) -> None:
        delays.append(seconds)

    return TelegramClient(bot, MessageRateLimiter(sleep=no_sleep), sleep=sleep, chat_action_interval=0.02)


async def download(client: TelegramClient, file_id: str) -> bytes:
    async with client.download(file_id, len(PHOTO)) as data:
        return data


async def test_text_and_photo_are_sent(telegram: FakeTelegram, client: TelegramClient) -> None:
    (text,) = text_messages("<3 & 가", keyboard=KEYBOARD)
    text_id = await client.send_message(42, text, reply_to=7)
    photo_id = await client.send_message(42, OutgoingMessage(text="<b>여기</b> &amp;", photo=PHOTO))

    messages = telegram.messages()
    assert messages[0]["text"] == "<3 & 가"
    assert [message["message_id"] for message in messages] == [text_id, photo_id]
    assert telegram.calls_to("sendMessage")[0].fields["reply_parameters"]["message_id"] == 7
    assert messages[1]["caption"] == "<b>여기</b> &amp;"
    assert telegram.calls_to("sendPhoto")[0].files["photo"] == PHOTO


async def test_long_texts_and_captions_are_shortened(telegram: FakeTelegram, client: TelegramClient) -> None:
    await client.send_message(42, OutgoingMessage(text="<b>&" * 2000))
    await client.send_message(42, OutgoingMessage(text="🙂" * 900, photo=PHOTO))

    text, caption = telegram.messages()[0]["text"], telegram.messages()[1]["caption"]
    assert text == ("<b>&" * 2000)[:4095] + "…"
    assert caption == "🙂" * 511 + "…"


@pytest.mark.parametrize("language", list(Language))
async def test_every_verdict_is_accepted(telegram: FakeTelegram, client: TelegramClient, language: Language) -> None:
    for chat_id, band in enumerate(ConfidenceBand, start=1):
        verdict = make_verdict(band, first=0.5, runner_up=0.4)
        messages = verdict_messages(verdict, seed="a", language=language)
        for message in format_verdict(messages, verdict, heatmap=PHOTO, keyboard=KEYBOARD):
            assert await client.send_message(chat_id, message) is not None
        received = telegram.messages(chat_id)
        text = "\n".join(message.get("text") or message["caption"] for message in received)
        assert all(message.text in text for message in messages if message.slot in {*CAPTION_SLOTS, *REMARK_SLOTS})
        assert len(telegram.messages(chat_id, "photo")) == (band is not ConfidenceBand.NOT_AN_OUTFIT)
        assert "reply_markup" in received[0]


async def test_flood_wait_is_as_long_as_telegram_demands(
    telegram: FakeTelegram, client: TelegramClient, delays: list[float]
) -> None:
    telegram.fail_next("sendMessage", 429, "Too Many Requests: retry after 7", count=2, retry_after=7)

    assert await client.send_message(42, HELLO) is not None
    assert delays == [7.0, 7.0]
    assert len(telegram.messages(42)) == 1


async def test_long_flood_is_left_to_a_retry_of_the_job(
    telegram: FakeTelegram, client: TelegramClient, delays: list[float]
) -> None:
    telegram.fail_next("sendMessage", 429, "Too Many Requests: retry after 3600", retry_after=3600)

    with pytest.raises(FloodWaitError, match="3600 s") as flood:
        await client.send_message(42, HELLO)
    assert flood.value.seconds == 3600
    assert delays == []


async def test_server_errors_are_retried_with_growing_delays(
    telegram: FakeTelegram, client: TelegramClient, delays: list[float]
) -> None:
    telegram.fail_next("sendMessage", 502, "Bad Gateway", count=3)

    assert await client.send_message(42, HELLO) is not None
    assert delays == list(RETRY_DELAYS)


async def test_permanent_error_is_raised(telegram: FakeTelegram, client: TelegramClient) -> None:
    telegram.fail_next("sendMessage", 500, "Internal Server Error", count=10)

    with pytest.raises(DeliveryError):
        await client.send_message(42, HELLO)
    assert len(telegram.calls_to("sendMessage")) == 4


async def test_unreachable_telegram_is_an_error(telegram: FakeTelegram, client: TelegramClient) -> None:
    telegram.__exit__(None, None, None)

    with pytest.raises(DeliveryError):
        await client.send_message(42, HELLO)
    with pytest.raises(RemotePhotoUnavailableError):
        await download(client, "AgAC")


async def test_message_without_a_response_is_not_sent_twice(telegram: FakeTelegram) -> None:
    telegram.delay_next("sendMessage", 1.0)
    root = telegram.url
    request = HTTPXRequest(read_timeout=0.2)
    async with ExtBot(telegram.token, f"{root}/bot", f"{root}/file/bot", request) as bot:
        message_id = await TelegramClient(bot, MessageRateLimiter()).send_message(42, HELLO)

    assert message_id is None
    assert len(telegram.messages(42)) == 1


async def test_a_cancelled_send_takes_its_response_and_ends_before_the_next_call(
    telegram: FakeTelegram, client: TelegramClient
) -> None:
    telegram.delay_next("sendMessage", 0.3)
    received: list[int | None] = []

    async def send_two() -> None:
        for _ in range(2):
            received.append(await client.send_message(42, HELLO))

    sending = asyncio.create_task(send_two())
    await asyncio.to_thread(telegram.wait, lambda: telegram.calls_to("sendMessage"))
    sending.cancel()

    with pytest.raises(asyncio.CancelledError):
        await sending
    assert received == [message["message_id"] for message in telegram.messages(42)]
    assert len(received) == 1


async def test_a_cancelled_task_ends_although_it_sends_nothing_more(
    telegram: FakeTelegram, client: TelegramClient
) -> None:
    telegram.delay_next("sendMessage", 0.3)

    async def send_now_and_then() -> None:
        while True:
            await client.send_message(42, HELLO)
            await asyncio.sleep(60)

    sending = asyncio.create_task(send_now_and_then())
    await asyncio.to_thread(telegram.wait, lambda: telegram.calls_to("sendMessage"))
    sending.cancel()

    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(sending, 20)
    assert len(telegram.messages(42)) == 1


async def test_a_cancelled_send_is_not_repeated_after_a_flood(
    telegram: FakeTelegram, client: TelegramClient, delays: list[float]
) -> None:
    telegram.fail_next("sendMessage", 429, retry_after=20, delay=0.3)
    sending = asyncio.create_task(client.send_message(42, HELLO))
    await asyncio.to_thread(telegram.wait, lambda: telegram.calls_to("sendMessage"))
    sending.cancel()

    with pytest.raises(asyncio.CancelledError):
        await sending
    assert len(telegram.calls_to("sendMessage")) == 1
    assert delays == []


async def test_response_of_a_proxy_is_no_response_of_telegram(
    telegram: FakeTelegram,
    client: TelegramClient,
    delays: list[float],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    do_request, answers = HTTPXRequest.do_request, [(200, b"<html>Log in to this network</html>")] * 2

    async def answer(request: HTTPXRequest, **options: Any) -> tuple[int, bytes]:
        return answers.pop() if answers else await do_request(request, **options)

    monkeypatch.setattr(HTTPXRequest, "do_request", answer)
    assert await client.send_message(42, HELLO) is not None
    assert delays == list(RETRY_DELAYS[:2])
    answers.extend([(200, b"")] * 4)
    with pytest.raises(DeliveryError):
        await client.send_message(42, HELLO)
    assert len(telegram.messages(42)) == 1
    assert "Log in" not in caplog.text, "a response may hold messages"


@pytest.mark.parametrize("status", [400, 401, 403, 404])
async def test_refusal_of_a_proxy_is_no_refusal_of_telegram(
    client: TelegramClient, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    """A firewall's 403 does not mean that a person blocked the bot, and its 404 not that a photo is gone."""

    async def answer(request: HTTPXRequest, **options: Any) -> tuple[int, bytes]:
        return status, b'<html>it\'s a "secret" text</html>'

    monkeypatch.setattr(HTTPXRequest, "do_request", answer)
    with pytest.raises(DeliveryError) as failure:
        await client.send_message(42, HELLO)
    assert "secret" not in "".join(traceback.format_exception(failure.value))
    with pytest.raises(RemotePhotoUnavailableError):
        await download(client, "AgAC")


async def test_reason_of_a_refusal_has_nothing_of_the_message(telegram: FakeTelegram, client: TelegramClient) -> None:
    telegram.fail_next(
        "sendMessage", 400, "Bad Request: inline keyboard button URL 'https://eva/l/k3y' is invalid: Wrong HTTP URL"
    )
    with pytest.raises(MessageRejectedError, match="wrong http url") as refusal:
        await client.send_message(42, HELLO)
    assert "k3y" not in refusal.value.detail


async def test_blocked_bot_does_not_retry(telegram: FakeTelegram, client: TelegramClient) -> None:
    telegram.block_bot(42)

    with pytest.raises(ChatUnavailableError):
        await client.send_message(42, HELLO)
    assert len(telegram.calls_to("sendMessage")) == 1


@pytest.mark.parametrize("description", ["Bad Request: chat not found", "Bad Request: PEER_ID_INVALID"])
async def test_deleted_chat(telegram: FakeTelegram, client: TelegramClient, description: str) -> None:
    telegram.fail_next("sendMessage", 400, description)

    with pytest.raises(ChatUnavailableError):
        await client.send_message(42, HELLO)


async def test_upgraded_group_gets_the_message_in_its_new_chat(telegram: FakeTelegram, client: TelegramClient) -> None:
    telegram.migrate_chat(-5, -1005)
    assert await client.send_message(-5, HELLO, reply_to=7, thread_id=8) is not None

    (message,) = telegram.messages(-1005)
    assert message["text"] == HELLO.text
    assert not {"reply_to_message", "message_thread_id"} & message.keys()


async def test_group_that_moves_in_a_circle_is_unavailable(telegram: FakeTelegram, client: TelegramClient) -> None:
    telegram.migrate_chat(-5, -1005)
    telegram.migrate_chat(-1005, -5)
    with pytest.raises(ChatUnavailableError):
        await client.send_message(-5, HELLO)


async def test_invalid_message_is_not_retried(telegram: FakeTelegram, client: TelegramClient) -> None:
    with pytest.raises(MessageRejectedError, match="text is empty"):
        await client.send_message(42, OutgoingMessage(text=" "))
    assert len(telegram.calls_to("sendMessage")) == 1


async def test_button_press_is_answered_and_an_old_one_ignored(telegram: FakeTelegram, client: TelegramClient) -> None:
    query = telegram.updates.button_press({}, "s")["callback_query"]["id"]
    await client.answer_callback_query(query)
    await client.answer_callback_query(query)

    assert [call.status for call in telegram.calls_to("answerCallbackQuery")] == [200, 400]


async def test_keyboard_is_replaced_and_an_unchanged_one_ignored(
    telegram: FakeTelegram, client: TelegramClient
) -> None:
    message_id = await client.send_message(42, HELLO)
    assert message_id is not None
    await client.edit_keyboard(42, message_id, KEYBOARD)
    await client.edit_keyboard(42, message_id, KEYBOARD)
    await client.edit_keyboard(42, 999, None)

    assert telegram.messages(42)[0]["reply_markup"]["inline_keyboard"][0][0]["text"] == "좋아요"


async def test_chat_action_lasts_as_long_as_the_block(telegram: FakeTelegram, client: TelegramClient) -> None:
    telegram.fail_next("sendChatAction", 502, "Bad Gateway")
    update = TextMessage(update_id=1, user_id=42, chat_id=42, language_code="ko", text="안녕")
    # Nothing is stored by an action.
    delivery = UpdateDelivery(cast("Resources", None), client, update, sender=None, inbox_ids=[1], done={})
    with pytest.raises(ZeroDivisionError):
        async with delivery.chat_action(ChatAction.UPLOAD_PHOTO):
            await asyncio.to_thread(telegram.wait, lambda: len(telegram.calls_to("sendChatAction")) >= 3)
            raise ZeroDivisionError
    calls_after = len(telegram.calls_to("sendChatAction"))
    await asyncio.sleep(0.1)

    assert len(telegram.calls_to("sendChatAction")) == calls_after
    assert {call.fields["action"] for call in telegram.calls_to("sendChatAction")} == {"upload_photo"}


async def test_file_is_downloaded(telegram: FakeTelegram, client: TelegramClient) -> None:
    assert await download(client, telegram.api.store_file(b"photo")) == b"photo"


async def test_files_that_cannot_be_downloaded(telegram: FakeTelegram, client: TelegramClient) -> None:
    with pytest.raises(PhotoTooLargeError):
        await download(client, telegram.api.store_file(bytes(20_000_001)))
    with pytest.raises(RemotePhotoGoneError):
        await download(client, "AgACunknown")
    for status in (403, 404):
        telegram.fail_next("download", status)
        with pytest.raises(RemotePhotoGoneError):
            await download(client, telegram.api.store_file(b"photo"))
    passing = "Bad Request: wrong file_id or the file is temporarily unavailable"
    for method, status, reason, count in (("getFile", 400, passing, 1), ("download", 500, "Internal Server Error", 4)):
        telegram.fail_next(method, status, reason, count=count)
        with pytest.raises(RemotePhotoUnavailableError):
            await download(client, telegram.api.store_file(b"photo"))


@pytest.mark.parametrize("wait", [3, 3.0, timedelta(seconds=3)])
def test_flood_wait_may_be_a_number_or_a_timedelta(wait: float | timedelta, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RetryAfter, "retry_after", wait)
    assert flood_wait(RetryAfter(1)) == 3.0
