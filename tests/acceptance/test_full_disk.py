"""The disk of everything fills up while photos arrive, and has space again half a minute later.

Part of `make torture`. Database, its log of transactions, pictures and logs share one small disk; PostgreSQL ends in
its own way when it cannot write that log, and Eva starts it again until it can.
"""

import asyncio
import os
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bot.testing.telegram import FakeTelegram
from core.db.database import Database
from core.errors import DatabaseUnavailableError
from tests.acceptance.process_group import ProcessGroup
from tests.acceptance.test_crash import wait_until_processed
from tests.factories import make_photo
from tests.full_disk import fill_disk, mounted_disk

PHOTOS = 12
FULL_SECONDS = 30.0
LONGEST_WAIT = 300.0


@pytest.mark.skipif("EVA_TEST_TORTURE" not in os.environ, reason="takes minutes; part of make torture")
async def test_every_photo_is_answered_once_after_the_disk_was_full(public: Path) -> None:
    with mounted_disk(public, megabytes=200), FakeTelegram() as telegram:
        home = ProcessGroup(public, telegram.url, telegram.token)
        url = f"http://127.0.0.1:{home.ports[0]}/telegram/webhook"
        telegram.api.webhook.update(url=url, secret_token="secret")
        try:
            home.start_all()
            photos = [telegram.updates.photo(make_photo(seed), user_id=100 + seed % 3) for seed in range(PHOTOS)]
            with fill_disk(public, leave=100_000):
                await need_space_for_the_next_transaction(home.postgres.url)
                statuses = [telegram.deliver_update(photo) for photo in photos]
                await asyncio.sleep(FULL_SECONDS)
            for photo, status in zip(photos, statuses, strict=True):
                if status != 200:
                    assert telegram.deliver_update(photo, retry_for=LONGEST_WAIT) == 200
            telegram.wait(lambda: sum(verdicts(telegram).values()) >= PHOTOS, timeout=LONGEST_WAIT)
            with home.postgres as server:
                async with Database(server.url) as database:
                    await wait_until_processed(database)
        finally:
            home.stop()
    print(f"refused: {Counter(statuses)}, verdicts: {dict(verdicts(telegram))}")  # noqa: T201
    assert set(verdicts(telegram).values()) == {PHOTOS // 3}
    assert set(statuses) - {200}, "the disk was not full"


async def need_space_for_the_next_transaction(url: str) -> None:
    """End the file of the log of transactions, which has room for thousands more; the next one does not fit."""
    with suppress(DatabaseUnavailableError):
        async with Database(url) as database, database.connection() as connection:
            await connection.execute(text("SELECT pg_switch_wal()"))


def verdicts(telegram: FakeTelegram) -> Counter[int]:
    """The messages with buttons, one for each verdict, of each chat."""
    messages: list[dict[str, Any]] = [message for message in telegram.messages() if message.get("reply_markup")]
    return Counter(message["chat"]["id"] for message in messages)
