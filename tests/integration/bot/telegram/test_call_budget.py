"""How many functions, modules and statements a photo takes from the webhook to the sent verdict.

The target is 70 functions in 25 modules and 10 statements. It is not reached for functions: all project code
counts here except the queue's own loop and the fake model. The caps hold what is reached; lower them with each call
that is removed.
"""

import re

import httpx
from pydantic import SecretStr

from bot.app import BotApplication
from tests.factories import make_photo
from tests.integration.bot.telegram.conftest import TelegramHarness
from tests.tracing import PROJECT, record_statements, trace_calls
from webhooks.app import create_webhook_app
from webhooks.messengers import SECRET_HEADER

MAX_FUNCTIONS = 77
MAX_MODULES = 25
MAX_STATEMENTS = 9


async def test_photo_takes_few_functions_and_statements(harness: TelegramHarness) -> None:
    conversation, resources = harness.handler.conversation, harness.resources
    secret = {"telegram_webhook_secret": SecretStr("secret")}
    application = BotApplication(
        settings=conversation.settings.model_copy(update=secret),
        resources=resources,
        classifier=conversation.photo_judging._classifier,
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
                if seed > 0 and len(statements) <= MAX_STATEMENTS and len(trace.all_functions) <= MAX_FUNCTIONS:
                    break

    assert len(harness.photo_messages()) == seed + 1
    assert await harness.count_unprocessed() == 0
    assert len(trace.all_functions) <= MAX_FUNCTIONS, str(trace)
    assert len(trace.modules) <= MAX_MODULES, str(trace)
    assert len(statements) <= MAX_STATEMENTS, "\n\n".join(statements)

    described = (PROJECT / "docs/architecture.md").read_text("utf-8")
    assert f"| {MAX_FUNCTIONS} | {MAX_MODULES} | {MAX_STATEMENTS} |" in described
    walk = re.findall(r"`([A-Za-z_.]+)\(\)`", described)
    assert len(walk) > 20
    assert set(walk) - {name for _, name in trace.all_functions} == set()
