"""While strangers attack a running Eva, a photo of another person is answered, and memory stays within bounds.

One `eva run` with its model and the default limits; the attackers have other addresses (127.0.1.x) than the person.
"""

import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from threading import Event, Thread
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

from tests.acceptance.attacks import ATTACKS, MIB, SAMPLE, Attack, Attacker
from tests.conftest import ROOT
from tests.databases import copy_cluster, public_folder
from tests.processes import running_process

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs more than one local address")

ANSWER_RATIO = 15
"""How much longer an answer may take than just before the attack, on a machine that may be busy with other things."""
ANSWER_SECONDS, MAX_ANSWER_SECONDS = 5.0, 20.0
"""Time that it may take in any case, and never."""
GROWTH_LIMIT = 200 * MIB
"""Bytes by which the server may grow: 64 MiB of uploads that do not end, and what is parsed at the moment."""
USUAL_GROWTH_LIMIT = 100 * MIB
"""The same for attacks without such uploads; 22 MiB were measured."""
PHOTOS = 3
"""Photos of the person during each attack."""
START_SECONDS = 1.5
"""Head start of the attackers."""


@dataclass
class Server:
    """A running Eva."""

    url: str
    process: psutil.Process
    peak: int = 0
    """Largest resident memory in bytes since `watch` began."""
    _stop: Event = field(default_factory=Event)

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or 0

    def memory(self) -> int:
        return int(self.process.memory_info().rss)

    @contextmanager
    def watch(self) -> Iterator[int]:
        """Record the peak of the memory; yields what it is at the start."""
        start = self.peak = self.memory()
        self._stop.clear()

        def sample() -> None:
            while not self._stop.wait(0.1):
                self.peak = max(self.peak, self.memory())

        thread = Thread(target=sample)
        thread.start()
        try:
            yield start
        finally:
            self._stop.set()
            thread.join()


@pytest.fixture(scope="module")
def server(cluster: Path) -> Iterator[Server]:
    """A server that judged one photo, so that nothing is loaded during a measurement."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("EVA_")}
    with public_folder() as folder:
        copy_cluster(cluster, folder / "eva")
        environment = inherited | {"PYTHONPATH": str(ROOT), "EVA_DATA_DIR": f"{folder}/eva", "LANG": "en_GB.UTF-8"}
        environment["EVA_DRAIN_SECONDS"] = "0"
        environment.pop("DATABASE_URL", None)
        command = [sys.executable, "-m", "eva", "run", "--port", "0"]
        with running_process(command, ready=r"http://\S+:\d+", cwd=folder, env=environment) as (process, url):
            running = Server(url, psutil.Process(process.pid))
            for _ in range(3):
                send_photo(running, timeout=60)
            yield running
            assert process.poll() is None, "it still runs"


def send_photo(server: Server, *, timeout: float = 60) -> float:
    """Send the person's photo; seconds until the verdict."""
    started_at = time.monotonic()
    reply = httpx.post(f"{server.url}/api/judge", files={"photo": SAMPLE.read_bytes()}, timeout=timeout)
    assert reply.status_code == 200, reply.text
    assert reply.json()["style"]
    return time.monotonic() - started_at


def open_page(server: Server) -> float:
    """Open the page that everybody sees first; seconds until all of it is there."""
    started_at = time.monotonic()
    # Headers as those of `attacks.reader_that_does_not_read`.
    page = httpx.get(f"{server.url}/", timeout=60, headers={"Accept": "*/*", "Accept-Encoding": "gzip, deflate"})
    assert page.status_code == 200
    return time.monotonic() - started_at


@dataclass(frozen=True, kw_only=True)
class AttackOutcome:
    """What attacks did, and what the person noticed of them."""

    effects: dict[str, int]
    """What each attack counted of itself; 0 means that it did not take place."""
    usual: float
    """Median of the seconds until a photo was answered just before."""
    slowest: float
    """Seconds until the slowest answer."""
    growth: int
    """Bytes by which the server grew."""

    @property
    def is_answered_in_time(self) -> bool:
        return self.slowest < min(MAX_ANSWER_SECONDS, max(ANSWER_SECONDS, ANSWER_RATIO * self.usual))


def answer_during(server: Server, attacks: dict[str, Attack]) -> AttackOutcome:
    """Run attacks, each from its own address, while the person sends photos and opens a page."""
    stop, usual = Event(), median(send_photo(server) for _ in range(PHOTOS))
    with server.watch() as start, ThreadPoolExecutor(len(attacks)) as threads:
        running = {
            name: threads.submit(attack, Attacker(server.port, f"127.0.1.{list(ATTACKS).index(name) + 1}", stop))
            for name, attack in attacks.items()
        }
        try:
            time.sleep(START_SECONDS)
            seconds = []
            for _ in range(PHOTOS):
                seconds.append(send_photo(server))
                seconds.append(open_page(server))
                time.sleep(0.3)
        finally:
            stop.set()
        effects = {name: attack.result(60) for name, attack in running.items()}
    outcome = AttackOutcome(effects=effects, usual=usual, slowest=max(seconds), growth=server.peak - start)
    seen = f"slowest answer {outcome.slowest:.2f} s, usual {usual:.2f} s, memory +{outcome.growth / MIB:.0f} MiB"
    print(f"{seen}, {effects}")  # noqa: T201
    return outcome


@pytest.mark.parametrize("name", list(ATTACKS))
def test_a_photo_is_answered_during_an_attack(name: str, server: Server) -> None:
    outcome = answer_during(server, {name: ATTACKS[name]})
    assert outcome.effects[name] > 0
    assert outcome.is_answered_in_time, outcome
    assert outcome.growth < (GROWTH_LIMIT if name == "unfinished_uploads" else USUAL_GROWTH_LIMIT)


def test_a_photo_is_answered_during_all_attacks_together(server: Server) -> None:
    outcome = answer_during(server, ATTACKS)
    assert all(outcome.effects.values()), outcome.effects
    assert outcome.is_answered_in_time, outcome
    assert outcome.growth < GROWTH_LIMIT
