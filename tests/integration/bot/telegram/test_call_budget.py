"""How many functions, modules and statements a photo takes from the webhook to the sent verdict.

The target is 70 functions in 25 modules and 10 statements. It is met with styles alone, and that of statements always.
All project code counts here except the queue's own loop and the fake model. The caps hold what is reached; lower them
with each call that is removed.
"""

import re

import httpx
import pytest
from pydantic import SecretStr

from bot.app import BotApplication
from core.clothing import Color, Item
from core.styles import Style
from core.vision.classifier import StyleClassifier
from core.vision.fake_backend import FAKE_ATTRIBUTES_CARD, FAKE_MODEL_CARD, FakeBackend, add_attributes, make_outputs
from tests.factories import make_photo
from tests.integration.bot.telegram.conftest import TelegramHarness
from tests.tracing import PROJECT, record_statements, trace_calls
from webhooks.app import create_webhook_app
from webhooks.messengers import SECRET_HEADER

STYLES_ONLY = make_outputs(Style.STREET)
WITH_ITEMS = add_attributes(STYLES_ONLY, {Item.BOOTS: 0.9, Item.JACKET: 0.9, Color.BLACK: 0.9})
MAX_STATEMENTS = 8


@pytest.mark.parametrize(
    ("classifier", "max_functions", "max_modules"),
    [
        (StyleClassifier(FakeBackend(lambda _: STYLES_ONLY), FAKE_MODEL_CARD), 69, 25),
        (StyleClassifier(FakeBackend(lambda _: WITH_ITEMS), FAKE_ATTRIBUTES_CARD), 98, 31),
    ],
    ids=["styles only", "with items"],
)
async def test_photo_takes_few_functions_and_statements(
    harness: TelegramHarness,
    monkeypatch: pytest.MonkeyPatch,
    classifier: StyleClassifier,
    max_functions: int,
    max_modules: int,
) -> None:
    conversation, resources = harness.handler.conversation, harness.resources
    monkeypatch.setattr(conversation.photo_judging, "_classifier", classifier)
    secret = {"telegram_webhook_secret": SecretStr("secret")}
    application = BotApplication(
        settings=conversation.settings.model_copy(update=secret),
        resources=resources,
        classifier=classifier,
        conversation=conversation,
        kakao=None,
    )
    transport = httpx.ASGITransport(create_webhook_app(application))
    with trace_calls() as trace, record_statements(resources.database) as statements:
        async with httpx.AsyncClient(transport=transport, base_url="http://eva") as client:
            # The first photo fills the caches. A periodic task may run during another one, so there are several.
            for seed in range(4):
                statements.clear()
                trace.all_functions.clear()
                trace.is_recording = seed > 0
                update = harness.updates.photo(make_photo(seed))
                response = await client.post("/telegram/webhook", json=update, headers={SECRET_HEADER: "secret"})
                assert response.status_code == 200
                await harness.queue.run_worker({}, until_empty=True)
                trace.is_recording = False
                if seed > 0 and len(statements) <= MAX_STATEMENTS and len(trace.all_functions) <= max_functions:
                    break

    assert len(harness.photo_messages()) == seed + 1
    assert await harness.count_unprocessed() == 0
    assert len(trace.all_functions) <= max_functions, str(trace)
    assert len(trace.modules) <= max_modules, str(trace)
    assert len(statements) <= MAX_STATEMENTS, "\n\n".join(statements)

    described = (PROJECT / "docs/architecture.md").read_text("utf-8")
    assert f"| {max_functions} | {max_modules} | {MAX_STATEMENTS} |" in described
    walk = re.findall(r"`([A-Za-z_.]+)\(\)`", described)
    assert len(walk) > 20
    assert set(walk) - {name for _, name in trace.all_functions} == set()
