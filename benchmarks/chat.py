"""How much chat Eva takes: photos from Telegram and KakaoTalk through doors, queue, model and delivery.

Real processes on this machine: `eva run` with the embedded Postgres and the shipped model, and beside it, on the same
cores, the fakes of both messengers and, in one more process, who brings the updates. All ratios are of this one run:

    sustained   photos a second from webhook to last bubble, over the bare forward passes a second of the same model
    burst       200 photos from 100 chats at once: all answered, in order in each chat; how long the webhook took
    full load   how long the webhook took for single calls while hundreds of photos wait
    kakao       100 calls at once: how long the slowest answer took
    queue       jobs a second that do nothing but one photo with the scripted engine, with one worker and with two

Run: make bench-chat
"""

import argparse
import io
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table

from bot.testing.kakao import FakeKakao
from bot.testing.telegram import FakeTelegram
from core.settings import Settings
from core.vision.backends import available_cpus
from core.vision.classifier import load_classifier

RESULTS = Path(__file__).parent / "results" / "chat.json"
ROOT = Path(__file__).parents[1]
SECRET = "bench"
CONNECTIONS = 16
TIMEOUT = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatFigure:
    """One measured number, with its target where the design names one."""

    name: str
    value: float
    unit: str
    target: float | None = None
    at_most: bool = True

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None without one."""
        if self.target is None:
            return None
        return self.value <= self.target if self.at_most else self.value >= self.target


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--photos", type=int, default=720, help="photos of the sustained part; the last answers alone take four seconds"
    )
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    figures = [*measure_chat(options.photos), *measure_queue()]
    table = Table("", "measured", "target", "", title="Eva's chat under load")
    for figure in figures:
        sign = "<=" if figure.at_most else ">="
        target = "" if figure.target is None else f"{sign} {figure.target:g} {figure.unit}"
        verdict = {True: "met", False: "missed", None: ""}[figure.met]
        table.add_row(figure.name, f"{figure.value:.3g} {figure.unit}", target, verdict)
    Console().print(table)
    options.out.write_text(
        json.dumps(
            {
                "when": datetime.now(UTC).isoformat(timespec="seconds"),
                "cores": available_cpus(),
                "figures": [
                    {"name": each.name, "value": each.value, "unit": each.unit, "target": each.target, "met": each.met}
                    for each in figures
                ],
            },
            indent=2,
        )
        + "\n",
        "utf-8",
    )


def measure_chat(photos: int) -> list[ChatFigure]:
    """The parts that need the whole of Eva."""
    pictures = [_photo(seed) for seed in range(24)]
    bare = _measure_bare_forward_pass()
    with FakeTelegram() as telegram, FakeKakao(key=SECRET) as kakao, running_eva(telegram, kakao) as url:
        telegram.api.webhook.update(url=f"{url}/telegram/webhook", secret_token=SECRET)
        kakao.skill_url = f"{url}/kakao/skill"
        _send_until_answered(telegram)
        chats = 160
        sends = [(1000 + turn % chats, pictures[turn % len(pictures)]) for turn in range(photos)]
        sustained, _ = _measure_burst(telegram, sends)
        burst_sends = [(5000 + turn % 100, pictures[(turn * 7) % len(pictures)]) for turn in range(200)]
        burst, knocks = _measure_burst(telegram, burst_sends)
        ordered = _in_order(telegram, {person for person, _ in burst_sends})
        loaded = _measure_throughput(telegram, pictures)
        slowest = _kakao_calls(kakao, pictures, 100)
    return [
        ChatFigure(name="bare forward passes", value=bare, unit="/s"),
        ChatFigure(name="sustained, photos answered", value=photos / sustained, unit="/s"),
        ChatFigure(name="sustained over bare", value=photos / sustained / bare, unit="x", target=0.85, at_most=False),
        ChatFigure(name="burst of 200, all answered after", value=burst, unit="s"),
        ChatFigure(name="burst, chats in order", value=ordered, unit="%", target=100.0, at_most=False),
        ChatFigure(name="burst, webhook p99", value=float(np.percentile(knocks, 99)), unit="ms", target=50.0),
        ChatFigure(name="burst, webhook median", value=float(np.median(knocks)), unit="ms"),
        ChatFigure(name="at full load, webhook p99", value=float(np.percentile(loaded, 99)), unit="ms", target=50.0),
        ChatFigure(name="at full load, webhook median", value=float(np.median(loaded)), unit="ms"),
        ChatFigure(name="100 Kakao calls at once, slowest answer", value=slowest, unit="s", target=4.5),
    ]


def measure_queue() -> list[ChatFigure]:
    """Photo jobs a second when nothing is to be calculated, from webhook to last bubble."""
    figures, picture = [], _photo(1)
    for workers in (1, 2):
        with FakeTelegram() as telegram, FakeKakao(key=SECRET) as kakao:
            command = ["serve"]
            with running_eva(telegram, kakao, command=command, EVA_ENGINE="scripted", workers=workers) as url:
                telegram.api.webhook.update(url=f"{url}/telegram/webhook", secret_token=SECRET)
                _send_until_answered(telegram)
                seconds, _ = _measure_burst(telegram, [(9000 + turn, picture) for turn in range(200)])
        name = f"photo jobs with the scripted engine, workers: {workers}"
        figures.append(ChatFigure(name=name, value=200 / seconds, unit="/s"))
    return figures


@contextmanager
def running_eva(
    telegram: FakeTelegram, kakao: FakeKakao, *, command: list[str] | None = None, workers: int = 0, **more: str
) -> Iterator[str]:
    """Eva's processes; gives the address of her doors."""
    with tempfile.TemporaryDirectory(prefix="eva-bench-") as folder, socket.socket() as probe:
        Path(folder).chmod(0o711)
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        environment = {
            **{name: value for name, value in os.environ.items() if name != "DATABASE_URL"},
            "PYTHONPATH": str(ROOT),
            "EVA_DATA_DIR": str(Path(folder) / "eva"),
            "EVA_PHOTOS_PER_PERSON_PER_DAY": "1000000",
            "EVA_TELEGRAM_TOKEN": telegram.token,
            "EVA_TELEGRAM_WEBHOOK_SECRET": SECRET,
            "EVA_TELEGRAM_API_URL": telegram.url,
            "EVA_TELEGRAM_MESSAGES_PER_SECOND": "1000",
            "EVA_KAKAO_SKILL_KEY": SECRET,
            "EVA_KAKAO_IMAGE_HOSTS": kakao.host,
            "EVA_PUBLIC_URL": f"http://127.0.0.1:{port}",
            **more,
        }
        web = [*(command or ["run"]), "--port", str(port)]
        with (Path(folder) / "log").open("wb") as log:
            running = [_start(web, environment, folder, log)]
            try:
                _wait_until_ready(f"http://127.0.0.1:{port}")
                running += [_start(["worker"], environment, folder, log) for _ in range(workers)]
                yield f"http://127.0.0.1:{port}"
            finally:
                for process in running:
                    process.terminate()
                for process in running:
                    process.wait(60)


def _start(arguments: list[str], environment: dict[str, str], folder: str, log: Any) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "eva", *arguments]
    return subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)


def _wait_until_ready(url: str) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        with suppress(httpx.TransportError):
            if httpx.get(f"{url}/readyz", timeout=10, trust_env=False).status_code == 200:
                return
        time.sleep(0.2)
    raise TimeoutError("Eva did not start")


def _send_until_answered(telegram: FakeTelegram) -> None:
    """So that everything is warm before anything is timed."""
    telegram.deliver_update(telegram.updates.photo(_photo(99), user_id=7), retry_for=60)
    telegram.wait(lambda: _final_messages(telegram, 7), timeout=120)


def _measure_burst(telegram: FakeTelegram, sends: list[tuple[int, bytes]]) -> tuple[float, list[float]]:
    """Send photos at once over 16 connections; seconds until all are answered, milliseconds of each webhook call."""
    knocks = _post_updates(telegram, sends)
    return _until_answered(telegram, sends) - knocks["began"], knocks["ms"]


def _measure_throughput(telegram: FakeTelegram, pictures: list[bytes]) -> list[float]:
    """Milliseconds of each webhook call while the worker has more to do than it can, and calls come one by one."""
    backlog = [(7000 + turn, pictures[turn % len(pictures)]) for turn in range(240)]
    calls = [(8000 + turn, pictures[turn % len(pictures)]) for turn in range(100)]
    _post_updates(telegram, backlog)
    found: list[float] = _post_updates(telegram, calls, pause=1.0)["ms"]
    _until_answered(telegram, [*backlog, *calls])
    return found


def _post_updates(telegram: FakeTelegram, sends: list[tuple[int, bytes]], *, pause: float = 0) -> dict[str, Any]:
    """Bring photos to the webhook; when the first one left, and milliseconds of each call."""
    updates = [telegram.updates.photo(data, user_id=person) for person, data in sends]
    url = urlsplit(str(telegram.api.webhook["url"]))
    plan = {"port": url.port, "path": url.path, "secret": SECRET, "connections": CONNECTIONS, "pause": pause}
    command = [sys.executable, "-m", "benchmarks.webhook_client"]
    done = subprocess.run(
        command, cwd=ROOT, input=json.dumps({**plan, "updates": updates}), stdout=subprocess.PIPE, text=True, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _until_answered(telegram: FakeTelegram, sends: list[tuple[int, bytes]]) -> float:
    """Wait until all photos of some chats are answered; when that was."""
    wanted = Counter(person for person, _ in sends)
    pending, ends_by = set(wanted), time.perf_counter() + TIMEOUT
    while pending:
        if time.perf_counter() > ends_by:
            raise TimeoutError(f"{len(pending)} chats were not answered")
        ends = Counter(int(each["chat"]["id"]) for each in telegram.messages() if each.get("reply_markup"))
        pending = {person for person in pending if ends[person] < wanted[person]}
        time.sleep(0.1)
    return time.perf_counter()


def _final_messages(telegram: FakeTelegram, person: int) -> list[Any]:
    """The last message of each answer: the one with buttons."""
    return [message for message in telegram.messages(person) if message.get("reply_markup")]


def _in_order(telegram: FakeTelegram, people: set[int]) -> float:
    """Percent of the chats whose answers did not mix: a verdict's messages follow each other."""
    good = 0
    for person in people:
        ends = [place for place, message in enumerate(telegram.messages(person)) if message.get("reply_markup")]
        ids = [message["message_id"] for message in telegram.messages(person)]
        good += ids == sorted(ids) and ends == sorted(ends)
    return 100 * good / len(people)


def _kakao_calls(kakao: FakeKakao, pictures: list[bytes], calls: int) -> float:
    """Photos from so many people at once; the seconds of the slowest answer."""
    payloads = [kakao.secure_photos([pictures[turn % len(pictures)]], person=f"{turn:064x}") for turn in range(calls)]
    with ThreadPoolExecutor(calls) as pool:
        answers = list(pool.map(kakao.send, payloads))
    if any(answer.violations for answer in answers):
        raise ValueError("Kakao would not show every answer")
    return max(answer.seconds for answer in answers)


def _measure_bare_forward_pass() -> float:
    """Forward passes a second with all cores, nothing else."""
    with load_classifier(Settings()) as classifier:
        shape = classifier.model_card.preprocessing
        pixels = np.random.default_rng(0).integers(0, 256, (shape.height, shape.width, 3), np.uint8)
        threads, rounds = available_cpus(), 30

        def passes(_: int) -> None:
            for _ in range(rounds):
                classifier.backend.forward(pixels)

        passes(0)
        started = time.perf_counter()
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(passes, range(threads)))
        return threads * rounds / (time.perf_counter() - started)


def _photo(seed: int) -> bytes:
    """A photo as Telegram passes it on: 960 x 1280, another one for each seed."""
    dice = np.random.default_rng(seed)
    coarse = Image.fromarray(dice.integers(0, 256, (16, 12, 3), np.uint8)).resize((960, 1280), Image.Resampling.BICUBIC)
    noise = dice.normal(0, 6, (1280, 960, 3))
    buffer = io.BytesIO()
    Image.fromarray(np.clip(np.asarray(coarse) + noise, 0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


if __name__ == "__main__":
    main()
