"""Processes of Eva, and the processor time that processes take."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psutil

ROOT = Path(__file__).parents[1]
READY_SECONDS = 120.0


@contextmanager
def running(
    command: Sequence[str], folder: Path, variables: dict[str, str], *, ready_url: str | None = None
) -> Iterator[int]:
    """Run a process until the block ends; yields its id.

    Args:
        command: the program and its arguments.
        folder: its working directory, also for its log.
        variables: environment variables in addition to those of this process that are not Eva's.
        ready_url: a URL that answers 200 once the process is ready; None does not wait.

    Raises:
        TimeoutError: it did not get ready.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("EVA_", "DATABASE_URL"))}
    environment = {**inherited, "PYTHONPATH": str(ROOT), **variables}
    log = folder / f"{'-'.join(Path(part).name for part in command[:4])}.log"
    with log.open("ab") as output:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=output)
        try:
            if ready_url is not None:
                _wait_until_ready(ready_url, log)
            yield process.pid
        finally:
            process.terminate()
            process.wait(60)


def eva_command(*arguments: str) -> list[str]:
    """A command line of `eva`."""
    return [sys.executable, "-m", "eva", *arguments]


def processor_seconds(*pids: int) -> float:
    """Processor time of processes and all their children, those that have ended included."""
    total = 0.0
    for pid in pids:
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
            for child in process.children(recursive=True):
                with suppress(psutil.NoSuchProcess):
                    times = child.cpu_times()
                    total += times.user + times.system
    return total


def postmaster_pid(data_dir: Path) -> int:
    """The process id of the embedded database in Eva's data folder."""
    return int((data_dir / "postgres" / "data" / "postmaster.pid").read_text("utf-8").split()[0])


def _wait_until_ready(url: str, log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        with suppress(httpx.TransportError):
            if httpx.get(url, timeout=10, trust_env=False).status_code == 200:
                return
        time.sleep(0.2)
    raise TimeoutError(log.read_text("utf-8", errors="replace"))
