"""Rolling restarts behind HAProxy and nginx: no request and no photo is lost, no photo is doubled.

The proxies run with the files in `deploy/proxy`. Two `eva serve` and two `eva worker` are restarted one after another,
EVA_TEST_RESTARTS times, while people read pages and send photos (`make rolling`).
"""

import os
import shutil
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

import httpx
import pytest
from sqlalchemy import func, select

from bot.testing.telegram import FakeTelegram
from core.db import schema
from core.db.database import Database
from tests.acceptance.test_crash import ProcessGroup
from tests.conftest import ROOT
from tests.factories import make_photo
from tests.integration.conftest import public  # noqa: F401 (a fixture)
from tests.processes import free_port

RESTARTS = int(os.environ.get("EVA_TEST_RESTARTS", "0"))
PROXY_PORT = "127.0.0.1:8080"
WEB_PORTS = ("127.0.0.1:8001", "127.0.0.1:8002")
READERS = 4
EXIT_SECONDS = 10.0

pytestmark = pytest.mark.skipif(RESTARTS == 0, reason="set EVA_TEST_RESTARTS, or call `make rolling`")


class Fleet(ProcessGroup):
    """Two web processes and two workers."""

    def __init__(self, folder: Path, telegram: FakeTelegram) -> None:
        super().__init__(folder, telegram)
        self.ports = [free_port(), free_port()]
        del self.environment["EVA_DRAIN_SECONDS"]
        self.environment["EVA_TRUSTED_PROXIES"] = "127.0.0.1"
        self.commands = {f"web {port}": ["serve", "--port", str(port)] for port in self.ports}
        self.commands |= {"first worker": ["worker"], "second worker": ["worker"]}

    def start_all(self) -> None:
        for name in self.commands:
            self.start(name)
            self.wait_until_ready(name)

    def restart(self, name: str) -> float:
        """Restart a process as a deployment does; returns the seconds until it had ended."""
        started = time.monotonic()
        self.running[name].send_signal(signal.SIGTERM)
        assert self.running[name].wait(240) == 0
        seconds = time.monotonic() - started
        self.start(name)
        self.wait_until_ready(name)
        return seconds

    def wait_until_ready(self, name: str) -> None:
        if "web" in name:
            self.port = int(name.split()[1])
            self.wait_for_web()
            time.sleep(3)  # until the proxy has seen it


@contextmanager
def running_proxy(kind: str, folder: Path, ports: list[int]) -> Iterator[str]:
    """The proxy with the documented configuration on free ports; yields its URL."""
    port = free_port()
    names = {"haproxy": "haproxy.cfg", "nginx": "nginx.conf"}
    text = (ROOT / "deploy" / "proxy" / names[kind]).read_text("utf-8")
    for documented, used in zip((PROXY_PORT, *WEB_PORTS), (port, *ports), strict=True):
        text = text.replace(documented, f"127.0.0.1:{used}")
    path = folder / names[kind]
    if kind == "nginx":
        text = f"daemon off; pid {folder}/nginx.pid; events {{}}\nhttp {{ access_log off; {text} }}"
    path.write_text(text, "utf-8")
    command = {
        "haproxy": ["haproxy", "-db", "-f", str(path)],
        "nginx": ["nginx", "-e", "stderr", "-c", str(path), "-p", str(folder)],
    }
    process = subprocess.Popen(command[kind], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            with suppress(httpx.TransportError):
                if httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200:
                    break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


@pytest.mark.parametrize("kind", ["haproxy", "nginx"])
async def test_a_rolling_restart_loses_nothing(kind: str, public: Path) -> None:  # noqa: F811
    if shutil.which(kind) is None:
        pytest.skip(f"{kind} is not installed")
    ends, photos, stopped = Counter[str](), count(1), threading.Event()

    def read_pages(url: str) -> None:
        while not stopped.is_set():
            with suppress(httpx.TransportError):
                ends[f"page {httpx.get(f'{url}/healthz', timeout=30).status_code}"] += 1
                ends[f"page {httpx.get(f'{url}/', timeout=30, follow_redirects=True).status_code}"] += 1
                continue
            ends["page lost"] += 1

    def send_photos(telegram: FakeTelegram) -> None:
        while not stopped.is_set():
            number = next(photos)
            update = telegram.updates.photo(make_photo(seed=number), user_id=100 + number % 6)
            ends[f"photo {telegram.deliver_update(update)}"] += 1
            time.sleep(0.2)

    with FakeTelegram() as telegram:
        fleet = Fleet(public, telegram)
        try:
            fleet.start_all()
            with running_proxy(kind, public, fleet.ports) as url, ThreadPoolExecutor() as pool:
                telegram.api.webhook.update(url=f"{url}/telegram/webhook", secret_token="secret")
                clients = [pool.submit(read_pages, url) for _ in range(READERS)]
                clients.append(pool.submit(send_photos, telegram))
                try:
                    exits = [fleet.restart(name) for _ in range(RESTARTS) for name in fleet.commands]
                finally:
                    stopped.set()
                for client in clients:
                    client.result()
                sent = ends["photo 200"]
                telegram.wait(lambda: len(_verdicts(telegram)) >= sent, timeout=120)
            print(kind, dict(ends), "exits after", ", ".join(f"{seconds:.1f}" for seconds in exits), "s")  # noqa: T201
            assert set(ends) == {"page 200", "photo 200"}, ends
            assert ends["page 200"] + sent >= 1000
            assert len(_verdicts(telegram)) == sent, "a photo was answered twice"
            with fleet.postgres as server:
                async with Database(server.url) as database, database.connection() as connection:
                    assert await connection.scalar(select(func.count()).select_from(schema.looks)) == sent
            assert max(exits) < EXIT_SECONDS
        finally:
            fleet.stop()


def _verdicts(telegram: FakeTelegram) -> list[int]:
    """Ids of the messages with buttons, one for each verdict."""
    return [
        message["message_id"]
        for person in range(100, 106)
        for message in telegram.messages(person)
        if message.get("reply_markup")
    ]
