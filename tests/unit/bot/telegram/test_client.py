"""Delivery through python-telegram-bot to a Bot API that floods, breaks, blocks and falls silent."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from io import BytesIO

import pytest
from pydantic import SecretStr
from telegram import InlineKeyboardButton, InlineKeyboardMarkup
from telegram.constants import ChatAction
from telegram.ext import AIORateLimiter, ExtBot
from telegram.request import HTTPXRequest

from bot.telegram.client import RETRY_DELAYS, ChatRateLimiter, SendStatus, TelegramClient, _to_seconds, create_bot
from bot.telegram.formatting import OutgoingMessage, format_verdict, text_messages
from bot.testing.telegram import FakeTelegram
from core.conversation.narration import verdict_messages
from core.errors import (
    DeliveryError,
    MessageRejectedError,
    PhotoTooLargeError,
    RemotePhotoGoneError,
    RemotePhotoUnavailableError,
)
from core.i18n.translations import Language
from core.logging import configure_logging
from core.settings import Environment, Settings
from core.vision.verdict import ConfidenceBand
from tests.factories import make_verdict
from tests.images import make_quadrants

KEYBOARD = InlineKeyboardMarkup([[InlineKeyboardButton("좋아요", callback_data="s")]])
HELLO = OutgoingMessage(html="안녕하세요")


def jpeg() -> bytes:
    file = BytesIO()
    make_quadrants().save(file, "JPEG")
    return file.getvalue()


@pytest.fixture
def telegram() -> Iterator[FakeTelegram]:
    with FakeTelegram() as telegram:
        yield telegram


@pytest.fixture
def slept() -> list[float]:
    """The pauses that were made, without making them."""
    return []


@pytest.fixture
async def bot(telegram: FakeTelegram) -> AsyncIterator[ExtBot[int]]:
    settings = Settings(telegram_token=SecretStr(telegram.token), telegram_api_url=telegram.url + "/")
    async with create_bot(settings) as bot:
        yield bot


@pytest.fixture
def sender(bot: ExtBot[int], slept: list[float]) -> TelegramClient:
    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    return TelegramClient(bot, rate_limiter=ChatRateLimiter(0.0), sleep=sleep, chat_action_interval=0.02)


async def test_text_and_photo_arrive_as_they_were_meant(telegram: FakeTelegram, sender: TelegramClient) -> None:
    (words,) = text_messages("<3 & 가", keyboard=KEYBOARD)
    text = await sender.send_message(42, words, reply_to=7)
    photo = await sender.send_message(42, OutgoingMessage(html="<b>여기</b>", photo=jpeg()))
    again = await sender.send_message(43, OutgoingMessage(html="", photo=photo.photo))

    shown = telegram.messages()
    assert [receipt.status for receipt in (text, photo, again)] == [SendStatus.SENT] * 3
    assert shown[0]["text"] == "<3 & 가"
    assert shown[0]["message_id"] == text.message_id
    assert telegram.calls_to("sendMessage")[0].fields["reply_parameters"]["message_id"] == 7
    assert shown[1]["caption"] == "여기"
    assert telegram.calls_to("sendPhoto")[0].files["photo"] == jpeg()
    assert not telegram.calls_to("sendPhoto")[1].files


@pytest.mark.parametrize("language", list(Language))
async def test_every_verdict_is_taken(telegram: FakeTelegram, sender: TelegramClient, language: Language) -> None:
    for chat, band in enumerate(ConfidenceBand, start=1):
        verdict = make_verdict(band, first=0.5, runner_up=0.4)
        bubbles = verdict_messages(verdict, seed="a", language=language)
        for message in format_verdict(bubbles, verdict, heatmap=jpeg(), keyboard=KEYBOARD):
            assert (await sender.send_message(chat, message)).status is SendStatus.SENT
        shown = telegram.messages(chat)
        said = "\n".join(message.get("text") or message["caption"] for message in shown)
        assert said == "\n".join(each.text for each in bubbles)
        assert len(telegram.messages(chat, "photo")) == (band is not ConfidenceBand.NOT_AN_OUTFIT)
        assert "reply_markup" in shown[-1]


async def test_flood_is_waited_for_as_long_as_telegram_says(
    telegram: FakeTelegram, sender: TelegramClient, slept: list[float]
) -> None:
    telegram.fail_next("sendMessage", 429, "Too Many Requests: retry after 7", count=2, retry_after=7)

    assert (await sender.send_message(42, HELLO)).status is SendStatus.SENT
    assert slept == [7.0, 7.0]
    assert len(telegram.messages(42)) == 1


async def test_long_flood_is_left_to_a_later_try(
    telegram: FakeTelegram, sender: TelegramClient, slept: list[float]
) -> None:
    telegram.fail_next("sendMessage", 429, "Too Many Requests: retry after 3600", retry_after=3600)

    with pytest.raises(DeliveryError, match="3600 s"):
        await sender.send_message(42, HELLO)
    assert slept == []


async def test_server_errors_are_tried_again_with_growing_pauses(
    telegram: FakeTelegram, sender: TelegramClient, slept: list[float]
) -> None:
    telegram.fail_next("sendMessage", 502, "Bad Gateway", count=3)

    assert (await sender.send_message(42, HELLO)).status is SendStatus.SENT
    assert slept == list(RETRY_DELAYS)


async def test_lasting_fault_is_reported(telegram: FakeTelegram, sender: TelegramClient) -> None:
    telegram.fail_next("sendMessage", 500, "Internal Server Error", count=10)

    with pytest.raises(DeliveryError):
        await sender.send_message(42, HELLO)
    assert len(telegram.calls_to("sendMessage")) == 4


async def test_unreachable_telegram_is_reported(telegram: FakeTelegram, sender: TelegramClient) -> None:
    telegram.__exit__(None, None, None)

    with pytest.raises(DeliveryError):
        await sender.send_message(42, HELLO)
    with pytest.raises(RemotePhotoUnavailableError):
        await sender.download("AgAC")


async def test_message_without_an_answer_is_not_sent_twice(telegram: FakeTelegram) -> None:
    telegram.delay_next("sendMessage", 1.0)
    root = telegram.url
    impatient = HTTPXRequest(read_timeout=0.2)
    rates = AIORateLimiter()
    async with ExtBot(telegram.token, f"{root}/bot", f"{root}/file/bot", impatient, rate_limiter=rates) as bot:
        receipt = await TelegramClient(bot).send_message(42, HELLO)

    assert receipt.status is SendStatus.UNKNOWN
    assert len(telegram.messages(42)) == 1


async def test_person_who_blocked_her_is_left_alone(telegram: FakeTelegram, sender: TelegramClient) -> None:
    telegram.block_bot(42)

    assert (await sender.send_message(42, HELLO)).status is SendStatus.BLOCKED
    assert len(telegram.calls_to("sendMessage")) == 1


@pytest.mark.parametrize("description", ["Bad Request: chat not found", "Bad Request: PEER_ID_INVALID"])
async def test_chat_that_is_no_more(telegram: FakeTelegram, sender: TelegramClient, description: str) -> None:
    telegram.fail_next("sendMessage", 400, description)

    assert (await sender.send_message(42, HELLO)).status is SendStatus.BLOCKED


async def test_group_that_moved_tells_where_to(telegram: FakeTelegram, sender: TelegramClient) -> None:
    telegram.migrate_chat(-5, -1005)
    receipt = await sender.send_message(-5, HELLO)

    assert (receipt.status, receipt.migrated_to) == (SendStatus.MIGRATED, -1005)


async def test_message_that_is_wrong_is_not_tried_again(telegram: FakeTelegram, sender: TelegramClient) -> None:
    with pytest.raises(MessageRejectedError, match="parse entities"):
        await sender.send_message(42, OutgoingMessage(html="<b>A"))
    assert len(telegram.calls_to("sendMessage")) == 1


async def test_press_is_answered_and_an_old_one_does_not_matter(telegram: FakeTelegram, sender: TelegramClient) -> None:
    query = telegram.updates.button_press({}, "s")["callback_query"]["id"]
    await sender.answer_callback_query(query, "가" * 300)
    await sender.answer_callback_query(query)

    assert [call.status for call in telegram.calls_to("answerCallbackQuery")] == [200, 400]


async def test_keyboard_is_changed_and_the_same_one_does_not_matter(
    telegram: FakeTelegram, sender: TelegramClient
) -> None:
    receipt = await sender.send_message(42, HELLO)
    assert receipt.message_id is not None
    await sender.edit_keyboard(42, receipt.message_id, KEYBOARD)
    await sender.edit_keyboard(42, receipt.message_id, KEYBOARD)
    await sender.edit_keyboard(42, 999, None)

    assert telegram.messages(42)[0]["reply_markup"]["inline_keyboard"][0][0]["text"] == "좋아요"


async def test_signs_of_life_last_as_long_as_the_work(telegram: FakeTelegram, sender: TelegramClient) -> None:
    telegram.fail_next("sendChatAction", 502, "Bad Gateway")
    with pytest.raises(ZeroDivisionError):
        async with sender.chat_action(42, ChatAction.UPLOAD_PHOTO):
            await asyncio.to_thread(telegram.wait, lambda: len(telegram.calls_to("sendChatAction")) >= 3)
            raise ZeroDivisionError
    stopped_after = len(telegram.calls_to("sendChatAction"))
    await asyncio.sleep(0.1)

    assert len(telegram.calls_to("sendChatAction")) == stopped_after
    assert {call.fields["action"] for call in telegram.calls_to("sendChatAction")} == {"upload_photo"}


async def test_file_is_fetched(telegram: FakeTelegram, sender: TelegramClient) -> None:
    assert await sender.download(telegram.api.store_file(b"photo")) == b"photo"


async def test_files_that_cannot_be_fetched(telegram: FakeTelegram, sender: TelegramClient) -> None:
    with pytest.raises(PhotoTooLargeError):
        await sender.download(telegram.api.store_file(bytes(20_000_001)))
    with pytest.raises(RemotePhotoGoneError):
        await sender.download("AgACunknown")
    telegram.fail_next("download", 404, "Not Found")
    with pytest.raises(RemotePhotoGoneError):
        await sender.download(telegram.api.store_file(b"photo"))
    telegram.fail_next("download", 500, count=10)
    with pytest.raises(RemotePhotoUnavailableError):
        await sender.download(telegram.api.store_file(b"photo"))


@pytest.mark.parametrize("wait", [3, 3.0, timedelta(seconds=3)])
def test_wait_may_be_a_number_or_a_timedelta(wait: float | timedelta) -> None:
    assert _to_seconds(wait) == 3.0


def test_no_bot_without_a_token() -> None:
    with pytest.raises(ValueError, match="EVA_TELEGRAM_TOKEN"):
        create_bot(Settings(telegram_token=None))


async def test_token_is_in_no_log_line(
    telegram: FakeTelegram, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", list(root.handlers))
    monkeypatch.setattr(root, "level", root.level)
    configure_logging(Environment.PRODUCTION)
    settings = Settings(telegram_token=SecretStr(telegram.token), telegram_api_url=telegram.url)

    async def no_sleep(_: float) -> None:
        pass

    async with create_bot(settings) as bot:
        sender = TelegramClient(bot, rate_limiter=ChatRateLimiter(0.0), sleep=no_sleep)
        await sender.send_message(42, HELLO)
        await sender.download(telegram.api.store_file(b"photo"))
        telegram.fail_next("sendMessage", 429, "Too Many Requests: retry after 7", retry_after=7)
        telegram.fail_next("sendMessage", 502, "Bad Gateway", count=10)
        for fault in (lambda: sender.send_message(42, HELLO), lambda: sender.download("AgACunknown")):
            try:
                await fault()
            except (DeliveryError, RemotePhotoGoneError):
                logging.getLogger("eva").exception("failed")
    logged = capsys.readouterr().err

    assert "failed" in logged
    assert telegram.token not in logged
    assert telegram.token.replace(":", "%3A") not in logged
    assert telegram.token not in repr(settings)
