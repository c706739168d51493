"""What one chat that sends many photos at once costs the others.

Real processes on this machine, with the shipped model. Photos of other chats arrive one by one, in turn while nothing
else does and while one chat floods; in one run, so that both meet the same machine.

Run: make bench-flooding
"""

import argparse
import time
from pathlib import Path

import numpy as np

from benchmarks.chat_load import count_verdicts, make_photo, post_updates, running_chat
from benchmarks.figures import RESULTS, Figure, print_figures, write_figures
from bot.testing.telegram import FakeTelegram

FLOODING_CHAT = 66
MAX_RATIO = 2.0
ANSWER_SECONDS = 300.0


def main() -> None:
    """Measure, print, store."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=4, help="of each kind")
    parser.add_argument("--photos", type=int, default=8, help="of other chats in each round")
    parser.add_argument("--flood", type=int, default=30, help="photos that the flooding chat sends in each round")
    parser.add_argument("--out", type=Path, default=RESULTS / "flooding.json")
    options = parser.parse_args()
    alone, flooded, left = measure(options.rounds, options.photos, options.flood)
    figures = [
        Figure(name="photo to verdict, p95, alone", value=p95(alone), unit="s"),
        Figure(name="the same while one chat floods", value=p95(flooded), unit="s"),
        Figure(name="ratio of both", value=p95(flooded) / p95(alone), unit="x", target=MAX_RATIO, headline=True),
        Figure(name="ratio of the medians", value=float(np.median(flooded) / np.median(alone)), unit="x"),
        Figure(
            name="photos of a flood that still waited when its round ended, at least",
            value=left,
            unit="",
            target=1,
            at_most=False,
        ),
    ]
    print_figures("One chat floods", figures)
    write_figures(options.out, figures, rounds=options.rounds, photos=options.photos, flood=options.flood)


def measure(rounds: int, photos: int, flood: int) -> tuple[list[float], list[float], int]:
    """Seconds from photo to verdict of other chats, alone and in a flood, and the least that was left of a flood."""
    pictures = [make_photo(seed) for seed in range(photos)]
    # Each different: a photo that was sent before is answered without the model.
    floods = [
        [(FLOODING_CHAT, make_photo(1000 * (turn + 1) + seed)) for seed in range(flood)] for turn in range(rounds)
    ]
    seconds: dict[bool, list[float]] = {False: [], True: []}
    chat, flooded, left = 10_000, 0, flood
    with running_chat() as running:
        telegram = running.telegram
        for is_flood in rounds * [False, True]:
            if is_flood:
                flooded += flood
                post_updates(telegram, floods.pop())
            for picture in pictures:
                chat += 1
                seconds[is_flood].append(_time_verdict(telegram, chat, picture))
            if is_flood:
                left = min(left, flooded - count_verdicts(telegram, FLOODING_CHAT))
                _wait_for_verdicts(telegram, FLOODING_CHAT, flooded)
    return seconds[False], seconds[True], left


def p95(seconds: list[float]) -> float:
    """The duration that 95 % of all stay under."""
    return float(np.percentile(seconds, 95))


def _time_verdict(telegram: FakeTelegram, chat: int, picture: bytes) -> float:
    update = telegram.updates.photo(picture, user_id=chat)
    started = time.perf_counter()
    telegram.deliver_update(update, retry_for=ANSWER_SECONDS)
    _wait_for_verdicts(telegram, chat, 1)
    return time.perf_counter() - started


def _wait_for_verdicts(telegram: FakeTelegram, chat: int, count: int) -> None:
    telegram.wait(lambda: count_verdicts(telegram, chat) >= count, timeout=ANSWER_SECONDS)


if __name__ == "__main__":
    main()
