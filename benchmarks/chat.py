"""Throughput, latency and processor cost of chat.

Real processes on this machine, with the shipped model; see `benchmarks.chat_load`.

    cost        processor time of Eva's processes and the database for one photo, over that of a bare forward pass
    throughput  photos a second from webhook to last message
    burst       200 photos from 100 chats at once: until all are answered, and whether each chat is in order
    full load   duration of single webhook calls while hundreds of photos wait
    kakao       100 calls at once: the slowest answer
    queue       photo jobs a second with the scripted engine, with one worker and with two

Run: make bench-chat
"""

import argparse
import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from benchmarks.chat_load import make_photo, make_sends, post_updates, running_chat, send_all, wait_until_answered
from benchmarks.figures import RESULTS, Figure, print_figures, write_figures
from benchmarks.processes import processor_seconds
from bot.testing.kakao import FakeKakao, KakaoResponse
from bot.testing.telegram import FakeTelegram
from core.conversation.actions import ActionType
from core.conversation.smalltalk import button_label
from core.i18n.translations import Language
from core.runtime import available_cpus
from core.settings import Settings
from core.vision.classifier import load_classifier

KAKAO_WAITS = 5.0
"""Seconds after which KakaoTalk gives up a call."""
MAX_COST = 1.6
MAX_WEBHOOK_MS = 50.0


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
    with running_chat() as chat:
        telegram = chat.telegram
        sends = make_sends(pictures, photos, first_chat=1000, chats=160)
        before = processor_seconds(*chat.pids)
        duration, _ = send_all(telegram, sends)
        cost = (processor_seconds(*chat.pids) - before) / photos
        burst_sends = make_sends(pictures, 200, first_chat=5000, chats=100)
        burst, burst_ms = send_all(telegram, burst_sends)
        in_order = _percent_in_order(telegram, {chat for chat, _ in burst_sends})
        loaded_ms = _webhook_under_load(telegram, pictures)
        burst_of_calls = _send_kakao_burst(chat.kakao, pictures, 100)
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
        with running_chat(workers=workers, EVA_ENGINE="scripted") as chat:
            duration, _ = send_all(chat.telegram, make_sends([picture], 200, first_chat=9000, chats=200))
        figures.append(
            Figure(name=f"jobs a second, scripted engine, workers: {workers}", value=200 / duration, unit="/s")
        )
    return figures


def _webhook_under_load(telegram: FakeTelegram, pictures: list[bytes]) -> list[float]:
    """Milliseconds of single webhook calls while more photos wait than the worker can judge."""
    backlog = make_sends(pictures, 240, first_chat=7000, chats=240)
    single = make_sends(pictures, 100, first_chat=8000, chats=100)
    post_updates(telegram, backlog)
    durations: list[float] = post_updates(telegram, single, pause=1.0)["ms"]
    wait_until_answered(telegram, [*backlog, *single])
    return durations


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


if __name__ == "__main__":
    main()
