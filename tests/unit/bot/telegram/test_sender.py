"""Delivery through python-telegram-bot to a Bot API that floods, breaks, blocks and falls silent."""

from __future__ import annotations

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

from bot.telegram.messages import Outgoing, say, show_verdict
from bot.telegram.pace import Pace
from bot.telegram.sender import BACKOFF, Outcome, Sender, _seconds, make_bot
from bot.testing.telegram import FakeTelegram
from bot.texts import Language
from bot.voice import speak
from core.errors import MessageRefused, NotDelivered, PhotoTooLarge, PictureGone, PictureUnreachable
from core.logs import set_up_logs
from core.settings import Environment, Settings
from core.vision.verdict import Band
from tests.pictures import corners
from tests.verdicts import verdict_of

KEYBOARD = InlineKeyboardMarkup([[InlineKeyboardButton("좋아요", callback_data="s")]])
HELLO = Outgoing(html="안녕하세요")


def jpeg() -> bytes:
    file = BytesIO()
    corners().save(file, "JPEG")
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
    async with make_bot(settings) as bot:
        yield bot


@pytest.fixture
def sender(bot: ExtBot[int], slept: list[float]) -> Sender:
    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    return Sender(bot, pace=Pace(0.0), sleep=sleep, sign_of_life=0.02)


async def test_text_and_photo_arrive_as_they_were_meant(telegram: FakeTelegram, sender: Sender) -> None:
    (words,) = say("<3 & 가", keyboard=KEYBOARD)
    text = await sender.send(42, words, reply_to=7)
    photo = await sender.send(42, Outgoing(html="<b>여기</b>", photo=jpeg()))
    again = await sender.send(43, Outgoing(html="", photo=photo.photo))

    shown = telegram.sent()
    assert [receipt.outcome for receipt in (text, photo, again)] == [Outcome.SENT] * 3
    assert shown[0]["text"] == "<3 & 가"
    assert shown[0]["message_id"] == text.message
    assert telegram.called("sendMessage")[0].fields["reply_parameters"]["message_id"] == 7
    assert shown[1]["caption"] == "여기"
    assert telegram.called("sendPhoto")[0].files["photo"] == jpeg()
    assert not telegram.called("sendPhoto")[1].files


@pytest.mark.parametrize("language", list(Language))
async def test_every_verdict_is_taken(telegram: FakeTelegram, sender: Sender, language: Language) -> None:
    for chat, band in enumerate(Band, start=1):
        verdict = verdict_of(band, first=0.5, runner_up=0.4)
        bubbles = speak(verdict, photo="a", language=language)
        for message in show_verdict(bubbles, verdict, heat=jpeg(), keyboard=KEYBOARD):
            assert (await sender.send(chat, message)).outcome is Outcome.SENT
        shown = telegram.sent(chat)
        said = "\n".join(message.get("text") or message["caption"] for message in shown)
        assert said == "\n".join(each.text for each in bubbles)
        assert len(telegram.sent(chat, "photo")) == (band is not Band.NOT_AN_OUTFIT)
        assert "reply_markup" in shown[-1]


async def test_flood_is_waited_for_as_long_as_telegram_says(
    telegram: FakeTelegram, sender: Sender, slept: list[float]
) -> None:
    telegram.refuse("sendMessage", 429, "Too Many Requests: retry after 7", times=2, retry_after=7)

    assert (await sender.send(42, HELLO)).outcome is Outcome.SENT
    assert slept == [7.0, 7.0]
    assert len(telegram.sent(42)) == 1


async def test_long_flood_is_left_to_a_later_try(telegram: FakeTelegram, sender: Sender, slept: list[float]) -> None:
    telegram.refuse("sendMessage", 429, "Too Many Requests: retry after 3600", retry_after=3600)

    with pytest.raises(NotDelivered, match="3600 s"):
        await sender.send(42, HELLO)
    assert slept == []


async def test_server_errors_are_tried_again_with_growing_pauses(
    telegram: FakeTelegram, sender: Sender, slept: list[float]
) -> None:
    telegram.refuse("sendMessage", 502, "Bad Gateway", times=3)

    assert (await sender.send(42, HELLO)).outcome is Outcome.SENT
    assert slept == list(BACKOFF)


async def test_lasting_fault_is_reported(telegram: FakeTelegram, sender: Sender) -> None:
    telegram.refuse("sendMessage", 500, "Internal Server Error", times=10)

    with pytest.raises(NotDelivered):
        await sender.send(42, HELLO)
    assert len(telegram.called("sendMessage")) == 4


async def test_unreachable_telegram_is_reported(telegram: FakeTelegram, sender: Sender) -> None:
    telegram.__exit__(None, None, None)

    with pytest.raises(NotDelivered):
        await sender.send(42, HELLO)
    with pytest.raises(PictureUnreachable):
        await sender.fetch("AgAC")


async def test_message_without_an_answer_is_not_sent_twice(telegram: FakeTelegram) -> None:
    telegram.delay("sendMessage", 1.0)
    root = telegram.url
    impatient = HTTPXRequest(read_timeout=0.2)
    rates = AIORateLimiter()
    async with ExtBot(telegram.token, f"{root}/bot", f"{root}/file/bot", impatient, rate_limiter=rates) as bot:
        receipt = await Sender(bot).send(42, HELLO)

    assert receipt.outcome is Outcome.UNSURE
    assert len(telegram.sent(42)) == 1


async def test_person_who_blocked_her_is_left_alone(telegram: FakeTelegram, sender: Sender) -> None:
    telegram.block(42)

    assert (await sender.send(42, HELLO)).outcome is Outcome.GONE
    assert len(telegram.called("sendMessage")) == 1


@pytest.mark.parametrize("description", ["Bad Request: chat not found", "Bad Request: PEER_ID_INVALID"])
async def test_chat_that_is_no_more(telegram: FakeTelegram, sender: Sender, description: str) -> None:
    telegram.refuse("sendMessage", 400, description)

    assert (await sender.send(42, HELLO)).outcome is Outcome.GONE


async def test_group_that_moved_tells_where_to(telegram: FakeTelegram, sender: Sender) -> None:
    telegram.move(-5, -1005)
    receipt = await sender.send(-5, HELLO)

    assert (receipt.outcome, receipt.moved_to) == (Outcome.MOVED, -1005)


async def test_message_that_is_wrong_is_not_tried_again(telegram: FakeTelegram, sender: Sender) -> None:
    with pytest.raises(MessageRefused, match="parse entities"):
        await sender.send(42, Outgoing(html="<b>A"))
    assert len(telegram.called("sendMessage")) == 1


async def test_press_is_answered_and_an_old_one_does_not_matter(telegram: FakeTelegram, sender: Sender) -> None:
    query = telegram.updates.press({}, "s")["callback_query"]["id"]
    await sender.answer(query, "가" * 300)
    await sender.answer(query)

    assert [call.status for call in telegram.called("answerCallbackQuery")] == [200, 400]


async def test_keyboard_is_changed_and_the_same_one_does_not_matter(telegram: FakeTelegram, sender: Sender) -> None:
    receipt = await sender.send(42, HELLO)
    assert receipt.message is not None
    await sender.change_keyboard(42, receipt.message, KEYBOARD)
    await sender.change_keyboard(42, receipt.message, KEYBOARD)
    await sender.change_keyboard(42, 999, None)

    assert telegram.sent(42)[0]["reply_markup"]["inline_keyboard"][0][0]["text"] == "좋아요"


async def test_signs_of_life_last_as_long_as_the_work(telegram: FakeTelegram, sender: Sender) -> None:
    telegram.refuse("sendChatAction", 502, "Bad Gateway")
    with pytest.raises(ZeroDivisionError):
        async with sender.busy(42, ChatAction.UPLOAD_PHOTO):
            await asyncio.to_thread(telegram.wait, lambda: len(telegram.called("sendChatAction")) >= 3)
            raise ZeroDivisionError
    stopped_after = len(telegram.called("sendChatAction"))
    await asyncio.sleep(0.1)

    assert len(telegram.called("sendChatAction")) == stopped_after
    assert {call.fields["action"] for call in telegram.called("sendChatAction")} == {"upload_photo"}


async def test_file_is_fetched(telegram: FakeTelegram, sender: Sender) -> None:
    assert await sender.fetch(telegram.api.store(b"photo")) == b"photo"


async def test_files_that_cannot_be_fetched(telegram: FakeTelegram, sender: Sender) -> None:
    with pytest.raises(PhotoTooLarge):
        await sender.fetch(telegram.api.store(bytes(20_000_001)))
    with pytest.raises(PictureGone):
        await sender.fetch("AgACunknown")
    telegram.refuse("download", 404, "Not Found")
    with pytest.raises(PictureGone):
        await sender.fetch(telegram.api.store(b"photo"))
    telegram.refuse("download", 500, times=10)
    with pytest.raises(PictureUnreachable):
        await sender.fetch(telegram.api.store(b"photo"))


@pytest.mark.parametrize("wait", [3, 3.0, timedelta(seconds=3)])
def test_wait_may_be_a_number_or_a_timedelta(wait: float | timedelta) -> None:
    assert _seconds(wait) == 3.0


def test_no_bot_without_a_token() -> None:
    with pytest.raises(ValueError, match="EVA_TELEGRAM_TOKEN"):
        make_bot(Settings(telegram_token=None))


async def test_token_is_in_no_log_line(
    telegram: FakeTelegram, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", list(root.handlers))
    monkeypatch.setattr(root, "level", root.level)
    set_up_logs(Environment.PRODUCTION)
    settings = Settings(telegram_token=SecretStr(telegram.token), telegram_api_url=telegram.url)

    async def no_sleep(_: float) -> None:
        pass

    async with make_bot(settings) as bot:
        sender = Sender(bot, pace=Pace(0.0), sleep=no_sleep)
        await sender.send(42, HELLO)
        await sender.fetch(telegram.api.store(b"photo"))
        telegram.refuse("sendMessage", 429, "Too Many Requests: retry after 7", retry_after=7)
        telegram.refuse("sendMessage", 502, "Bad Gateway", times=10)
        for fault in (lambda: sender.send(42, HELLO), lambda: sender.fetch("AgACunknown")):
            try:
                await fault()
            except (NotDelivered, PictureGone):
                logging.getLogger("eva").exception("failed")
    logged = capsys.readouterr().err

    assert "failed" in logged
    assert telegram.token not in logged
    assert telegram.token.replace(":", "%3A") not in logged
    assert telegram.token not in repr(settings)
