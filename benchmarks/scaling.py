"""Photos a second with one, two and four workers, measured and simulated.

Real processes on this machine with the scripted engine. The run with one worker tells the processor time of each part
for one photo; the simulation (`benchmarks.queue_simulation`) predicts from it how long all runs take. That holds on a
machine on which nothing else runs.

Run: make bench-scaling
"""

import argparse
import os
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.chat_load import make_photo, make_sends, running_chat, send_all
from benchmarks.figures import RESULTS, Figure, print_figures, write_figures
from benchmarks.processes import processor_seconds
from benchmarks.queue_simulation import Step, simulate
from core.runtime import available_cpus

WORKERS = (1, 2, 4)
CHATS = 50
ACCURACY = 25.0
"""Percent by which the simulation may miss a run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Some photos that were answered, with processor seconds of each part for one of them."""

    seconds: float
    """From the first call to the last answer."""
    web: float
    worker: float
    """Of the workers' own processes."""
    decoder: float
    """Of the workers' children."""
    database: float
    telegram: float
    """Of the simulated Telegram, which shares the machine."""

    @property
    def total(self) -> float:
        """Of all parts."""
        return self.web + self.worker + self.decoder + self.database + self.telegram


def main() -> None:
    """Measure, print, store."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=400)
    parser.add_argument("--out", type=Path, default=RESULTS / "scaling.json")
    options = parser.parse_args()
    runs = {workers: measure(workers, options.photos) for workers in WORKERS}
    first = runs[1]
    figures = [
        Figure(name=f"processor time of a photo, {part}", value=1e3 * getattr(first, part), unit="ms")
        for part in ("web", "worker", "decoder", "database", "telegram")
    ]
    for workers, run in runs.items():
        predicted = simulate_run(first, workers, options.photos, available_cpus())
        figures += [
            Figure(name=f"photos a second, workers: {workers}", value=options.photos / run.seconds, unit="/s"),
            Figure(name=f"the same, simulated, workers: {workers}", value=options.photos / predicted, unit="/s"),
            Figure(
                name=f"the simulation misses the run by, workers: {workers}",
                value=100 * abs(run.seconds / predicted - 1),
                unit="%",
                target=ACCURACY,
            ),
            Figure(
                name=f"processors in use, workers: {workers}", value=run.total * options.photos / run.seconds, unit=""
            ),
        ]
    print_figures("Scaling", figures)
    write_figures(options.out, figures)


def measure(workers: int, photos: int) -> Run:
    """Send photos of many chats at once and wait until all are answered."""
    pictures = [make_photo(seed) for seed in range(-(-photos // CHATS))]
    with running_chat(workers=workers, EVA_ENGINE="scripted") as chat:
        web, *worker_pids, database = chat.pids

        def used() -> tuple[float, ...]:
            own = sum(sum(psutil.Process(pid).cpu_times()[:2]) for pid in worker_pids)
            children = processor_seconds(*worker_pids) - own
            return processor_seconds(web), own, children, processor_seconds(database), processor_seconds(os.getpid())

        before, others = used(), processor_seconds(web, *worker_pids)
        seconds, _ = send_all(chat.telegram, make_sends(pictures, photos, first_chat=9000, chats=CHATS))
        after = used()
        eva_seconds = processor_seconds(web, *worker_pids) - others
    parts = [(end - start) / photos for start, end in zip(before, after, strict=True)]
    # Eva's processes are children of this one; the database is not.
    parts[-1] -= eva_seconds / photos
    return Run(seconds=seconds, **dict(zip(("web", "worker", "decoder", "database", "telegram"), parts, strict=True)))


def simulate_run(costs: Run, workers: int, photos: int, processors: int) -> float:
    """Seconds that a run with these costs of a photo takes.

    Args:
        costs: processor seconds of each part for one photo.
        workers: number of worker processes.
        photos: number of photos, all waiting at the start.
        processors: number of cores.
    """
    steps = (
        Step(station="telegram", seconds=costs.telegram / 3),
        Step(station="web", seconds=costs.web),
        Step(station="database", seconds=costs.database / 3),
        Step(station="worker", seconds=costs.worker / 3),
        Step(station="telegram", seconds=costs.telegram / 3),
        Step(station="decoder", seconds=costs.decoder),
        Step(station="worker", seconds=costs.worker / 3),
        Step(station="database", seconds=costs.database / 3),
        Step(station="telegram", seconds=costs.telegram / 3),
        Step(station="worker", seconds=costs.worker / 3),
        Step(station="database", seconds=costs.database / 3),
    )
    places = {
        "telegram": 1,
        "web": 1,
        # One thread runs the Python code of a process.
        "worker": workers,
        "decoder": workers * available_cpus(),
        "database": processors,
    }
    return max(simulate(steps, places=places, processors=processors, arrivals=[0.0] * photos))


if __name__ == "__main__":
    main()
