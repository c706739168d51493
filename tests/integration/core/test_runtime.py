"""Processes that are told to end."""

import subprocess
import sys
import threading

from tests.conftest import ROOT

ENDING_PROCESS = """
import asyncio, time
from core import runtime

class SlowTeardown:
    def __del__(self):
        time.sleep(60)

kept = SlowTeardown()
shutdown = runtime.GracefulShutdown()
runtime.run_event_loop(runtime.run_until_signalled(
    asyncio.Event().wait, on_started=lambda: print("ready", flush=True), shutdown=shutdown
))
print("closed")
shutdown.end_process()
"""


def test_a_signalled_process_does_not_wait_for_the_teardown_of_the_interpreter() -> None:
    returncode, output = _terminate_when_ready(ENDING_PROCESS)
    assert returncode == 0
    assert output.endswith("closed\n")


STUCK_PROCESS = """
import asyncio, time
from core import runtime

class ShortShutdown(runtime.GracefulShutdown):
    exit_seconds = 0.2

shutdown = ShortShutdown(has_exit_limit=True)

async def hang():
    try:
        await asyncio.Event().wait()
    finally:
        await asyncio.Event().wait()

runtime.run_event_loop(
    runtime.run_until_signalled(hang, on_started=lambda: print("ready", flush=True), shutdown=shutdown)
)
"""


def test_a_process_that_hangs_in_its_shutdown_is_ended() -> None:
    returncode, output = _terminate_when_ready(STUCK_PROCESS)
    assert returncode == 0
    assert "process_end_forced" in output
    assert "hang" in output


def _terminate_when_ready(code: str) -> tuple[int, str]:
    """Run code until it prints `ready`, then send SIGTERM; the exit code and the rest of the output."""
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    limit = threading.Timer(120, process.kill)
    limit.start()
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.terminate()
        output = process.communicate(timeout=30)[0]
    finally:
        limit.cancel()
        process.kill()
    return process.returncode, output
