"""Photos in chat under load: Eva's processes with simulated messengers, and many updates at once.

Real processes on this machine: `eva serve` and `eva worker` with the embedded PostgreSQL. On the same processors run
the simulators of both messengers and, in one more process, the client that calls the webhook.
"""

import io
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from PIL import Image, ImageOps

from benchmarks.processes import ROOT, eva_command, postmaster_pid, running
from bot.testing.kakao import FakeKakao
from bot.testing.telegram import FakeTelegram
from tests.processes import free_port

SECRET = "bench"
CONNECTIONS = 16
ANSWER_SECONDS = 600.0
SAMPLES = ("street", "retro", "ethnic", "business_casual")
PHOTO_SIZE = (960, 1280)

Sends = list[tuple[int, bytes]]
"""Photos with the chats that send them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningChat:
    """Eva's processes, and the messengers that they talk to."""

    telegram: FakeTelegram
    kakao: FakeKakao
    pids: tuple[int, ...]
    """Of `eva serve`, the workers and the database."""


@contextmanager
def running_chat(*, workers: int = 1, **settings: str) -> Iterator[RunningChat]:
    """Run `eva serve` and workers that are warm: one photo was answered.

    Args:
        workers: how many `eva worker` run.
        settings: further environment variables.
    """
    with ExitStack() as stack:
        telegram, kakao = stack.enter_context(FakeTelegram()), stack.enter_context(FakeKakao(key=SECRET))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="eva-bench-")))
        folder.chmod(0o711)
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        variables = {
            "EVA_DATA_DIR": str(folder / "eva"),
            "EVA_PHOTOS_PER_PERSON_PER_DAY": "1000000",
            "EVA_TELEGRAM_TOKEN": telegram.token,
            "EVA_TELEGRAM_WEBHOOK_SECRET": SECRET,
            "EVA_TELEGRAM_API_URL": telegram.url,
            "EVA_TELEGRAM_MESSAGES_PER_SECOND": "1000",
            "EVA_KAKAO_SKILL_KEY": SECRET,
            "EVA_KAKAO_IMAGE_HOSTS": kakao.host,
            "EVA_PUBLIC_URL": url,
            **settings,
        }
        server = eva_command("serve", "--port", str(port))
        pids = [stack.enter_context(running(server, folder, variables, ready_url=f"{url}/readyz"))]
        pids += [stack.enter_context(running(eva_command("worker"), folder, variables)) for _ in range(workers)]
        telegram.api.webhook.update(url=f"{url}/telegram/webhook", secret_token=SECRET)
        kakao.skill_url = f"{url}/kakao/skill"
        telegram.deliver_update(telegram.updates.photo(make_photo(99), user_id=7), retry_for=60)
        telegram.wait(lambda: count_verdicts(telegram, 7) > 0, timeout=120)
        yield RunningChat(telegram=telegram, kakao=kakao, pids=(*pids, postmaster_pid(folder / "eva")))


def make_sends(pictures: Sequence[bytes], photos: int, *, first_chat: int, chats: int) -> Sends:
    """Photos of so many chats in turn, none of which sends a picture twice: that is answered without the model.

    Args:
        pictures: to choose from.
        photos: how many are sent.
        first_chat: number of the first chat.
        chats: how many send.

    Raises:
        ValueError: there are too few pictures.
    """
    if photos > chats * len(pictures):
        raise ValueError(f"{photos} photos of {chats} chats need more than {len(pictures)} pictures")
    return [
        (first_chat + turn % chats, pictures[(turn % chats + turn // chats) % len(pictures)]) for turn in range(photos)
    ]


def send_all(telegram: FakeTelegram, sends: Sends) -> tuple[float, list[float]]:
    """Send photos at once; seconds until all are answered, and the milliseconds of each webhook call."""
    calls = post_updates(telegram, sends)
    return wait_until_answered(telegram, sends) - calls["started"], calls["ms"]


def post_updates(telegram: FakeTelegram, sends: Sends, *, pause: float = 0) -> dict[str, Any]:
    """Call the webhook with photos; when it began and the milliseconds of each call.

    Args:
        telegram: the Telegram that calls.
        sends: the photos.
        pause: seconds between two calls; 0 calls as fast as the connections allow.
    """
    updates = [telegram.updates.photo(data, user_id=chat) for chat, data in sends]
    url = urlsplit(str(telegram.api.webhook["url"]))
    plan = {"port": url.port, "path": url.path, "secret": SECRET, "connections": CONNECTIONS, "pause": pause}
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.webhook_client"],
        cwd=ROOT,
        input=json.dumps({**plan, "updates": updates}),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def wait_until_answered(telegram: FakeTelegram, sends: Sends) -> float:
    """Wait until every photo has a verdict; the time of the last one.

    Raises:
        TimeoutError: some chats were not answered.
    """
    expected = Counter(chat for chat, _ in sends)
    pending, deadline = set(expected), time.perf_counter() + ANSWER_SECONDS
    while pending:
        if time.perf_counter() > deadline:
            raise TimeoutError(f"{len(pending)} chats were not answered")
        answered = Counter(int(message["chat"]["id"]) for message in telegram.messages() if message.get("reply_markup"))
        pending = {chat for chat in pending if answered[chat] < expected[chat]}
        time.sleep(0.1)
    return time.perf_counter()


def count_verdicts(telegram: FakeTelegram, chat: int) -> int:
    """How many verdicts a chat got: the last message of each has buttons."""
    return sum("reply_markup" in message for message in telegram.messages(chat))


def make_photo(seed: int) -> bytes:
    """A photo as Telegram delivers it, 960 x 1280: a sample cropped, mirrored and tinted, different for each seed."""
    rng = np.random.default_rng(seed)
    image = Image.open(ROOT / "samples" / f"{SAMPLES[seed % len(SAMPLES)]}.jpg").convert("RGB")
    if seed // len(SAMPLES) % 2:
        image = ImageOps.mirror(image)
    left, top, right, bottom = rng.uniform(0, 0.12, 4) * np.array([image.width, image.height] * 2)
    image = image.crop((round(left), round(top), round(image.width - right), round(image.height - bottom)))
    tint = Image.fromarray(rng.integers(0, 256, (6, 5, 3), np.uint8)).resize(PHOTO_SIZE, Image.Resampling.BICUBIC)
    tinted = np.asarray(Image.blend(image.resize(PHOTO_SIZE), tint, 0.3), np.float32)
    pixels = tinted + rng.normal(0, 5, (*tinted.shape[:2], 1))
    buffer = io.BytesIO()
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=85)
    return buffer.getvalue()
