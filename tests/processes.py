"""Servers as processes."""

import random
import re
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

FIXED_PORTS = 10_000, 32_768
READY_SECONDS = 120.0
"""Time for a start, which may create a database."""


def free_port() -> int:
    """A port that is free at the moment, for processes that must know it before they start.

    It is none of those that systems give to connections and to servers that ask for any port: another process could get
    one of these before it is used.
    """
    while True:
        port = random.SystemRandom().randrange(*FIXED_PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@contextmanager
def running_process(
    command: Sequence[str], *, ready: str, cwd: Path, env: Mapping[str, str]
) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Start a server, and stop it as Ctrl-C does.

    Args:
        command: the program and its arguments.
        ready: a regular expression; the server is ready when its output matches.
        cwd: its working directory.
        env: all its environment variables.

    Yields:
        The process and the text that matched.

    Raises:
        AssertionError: it did not get ready, or did not exit with 0. The message holds its output.
    """
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
        )

        def output() -> str:
            log.seek(0)
            return log.read().decode(errors="replace")

        try:
            deadline = time.monotonic() + READY_SECONDS
            while (found := re.search(ready, output())) is None:
                assert process.poll() is None, output()
                assert time.monotonic() < deadline, output()
                time.sleep(0.1)
            yield process, found[0]
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 0, output()
        finally:
            process.kill()
            process.wait()
            print(output())  # noqa: T201  (pytest shows it with a failure)
