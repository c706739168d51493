"""One chat that sends many photos does not delay the others."""

from tests.factories import make_photo
from tests.integration.bot.telegram.conftest import DAILY_LIMIT, USER_ID, TelegramHarness

OTHER_ID = 77


async def test_a_chat_that_floods_waits_for_itself_and_others_do_not(harness: TelegramHarness) -> None:
    """Its photos are judged one after another, so that the second place is free for another chat."""
    flood = [harness.updates.photo(make_photo(seed=number), user_id=USER_ID) for number in range(DAILY_LIMIT)]
    for update in (*flood, harness.updates.photo(make_photo(seed=99), user_id=OTHER_ID)):
        await harness.store(update)
    await harness.queue.run_worker({}, concurrency=2, until_empty=True)
    await harness.run_jobs()

    verdicts = [
        call.fields["chat_id"]
        for call in harness.telegram.calls
        if call.method in {"sendMessage", "sendPhoto"} and "inline_keyboard" in str(call.fields.get("reply_markup"))
    ]
    assert verdicts.count(str(USER_ID)) == DAILY_LIMIT
    assert verdicts.index(str(OTHER_ID)) < DAILY_LIMIT - 1, "all would have been before it in a queue without locks"
