"""One child process that decodes untrusted photos, seen from its parent."""

import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from PIL import Image

from core.errors import DecoderUnavailableError, PhotoError
from core.images.decoder_main import ERROR, HEADER, IMAGE, LARGE, PHOTO, READY
from core.images.decoding import MAX_WORKING_SIDE, LargeImageError

MAX_REPORT_BYTES = 4096
"""Of an error that the process reports."""
PIPE_BYTES = 2**20
START_SECONDS = 30.0
"""Limit for the start of a child; usually 0.2 s."""
INHERITED_VARIABLES = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "TZ")
PHOTO_ERRORS = {error.__name__: error for error in PhotoError.__subclasses__()}
"""What a child may report."""
CHILD_VARIABLES = {
    # Each thread of a numerical library reserves memory, and there is nothing for it to do.
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    # Each arena reserves 64 MB of address space.
    "MALLOC_ARENA_MAX": "1",
    "PILLOW_BLOCKS_MAX": "8",
    "MALLOC_MMAP_THRESHOLD_": "33554432",
    "MALLOC_TRIM_THRESHOLD_": "67108864",
}


class DecoderEndedError(Exception):
    """The child process ended before it answered."""


class DecoderProcess:
    """A child process; one caller at a time."""

    def __init__(self, *, max_memory: int, max_cpu_seconds: float) -> None:
        """Start the process and wait until it is ready.

        Args:
            max_memory: bytes that one photo may take.
            max_cpu_seconds: processor time of one photo.

        Raises:
            DecoderUnavailableError: it does not start.
        """
        environment = {name: os.environ[name] for name in INHERITED_VARIABLES if name in os.environ}
        # Without the secrets of the parent, and with its modules, however it found them.
        environment |= CHILD_VARIABLES | {"PYTHONPATH": os.pathsep.join(sys.path)}
        arguments = ["-m", "core.images.decoder_main", str(max_memory), str(max_cpu_seconds)]
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=environment,
            )
        except OSError as error:
            raise DecoderUnavailableError(type(error).__name__) from error
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests, self._replies = self._process.stdin, self._process.stdout
        if sys.platform == "linux":
            for pipe in (self._requests, self._replies):
                with suppress(PermissionError):
                    fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        self.has_timed_out = False
        try:
            with self._deadline(START_SECONDS):
                kind, _, _ = HEADER.unpack(self._receive(HEADER.size))
        except DecoderEndedError as error:
            raise DecoderUnavailableError(f"exit code {self.exit_code}") from error
        assert kind == READY

    @property
    def is_running(self) -> bool:
        """Whether it can decode another photo."""
        return self._process.poll() is None and not self.has_timed_out

    @property
    def process_id(self) -> int:
        """The id of the process."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """The exit code, or the negative number of the signal that ended it; None while it runs."""
        return self._process.returncode

    @property
    def has_exceeded_cpu(self) -> bool:
        """Whether the limit of processor time ended it."""
        return sys.platform != "win32" and self.exit_code == -signal.SIGPROF

    def decode(self, data: bytes, *, max_seconds: float, may_be_large: bool) -> Image.Image:
        """Let the process decode a file.

        Args:
            data: the file.
            max_seconds: after that long it is killed.
            may_be_large: whether a large image is decoded.

        Raises:
            LargeImageError: the image is large and may not be.
            PhotoError: the file is not a photo that can be decoded.
            DecoderEndedError: the process ended, or was ended for a reply of another form.
        """
        with self._deadline(max_seconds):
            self._requests.write(HEADER.pack(PHOTO, len(data), may_be_large))
            self._requests.write(data)
            self._requests.flush()
            kind, first, second = HEADER.unpack(self._receive(HEADER.size))
            if kind == LARGE:
                raise LargeImageError
            if kind == ERROR and first <= MAX_REPORT_BYTES:
                raise _parse_error(self._receive(first))
            if kind != IMAGE or not 0 < min(first, second) <= max(first, second) <= MAX_WORKING_SIDE:
                raise EOFError("a reply that no decoder sends")
            return Image.frombytes("RGB", (first, second), self._receive(3 * first * second))

    def close(self) -> None:
        """Kill the process, which holds nothing that could be lost."""
        self._process.kill()
        for pipe in (self._requests, self._replies):
            with suppress(OSError):
                pipe.close()
        self._process.wait()

    @contextmanager
    def _deadline(self, seconds: float) -> Iterator[None]:
        """Kill the process if the block takes longer; translates the errors of its pipes.

        Raises:
            DecoderEndedError: the process ended.
        """
        timer = threading.Timer(seconds, self._kill_late)
        timer.daemon = True
        timer.start()
        try:
            yield
        except (OSError, EOFError) as error:
            self.close()
            raise DecoderEndedError from error
        finally:
            timer.cancel()
            # It may be about to kill the process, which then must not get another photo.
            timer.join()

    def _kill_late(self) -> None:
        self.has_timed_out = True
        self._process.kill()

    def _receive(self, length: int) -> bytearray:
        received = bytearray(length)
        if self._replies.readinto(received) < length:  # type: ignore[attr-defined]
            raise EOFError
        return received


def _parse_error(report: bytearray) -> PhotoError:
    """The error that the process reports.

    Raises:
        EOFError: it is none; the process is not in a state to go on with.
    """
    try:
        name, detail = json.loads(report)
        return PHOTO_ERRORS[name](detail)
    except (ValueError, KeyError, TypeError) as error:
        raise EOFError("a report that no decoder sends") from error
