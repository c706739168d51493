"""Throughput, latency and processor cost of chat.

Real processes on this machine: `eva serve` and `eva worker` with the embedded PostgreSQL and the shipped model. On the
same processors run the simulators of both messengers and, in one more process, the client that calls the webhook.

    cost        processor time of Eva's processes and the database for one photo, over that of a bare forward pass
    throughput  photos a second from webhook to last message
    burst       200 photos from 100 chats at once: until all are answered, and whether each chat is in order
    full load   duration of single webhook calls while hundreds of photos wait
    kakao       100 calls at once: the slowest answer
    queue       photo jobs a second with the scripted engine, with one worker and with two

Run: make bench-chat
"""

import argparse
import io
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import numpy as np
from PIL import Image, ImageOps

from benchmarks.figures import RESULTS, Figure, print_figures, write_figures
from benchmarks.processes import ROOT, eva_command, postmaster_pid, processor_seconds, running
from bot.testing.kakao import FakeKakao, KakaoResponse
from bot.testing.telegram import FakeTelegram
from core.conversation.actions import ActionType
from core.conversation.smalltalk import button_label
from core.i18n.translations import Language
from core.runtime import available_cpus
from core.settings import Settings
from core.vision.classifier import load_classifier
from tests.processes import free_port

SECRET = "bench"
CONNECTIONS = 16
ANSWER_SECONDS = 600.0
KAKAO_WAITS = 5.0
"""Seconds after which KakaoTalk gives up a call."""
MAX_COST = 1.6
MAX_WEBHOOK_MS = 50.0
SAMPLES = ("street", "retro", "ethnic", "business_casual")
PHOTO_SIZE = (960, 1280)

Sends = list[tuple[int, bytes]]
"""Photos with the chats that send them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningEva:
    """Eva's processes."""

    url: str
    pids: tuple[int, ...]
    """Of `eva serve`, the workers and the database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KakaoBurst:
    """How many calls to the KakaoTalk skill that arrive at once are answered."""

    slowest: float
    """Seconds."""
    verdicts: int
    pending: int
    """With a button that shows the verdict later."""
    apologies: int
    unanswered: int
    """Calls that KakaoTalk gave up."""


def main() -> None:
    """Measure, print, store."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=720, help="of the throughput part")
    parser.add_argument("--out", type=Path, default=RESULTS / "chat.json")
    options = parser.parse_args()
    figures = [*measure_chat(options.photos), *measure_queue()]
    print_figures("Chat", figures)
    write_figures(options.out, figures)


def measure_chat(photos: int) -> list[Figure]:
    """Everything that needs the model."""
    pictures = [make_photo(seed) for seed in range(24)]
    pass_rate, pass_seconds = _measure_forward_pass()
    with FakeTelegram() as telegram, FakeKakao(key=SECRET) as kakao, running_eva(telegram, kakao) as eva:
        connect(telegram, kakao, eva.url)
        sends = make_sends(pictures, photos, first_chat=1000, chats=160)
        before = processor_seconds(*eva.pids)
        duration, _ = send_all(telegram, sends)
        cost = (processor_seconds(*eva.pids) - before) / photos
        burst_sends = make_sends(pictures, 200, first_chat=5000, chats=100)
        burst, burst_ms = send_all(telegram, burst_sends)
        in_order = _percent_in_order(telegram, {chat for chat, _ in burst_sends})
        loaded_ms = _webhook_under_load(telegram, pictures)
        burst_of_calls = _send_kakao_burst(kakao, pictures, 100)
    return [
        Figure(name="bare forward pass, processor time", value=1e3 * pass_seconds, unit="ms"),
        Figure(name="photo in chat, processor time", value=1e3 * cost, unit="ms"),
        Figure(
            name="photo in chat over bare forward pass, processor time",
            value=cost / pass_seconds,
            unit="x",
            target=MAX_COST,
            headline=True,
        ),
        Figure(name="photos answered a second", value=photos / duration, unit="/s"),
        Figure(name="bare forward passes a second", value=pass_rate, unit="/s"),
        Figure(name="burst of 200, all answered after", value=burst, unit="s"),
        Figure(name="burst, chats in order", value=in_order, unit="%", target=100.0, at_most=False),
        Figure(name="burst, webhook p99", value=float(np.percentile(burst_ms, 99)), unit="ms", target=MAX_WEBHOOK_MS),
        Figure(
            name="webhook p99 at full load",
            value=float(np.percentile(loaded_ms, 99)),
            unit="ms",
            target=MAX_WEBHOOK_MS,
            headline=True,
        ),
        Figure(name="webhook median at full load", value=float(np.median(loaded_ms)), unit="ms"),
        Figure(name="100 KakaoTalk calls at once, slowest answer", value=burst_of_calls.slowest, unit="s", target=4.5),
        Figure(name="of these, answered with a verdict", value=burst_of_calls.verdicts, unit=""),
        Figure(name="of these, asked to press a button for it", value=burst_of_calls.pending, unit=""),
        Figure(name="of these, answered with an apology", value=burst_of_calls.apologies, unit="", target=0),
        Figure(name="of these, not answered within five seconds", value=burst_of_calls.unanswered, unit="", target=0),
    ]


def measure_queue() -> list[Figure]:
    """Photo jobs a second without a model, from webhook to last message."""
    figures, picture = [], make_photo(1)
    for workers in (1, 2):
        with (
            FakeTelegram() as telegram,
            FakeKakao(key=SECRET) as kakao,
            running_eva(telegram, kakao, workers=workers, EVA_ENGINE="scripted") as eva,
        ):
            connect(telegram, kakao, eva.url)
            duration, _ = send_all(telegram, make_sends([picture], 200, first_chat=9000, chats=200))
        figures.append(
            Figure(name=f"jobs a second, scripted engine, workers: {workers}", value=200 / duration, unit="/s")
        )
    return figures


@contextmanager
def running_eva(telegram: FakeTelegram, kakao: FakeKakao, *, workers: int = 1, **settings: str) -> Iterator[RunningEva]:
    """`eva serve` and workers.

    Args:
        telegram: the Telegram that they talk to.
        kakao: the KakaoTalk whose photos they fetch.
        workers: how many `eva worker` run.
        settings: further environment variables.
    """
    with tempfile.TemporaryDirectory(prefix="eva-bench-") as name, ExitStack() as stack:
        folder, port = Path(name), free_port()
        folder.chmod(0o711)
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
        yield RunningEva(url=url, pids=(*pids, postmaster_pid(folder / "eva")))


def connect(telegram: FakeTelegram, kakao: FakeKakao, url: str) -> None:
    """Point the messengers to Eva and send one photo, so that everything is warm."""
    telegram.api.webhook.update(url=f"{url}/telegram/webhook", secret_token=SECRET)
    kakao.skill_url = f"{url}/kakao/skill"
    telegram.deliver_update(telegram.updates.photo(make_photo(99), user_id=7), retry_for=60)
    telegram.wait(lambda: _has_buttons(telegram, 7), timeout=120)


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
    return _wait_until_answered(telegram, sends) - calls["started"], calls["ms"]


def _webhook_under_load(telegram: FakeTelegram, pictures: list[bytes]) -> list[float]:
    """Milliseconds of single webhook calls while more photos wait than the worker can judge."""
    backlog = make_sends(pictures, 240, first_chat=7000, chats=240)
    single = make_sends(pictures, 100, first_chat=8000, chats=100)
    post_updates(telegram, backlog)
    durations: list[float] = post_updates(telegram, single, pause=1.0)["ms"]
    _wait_until_answered(telegram, [*backlog, *single])
    return durations


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


def _wait_until_answered(telegram: FakeTelegram, sends: Sends) -> float:
    """Wait until every photo has a verdict; the time of the last one."""
    expected = Counter(chat for chat, _ in sends)
    pending, deadline = set(expected), time.perf_counter() + ANSWER_SECONDS
    while pending:
        if time.perf_counter() > deadline:
            raise TimeoutError(f"{len(pending)} chats were not answered")
        answered = Counter(int(message["chat"]["id"]) for message in telegram.messages() if message.get("reply_markup"))
        pending = {chat for chat in pending if answered[chat] < expected[chat]}
        time.sleep(0.1)
    return time.perf_counter()


def _has_buttons(telegram: FakeTelegram, chat: int) -> bool:
    """Whether a chat got the last message of a verdict, which has buttons."""
    return any(message.get("reply_markup") for message in telegram.messages(chat))


def _percent_in_order(telegram: FakeTelegram, chats: set[int]) -> float:
    """Percent of the chats in which messages arrived in the order of their ids."""
    ordered = 0
    for chat in chats:
        ids = [message["message_id"] for message in telegram.messages(chat)]
        ordered += ids == sorted(ids)
    return 100 * ordered / len(chats)


def _send_kakao_burst(kakao: FakeKakao, pictures: list[bytes], calls: int) -> KakaoBurst:
    """Send a photo of each of so many people at once.

    Raises:
        ValueError: KakaoTalk would not show an answer.
    """
    payloads = [kakao.secure_photos([pictures[turn % len(pictures)]], person=f"{turn:064x}") for turn in range(calls)]

    def send(payload: dict[str, Any]) -> KakaoResponse | None:
        try:
            return kakao.send(payload)
        except httpx.TimeoutException:
            return None

    with ThreadPoolExecutor(calls) as pool:
        answers = [answer for answer in pool.map(send, payloads) if answer is not None]
    if any(answer.violations for answer in answers):
        raise ValueError("KakaoTalk would not show every answer")
    show_result = button_label(ActionType.SHOW_RESULT, Language.KO)
    pending = sum(show_result in json.dumps(answer.reply, ensure_ascii=False) for answer in answers)
    verdicts = sum('"thumbnail"' in json.dumps(answer.reply) for answer in answers)
    return KakaoBurst(
        slowest=KAKAO_WAITS if len(answers) < calls else max(answer.seconds for answer in answers),
        verdicts=verdicts,
        pending=pending,
        apologies=len(answers) - verdicts - pending,
        unanswered=calls - len(answers),
    )


def _measure_forward_pass() -> tuple[float, float]:
    """Bare forward passes a second on all processors, and the processor seconds of one."""
    with load_classifier(Settings()) as classifier:
        shape = classifier.model_card.preprocessing
        pixels = np.random.default_rng(0).integers(0, 256, (shape.height, shape.width, 3), np.uint8)
        threads, rounds = available_cpus(), 30

        def repeat(_: int) -> None:
            for _ in range(rounds):
                classifier.backend.forward(pixels)

        repeat(0)
        started, used = time.perf_counter(), time.process_time()
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(repeat, range(threads)))
        passes = threads * rounds
        return passes / (time.perf_counter() - started), (time.process_time() - used) / passes


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


if __name__ == "__main__":
    main()
