"""Updates of a fake Bot API, and their parsing."""

from typing import Any

import pytest
from telegram import User

from bot.telegram.parsing import parse_update
from bot.telegram.updates import IncomingUpdate
from bot.testing.telegram import BOT_USER
from bot.testing.telegram_api import FakeBotApi
from bot.testing.telegram_updates import UpdateFactory
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
