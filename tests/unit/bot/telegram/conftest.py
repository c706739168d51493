"""Updates of a fake Bot API, and their parsing."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import SecretStr
from telegram import User
from telegram.ext import ExtBot

from bot.telegram.bot import create_bot
from bot.telegram.parsing import parse_update
from bot.telegram.updates import IncomingUpdate
from bot.testing.telegram import BOT_USER, FakeTelegram
from bot.testing.telegram_api import FakeBotApi
from bot.testing.telegram_updates import UpdateFactory
from core.settings import Settings
from tests.images import encode_image, make_quadrants

GROUP = -1_001_234_567_890
MENTION = [{"type": "mention", "offset": 0, "length": len("@eva_stylist_bot")}]


@pytest.fixture
def updates() -> UpdateFactory:
    return UpdateFactory(FakeBotApi(me=dict(BOT_USER)))


def jpeg() -> bytes:
    return encode_image(make_quadrants())


def parse(update: dict[str, Any]) -> IncomingUpdate | None:
    return parse_update(update, User.de_json(dict(BOT_USER), None))


@pytest.fixture
async def bot(telegram: FakeTelegram) -> AsyncIterator[ExtBot[None]]:
    settings = Settings(telegram_token=SecretStr(telegram.token), telegram_api_url=telegram.url + "/")
    async with create_bot(settings) as bot:
        yield bot


async def no_sleep(_: float) -> None:
    pass
