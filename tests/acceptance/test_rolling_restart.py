"""Rolling restarts behind Caddy, HAProxy and nginx: no request and no photo is lost, no photo is doubled.

The proxies run with the files in `deploy/proxy`. Two `eva serve` and two `eva worker` are restarted one after another,
EVA_TEST_RESTARTS times, while people read pages and send photos (`make rolling`).
"""

import asyncio
import os
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select

from core.db import inbox, schema
from core.db.database import Database
from core.vision.verdict import ConfidenceBand
from tests.acceptance.process_group import ProcessGroup
from tests.acceptance.telegram_process import running_telegram
from tests.proxies import FILES, running_proxy

RESTARTS = int(os.environ.get("EVA_TEST_RESTARTS", "0"))
READERS = 4
READ_INTERVAL, PHOTO_INTERVAL = 0.05, 0.2
"""Seconds between two pages of a reader, and between two photos."""
PROXY_CHECK_SECONDS = 10
"""Until the proxy has seen that a web process is ready."""
SETTLE_SECONDS = 120.0
"""In which everything must be answered after the last restart."""
EXIT_SECONDS = 10.0

pytestmark = pytest.mark.skipif(RESTARTS == 0, reason="set EVA_TEST_RESTARTS, or call `make rolling`")


@pytest.mark.parametrize("kind", FILES)
async def test_a_rolling_restart_loses_nothing(kind: str, public: Path) -> None:
    ends, numbers, photos, stopped = Counter[str](), count(1), set[str](), threading.Event()

    def read_pages(url: str) -> None:
        with httpx.Client(base_url=url, timeout=30, follow_redirects=True) as client:
            while not stopped.wait(READ_INTERVAL):
                for path in ("/healthz", "/"):
                    try:
                        ends[f"page {client.get(path).status_code}"] += 1
                    except httpx.TransportError as error:
                        ends[f"page {type(error).__name__}"] += 1

    def send_photos(telegram: Any) -> None:
        while not stopped.wait(PHOTO_INTERVAL):
            number = next(numbers)
            status, message = telegram.send_photo(number, 100 + number % 6)
            ends[f"photo {status}"] += 1
            photos.add(message)

    with running_telegram() as telegram:
        api_url, token = telegram.start("http://127.0.0.1:1/")
        fleet = ProcessGroup(public, api_url, token, web_processes=2)
        # As in production: with the default drain, behind a proxy.
        del fleet.environment["EVA_DRAIN_SECONDS"]
        fleet.environment["EVA_TRUSTED_PROXIES"] = "127.0.0.1"
        try:
            fleet.start_all()
            with running_proxy(kind, public, fleet.ports) as url, ThreadPoolExecutor() as pool:
                telegram.set_webhook(f"{url}/telegram/webhook")
                clients = [pool.submit(read_pages, url) for _ in range(READERS)]
                clients.append(pool.submit(send_photos, telegram))
                try:
                    exits = []
                    for name in [name for _ in range(RESTARTS) for name in fleet.commands]:
                        exits.append((name, fleet.restart(name)))
                        if name in fleet.web_ports:
                            await asyncio.sleep(PROXY_CHECK_SECONDS)
                finally:
                    stopped.set()
                for client in clients:
                    client.result()
                with fleet.postgres as server:
                    looks = await _wait_for_looks(server.url)
            verdicts = Counter(telegram.verdicts())
            print(  # noqa: T201
                f"{kind}: {dict(ends)}, {len(looks)} looks, {verdicts.total()} verdicts; ended after",
                ", ".join(f"{seconds:.1f} s ({name})" for name, seconds in exits),
            )
            assert set(ends) == {"page 200", "photo 200"}, ends
            assert ends.total() >= 1000
            assert set(looks) == photos, f"{set(looks) ^ photos}: {telegram.other_texts()}"
            wrong = (verdicts - Counter(looks.values())) + (Counter(looks.values()) - verdicts)
            assert not wrong, f"{wrong} of {verdicts}, {looks}: {telegram.other_texts()}\n{fleet.log_tails()}"
            assert max(seconds for _, seconds in exits) < EXIT_SECONDS
        finally:
            fleet.stop()


async def _wait_for_looks(database_url: str) -> dict[str, UUID | None]:
    """The looks by the message of their photo, when all updates are processed; None for one without an outfit."""
    deadline = time.monotonic() + SETTLE_SECONDS
    async with Database(database_url) as database:
        while time.monotonic() < deadline:
            async with database.connection() as connection:
                if not await inbox.count_unfinished(connection):
                    columns = schema.looks.c
                    rows = await connection.execute(select(columns.source_message_id, columns.id, columns.band))
                    return {
                        row.source_message_id: None if row.band == ConfidenceBand.NOT_AN_OUTFIT else row.id
                        for row in rows
                    }
            await asyncio.sleep(0.5)
    raise TimeoutError("some updates were never done")
