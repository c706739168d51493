"""Frames of the chat on a mid-range phone: while its log is scrolled, and while an answer comes.

Chromium shows `/try` at the size of a phone, with a processor four times slower than this machine's, and records a
trace through its DevTools protocol. The answers are scripted, so only the page is measured.

    frames      presented, out of these and those that were dropped while something moved; 60 a second are due
    tasks       processor time of the main thread's longest task, and the number of those over 50 ms

Run: python -m benchmarks.chat_frames
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from benchmarks.figures import RESULTS, Figure, print_figures, write_figures
from benchmarks.processes import eva_command, running
from tests.processes import free_port

CATEGORIES = ["devtools.timeline", "disabled-by-default-devtools.timeline", "cc", "benchmark", "toplevel"]
FLAGS = ["--no-sandbox", "--disable-gpu"]
PHONE = {"width": 390, "height": 844}
SLOWDOWN = 4
"""How many times slower the processor of a mid-range phone is."""
TIMEOUT_MS = 120_000
SWIPES = 10
"""Up and down in turn, so that the log is at its end at no time."""
SWIPE_TOP, SWIPE_BOTTOM = 250, 620
MOVES, MOVES_PER_SECOND = 30, 60
"""Of a finger in one swipe, and how often a touch screen tells of them."""
LONG_MS = 50.0
"""A task that people notice, as browsers define it."""
MIN_FRAMES = 0.95
PRESENTED = {"STATE_PRESENTED_ALL", "STATE_PRESENTED_PARTIAL"}
DROPPED = "STATE_DROPPED"
SETTINGS = {"EVA_ENGINE": "scripted", "EVA_ENV": "development", "EVA_WRITES_PER_MINUTE": "10000"}


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameCounts:
    """What a trace says about the frames of a page and its main thread."""

    presented: int
    dropped: int
    task_ms: tuple[float, ...]
    """Processor time of each task of the main thread, the longest first."""

    @property
    def share(self) -> float:
        """The share of frames that were presented; 1 without any."""
        due = self.presented + self.dropped
        return self.presented / due if due else 1.0

    @property
    def long_tasks(self) -> int:
        """How many tasks took over `LONG_MS`."""
        return sum(ms > LONG_MS for ms in self.task_ms)


def main() -> None:
    """Measure, print, store."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    rounds: int = parser.parse_args().rounds
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        sys.exit("There is no Chromium.")
    with tempfile.TemporaryDirectory(prefix="eva-frames-") as name, sync_playwright() as playwright:
        folder, port = Path(name), free_port()
        folder.chmod(0o755)
        root = f"http://127.0.0.1:{port}"
        with running(eva_command("run", "--port", str(port)), folder, SETTINGS, ready_url=f"{root}/try"):
            browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
            counts = [measure(browser, root) for _ in range(rounds)]
            browser.close()
    figures = [
        figure
        for what, found in zip(("answer", "scroll"), zip(*counts, strict=True), strict=True)
        for figure in to_figures(what, found)
    ]
    print_figures("chat frames", figures)
    write_figures(RESULTS / "chat_frames.json", figures, rounds=rounds, slowdown=SLOWDOWN)


def measure(browser: Browser, root: str) -> tuple[FrameCounts, FrameCounts]:
    """Frames while an answer comes, and while the log with it is scrolled."""
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True, device_scale_factor=2)  # type: ignore[arg-type]
    page = context.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    page.goto(f"{root}/try")
    page.locator(".samples img").last.evaluate("image => image.decode()")
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWDOWN})
    answer = trace(browser, page, answer_photo)
    scroll = trace(browser, page, scroll_log)
    context.close()
    return answer, scroll


def trace(browser: Browser, page: Page, act: Any) -> FrameCounts:
    """What the trace of an action on a page says."""
    browser.start_tracing(page=page, categories=CATEGORIES)
    act(page)
    return count_frames(json.loads(browser.stop_tracing())["traceEvents"])


def answer_photo(page: Page) -> None:
    """Show a sample and wait for the last of the answer."""
    page.locator(".samples button").nth(1).tap()
    page.locator(".tools .copy").wait_for()


def scroll_log(page: Page) -> None:
    """Swipe up and down with a finger."""
    session = page.context.new_cdp_session(page)
    for swipe in range(SWIPES):
        start, end = (SWIPE_BOTTOM, SWIPE_TOP) if swipe % 2 == 0 else (SWIPE_TOP, SWIPE_BOTTOM)
        began = time.perf_counter()
        _touch(session, "touchStart", start)
        for move in range(1, MOVES + 1):
            time.sleep(max(0.0, began + move / MOVES_PER_SECOND - time.perf_counter()))
            _touch(session, "touchMove", start + (end - start) * move / MOVES)
        _touch(session, "touchEnd")


def _touch(session: CDPSession, kind: str, y: float | None = None) -> None:
    points = [] if y is None else [{"x": PHONE["width"] / 2, "y": y}]
    session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def count_frames(events: Iterable[dict[str, Any]]) -> FrameCounts:
    """Count the frames and the tasks of the main threads of pages.

    Args:
        events: of a trace of Chromium.
    """
    events = list(events)
    mains = {
        (event["pid"], event["tid"])
        for event in events
        if event.get("name") == "thread_name" and event["args"]["name"] == "CrRendererMain"
    }
    renderers = {process for process, _ in mains}
    reports = [
        report
        for event in events
        if event.get("name") == "PipelineReporter" and event["pid"] in renderers
        if (report := event["args"].get("frame_reporter")) is not None
    ]
    tasks = (
        event.get("tdur", event.get("dur", 0)) / 1000
        for event in events
        if event.get("name") == "RunTask" and (event["pid"], event["tid"]) in mains
    )
    return FrameCounts(
        presented=sum(report["state"] in PRESENTED for report in reports),
        dropped=sum(report["state"] == DROPPED and report["affects_smoothness"] for report in reports),
        task_ms=tuple(sorted(tasks, reverse=True)),
    )


def to_figures(what: str, counts: Iterable[FrameCounts]) -> list[Figure]:
    """The figures of several rounds: the median share of frames, and the worst tasks."""
    counts = sorted(counts, key=lambda result: result.share)
    middle = counts[len(counts) // 2]
    longest = max(max(result.task_ms, default=0.0) for result in counts)
    due = middle.presented + middle.dropped
    return [
        Figure(
            name=f"{what}: frames presented",
            value=round(100 * middle.share, 1),
            unit="%",
            target=100 * MIN_FRAMES,
            at_most=False,
            note=f"{middle.presented} of {due}",
        ),
        Figure(
            name=f"{what}: tasks over {LONG_MS:.0f} ms",
            value=max(result.long_tasks for result in counts),
            unit="",
            target=0,
        ),
        Figure(name=f"{what}: longest task", value=round(longest, 1), unit="ms", target=LONG_MS),
    ]


if __name__ == "__main__":
    main()
