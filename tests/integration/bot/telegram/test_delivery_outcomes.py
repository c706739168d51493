"""Every message to Telegram is counted by how it ended, so that the alert for failed deliveries sees an outage."""

import httpx
import pytest
from prometheus_client import REGISTRY
from telegram.error import TimedOut
from telegram.ext import ExtBot

from core.conversation.narration import style_name
from core.i18n.translations import Language
from core.metrics import DeliveryOutcome
from core.styles import Style
from tests.factories import make_photo
from tests.integration.bot.telegram.conftest import USER_ID, TelegramHarness

TRIES = 4
"""Of one call of the client."""


def count(outcome: DeliveryOutcome) -> float:
    return REGISTRY.get_sample_value("eva_deliveries_total", {"channel": "telegram", "outcome": outcome}) or 0.0


async def respond_never(*_: object, **options: object) -> None:
    raise TimedOut from httpx.ReadTimeout("")


@pytest.mark.parametrize("outcome", sorted(set(DeliveryOutcome) - {DeliveryOutcome.LATE, DeliveryOutcome.INVALID}))
async def test_every_outcome_is_counted(
    harness: TelegramHarness, monkeypatch: pytest.MonkeyPatch, outcome: DeliveryOutcome
) -> None:
    match outcome:
        case DeliveryOutcome.GONE:
            harness.telegram.block_bot(USER_ID)
        case DeliveryOutcome.REFUSED:
            harness.telegram.fail_next("sendMessage", 400, "Bad Request: BUTTON_DATA_INVALID")
        case DeliveryOutcome.UNREACHABLE:
            harness.telegram.fail_next("sendMessage", 502, "Bad Gateway", count=TRIES)
        case DeliveryOutcome.UNSURE:
            monkeypatch.setattr(ExtBot, "send_message", respond_never)
    before = count(outcome)
    await harness.send_updates(harness.updates.text("/help"))
    assert count(outcome) == before + 1


@pytest.mark.parametrize(
    "description",
    [
        "Bad Request: not enough rights to send photos to the chat",
        "Bad Request: IMAGE_PROCESS_FAILED",
        "Bad Request: PHOTO_INVALID_DIMENSIONS",
    ],
)
async def test_verdict_is_sent_as_text_where_pictures_are_rejected(harness: TelegramHarness, description: str) -> None:
    await harness.send_updates(harness.updates.photo(make_photo(1)))
    expected = {message.get("text") or message["caption"] for message in harness.telegram.messages(USER_ID)}
    harness.telegram.fail_next("sendPhoto", 400, description)
    await harness.send_updates(harness.updates.photo(make_photo(2)))
    messages = harness.telegram.messages(USER_ID)[len(expected) :]

    assert len(messages) == len(expected)
    assert not [message for message in messages if "photo" in message]
    assert any(style_name(Style.STREET, Language.KO) in message["text"] for message in messages)
    assert "표시" not in messages[0]["text"]
    assert len(messages[0]["text"].splitlines()) == 1, "the marks are in no picture"
    assert [harness.buttons(message) for message in messages if "reply_markup" in message] == [
        ["share", "keep", "another", "guess", "more", "correct", "similar"]
    ]
    assert await harness.count_unprocessed() == 0
