"""The connection of the bot: what it sends, and what it logs."""

import logging
from typing import Any

import pytest
from httpcore._backends.anyio import AnyIOStream
from pydantic import SecretStr
from telegram import InputFile
from telegram.ext import ExtBot

from bot.telegram.bot import create_bot
from bot.telegram.client import MessageRateLimiter, TelegramClient
from bot.telegram.outgoing_messages import OutgoingMessage
from bot.testing.telegram import FakeTelegram
from core.errors import DeliveryError, RemotePhotoGoneError
from core.logging import configure_logging
from core.settings import Environment, Settings
from tests.images import encode_image, make_quadrants
from tests.unit.bot.telegram.conftest import no_sleep

HELLO = OutgoingMessage(text="안녕하세요")


def test_bot_needs_a_token() -> None:
    with pytest.raises(ValueError, match="EVA_TELEGRAM_TOKEN"):
        create_bot(Settings(telegram_token=None))


async def test_a_photo_is_sent_in_one_piece(
    bot: ExtBot[None], telegram: FakeTelegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    """httpx sends the twenty parts of its form one by one."""
    pieces: list[bytes] = []
    write = AnyIOStream.write

    async def count_write(stream: AnyIOStream, buffer: bytes, **options: Any) -> None:
        pieces.append(buffer)
        await write(stream, buffer, **options)

    monkeypatch.setattr(AnyIOStream, "write", count_write)
    photo = encode_image(make_quadrants())
    await bot.send_photo(42, InputFile(photo, filename="look.jpg"), caption="여기")
    assert telegram.calls_to("sendPhoto")[0].files["photo"] == photo
    assert len([piece for piece in pieces if piece]) == 2, "the headers and the body"


async def test_token_is_in_no_log_line(
    telegram: FakeTelegram, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", list(root.handlers))
    monkeypatch.setattr(root, "level", root.level)
    configure_logging(Environment.PRODUCTION)
    settings = Settings(telegram_token=SecretStr(telegram.token), telegram_api_url=telegram.url)
    async with create_bot(settings) as bot:
        client = TelegramClient(bot, MessageRateLimiter(sleep=no_sleep), sleep=no_sleep)
        await client.send_message(42, HELLO)
        async with client.download(telegram.api.store_file(b"photo"), 5):
            pass
        telegram.fail_next("sendMessage", 429, "Too Many Requests: retry after 7", retry_after=7)
        telegram.fail_next("sendMessage", 502, "Bad Gateway", count=10)
        try:
            await client.send_message(42, HELLO)
        except DeliveryError:
            logging.getLogger("eva").exception("failed")
        try:
            async with client.download("AgACunknown", 5):
                pass
        except RemotePhotoGoneError:
            logging.getLogger("eva").exception("failed")
    logged = capsys.readouterr().err

    assert logged.count("failed") >= 2
    assert telegram.token not in logged
    assert telegram.token.replace(":", "%3A") not in logged
    assert telegram.token not in repr(settings)
