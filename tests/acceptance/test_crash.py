"""Killed at any moment, Eva loses no photo, judges none twice, and repeats at most one message for each kill.

Real processes (`eva serve`, two of `eva worker`), a real Postgres (the embedded one), a real Bot API (the fake). While
people send photos, one of the four is killed with SIGKILL at a random moment and started again, as a host would do;
EVA_TEST_TORTURE says how many times (`make torture`: 300).
"""

import asyncio
import os
import random
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.testing.telegram import FakeTelegram
from core.db import inbox, schema
from core.db.database import Database
from core.errors import DatabaseUnavailableError
from tests.acceptance.process_group import ProcessGroup
from tests.databases import copy_cluster
from tests.factories import make_photo

KILLS = int(os.environ.get("EVA_TEST_TORTURE", "12"))
CHATS = 6
LONGEST_WAIT = 300.0
"""Seconds for a start, and in which everything must be answered after the last kill. A start takes 2.5 s of processor,
and a minute where twenty other programs want the same one; a dead worker's jobs wait for half a minute."""

PROGRESS_KILLS = 12
"""Kills between two lines about how far it is."""

IS_MESSAGE = schema.job_checkpoints.c.name != "queue"
"""Marks of messages that belong to an answer; the position in the queue is recorded before it is sent."""


@pytest.fixture
def processes(public: Path, cluster: Path) -> Iterator[tuple[ProcessGroup, FakeTelegram]]:
    copy_cluster(cluster, public / "eva")
    with FakeTelegram() as telegram:
        home = ProcessGroup(public, telegram.url, telegram.token)
        url = f"http://127.0.0.1:{home.ports[0]}/telegram/webhook"
        telegram.api.webhook.update(url=url, secret_token="secret")
        try:
            home.start_all()
            yield home, telegram
        finally:
            home.stop()


async def test_whatever_is_killed_every_photo_is_answered_once(processes: tuple[ProcessGroup, FakeTelegram]) -> None:
    home, telegram = processes
    dice = random.Random(2026)
    # Each of them equally often, in an order of chance.
    victims = [name for _ in range(-(-KILLS // 4)) for name in dice.sample([*home.commands, "database"], 4)]
    photos: Counter[int] = Counter()
    kills, outages = Counter[str](), defaultdict[str, list[float]](list)
    for turn in range(KILLS):
        for _ in range(dice.randint(1, 2)):
            person = 100 + dice.randrange(CHATS)
            update = telegram.updates.photo(make_photo(seed=1000 * turn + sum(photos.values())), user_id=person)
            delivered_at = time.monotonic()
            assert telegram.deliver_update(update, retry_for=LONGEST_WAIT) == 200
            outages[victims[turn - 1] if turn else "start"].append(time.monotonic() - delivered_at)
            photos[person] += 1
        await asyncio.sleep(dice.uniform(0, 1.5))
        victim = victims[turn % len(victims)]
        home.kill(victim)
        kills[victim] += 1
        if (turn + 1) % PROGRESS_KILLS == 0:
            waits = ", ".join(f"{max(seconds):.1f} s after {name}" for name, seconds in outages.items())
            print(f"{turn + 1} kills, {sum(photos.values())} photos; confirmed at the latest {waits}")  # noqa: T201
            outages.clear()
    assert sum(kills.values()) == KILLS

    def answered() -> bool:
        return all(len(_button_messages(telegram, person)) >= count for person, count in photos.items())

    telegram.wait(answered, timeout=LONGEST_WAIT)
    with home.postgres as server:
        async with Database(server.url) as database:
            await wait_until_processed(database)
            async with database.transaction() as connection:
                found = await connection.execute(
                    select(schema.looks.c.source_message_id, schema.looks.c.images_stored_at)
                )
                stored = {row.source_message_id: row.images_stored_at for row in found}
                checkpoints = await connection.scalar(
                    select(func.count()).select_from(schema.job_checkpoints).where(IS_MESSAGE)
                )
    assert len(stored) == sum(photos.values()), "every photo became one look"
    assert None not in stored.values()
    for person, count in photos.items():
        assert len(_button_messages(telegram, person)) >= count, "every photo got its verdict"
    sent = [call for call in telegram.calls if call.method in {"sendMessage", "sendPhoto"} and call.status == 200]
    queue_notices = sum(
        "ahead" in str(call.fields.get("text")) or "순서대로" in str(call.fields.get("text")) for call in sent
    )
    # The last message of a verdict has no checkpoint: it marks the update as processed.
    assert checkpoints is not None
    recorded = checkpoints + sum(photos.values())
    repeated = len(sent) - queue_notices - recorded
    print(f"killed {dict(kills)}, {sum(photos.values())} photos, {repeated} messages repeated")  # noqa: T201
    assert repeated <= KILLS, "at most one message was repeated for each kill"


async def wait_until_processed(database: Database) -> None:
    """Wait until all updates are processed."""
    deadline = time.monotonic() + LONGEST_WAIT
    while time.monotonic() < deadline:
        with suppress(DatabaseUnavailableError):
            async with database.transaction() as connection:
                if not await inbox.count_unfinished(connection):
                    return
        await asyncio.sleep(0.5)
    raise TimeoutError("some updates were never done")


def _button_messages(telegram: FakeTelegram, person: int) -> list[Any]:
    """The messages with buttons, one for each verdict."""
    return [message for message in telegram.messages(person) if message.get("reply_markup")]
