"""Every message to Telegram is counted by how it ended, so that the alert for failed deliveries sees an outage."""

import httpx
import pytest
from prometheus_client import REGISTRY
from telegram.error import TimedOut
from telegram.ext import ExtBot

from core.metrics import DeliveryOutcome
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
