"""Decoding of untrusted photos in child processes, with limits of memory, processor time and seconds.

A file that triggers a fault of a decoder, or that is built to take forever, ends a child process and nothing else.
Children hold no model, no secrets and no connections. They start on demand, decode one photo at a time, and are
replaced when they end.

See ADR 0019.
"""

import fcntl
import json
import os
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import structlog
from PIL import Image

from core.errors import CorruptPhotoError, DecoderUnavailableError, DecompressionBombError, PhotoError
from core.images.decoder_main import ERROR, HEADER, IMAGE, LARGE, PHOTO, READY
from core.images.decoding import MAX_WORKING_SIDE, LargeImageError

log = structlog.get_logger()

MAX_MEMORY = 530 * 2**20
"""Bytes of address space that one photo may take; with the 43 MB of the process, less than 600 MB. The most that an
accepted photo takes is 475 MiB (AVIF of 54 megapixels)."""
MAX_CPU_SECONDS = 4.0
"""Processor time of one photo; a photo of a phone takes 0.01 to 0.4 s, the slowest accepted ones 1.7 s (HEIC of 54
megapixels)."""
MAX_SECONDS = 20.0
"""Seconds for one photo, for a decoder that waits instead of computing, and generous, for a machine that is busy."""
MAX_ATTEMPTS = 3
"""Processes that are tried for one photo if they are killed for another reason than its limits."""
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
            self.process = subprocess.Popen(
                [sys.executable, "-P", *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=environment,
            )
        except OSError as error:
            raise DecoderUnavailableError(type(error).__name__) from error
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self._requests, self._replies = self.process.stdin, self.process.stdout
        if sys.platform == "linux":
            for pipe in (self._requests, self._replies):
                with suppress(PermissionError):
                    fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        self.has_timed_out = False
        try:
            with self._deadline(START_SECONDS):
                kind, _, _ = HEADER.unpack(self._replies.read(HEADER.size))
        except DecoderEndedError as error:
            raise DecoderUnavailableError(f"exit code {self.process.returncode}") from error
        assert kind == READY

    @property
    def has_exceeded_cpu(self) -> bool:
        """Whether the limit of processor time ended it."""
        return self.process.returncode == -signal.SIGPROF

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
            kind, first, second = HEADER.unpack(self._replies.read(HEADER.size))
            if kind == LARGE:
                raise LargeImageError
            if kind == ERROR and first <= MAX_REPORT_BYTES:
                raise _parse_error(self._replies.read(first))
            if kind != IMAGE or not 0 < min(first, second) <= max(first, second) <= MAX_WORKING_SIDE:
                raise ValueError("a reply that no decoder sends")
            return Image.frombytes("RGB", (first, second), self._replies.read(3 * first * second))

    def close(self) -> None:
        """Kill the process, which holds nothing that could be lost."""
        self.process.kill()
        for pipe in (self._requests, self._replies):
            with suppress(OSError):
                pipe.close()
        self.process.wait()

    @contextmanager
    def _deadline(self, seconds: float) -> Iterator[None]:
        """Kill the process if the block takes longer, or if the process sends less or other than it should.

        Raises:
            DecoderEndedError: the process ended or was killed.
        """
        timer = threading.Timer(seconds, self._kill_late)
        timer.daemon = True
        timer.start()
        try:
            yield
        except (LargeImageError, PhotoError):
            raise
        except (OSError, ValueError, struct.error) as error:
            self.close()
            raise DecoderEndedError from error
        except BaseException:
            # The rest of a reply may be in the pipe, which the next photo would read.
            self.close()
            raise
        finally:
            timer.cancel()
            # It may be about to kill the process, which then must not get another photo.
            timer.join()
            if self.has_timed_out:
                self.close()

    def _kill_late(self) -> None:
        self.has_timed_out = True
        self.process.kill()


class DecodePool:
    """Decodes photos in at most `size` child processes. Thread-safe; the calling thread waits."""

    def __init__(
        self,
        size: int,
        *,
        max_memory: int = MAX_MEMORY,
        max_cpu_seconds: float = MAX_CPU_SECONDS,
        max_seconds: float = MAX_SECONDS,
    ) -> None:
        """Create a pool; processes start when they are needed.

        Args:
            size: number of processes at most.
            max_memory: bytes of address space that one photo may take.
            max_cpu_seconds: processor time of one photo.
            max_seconds: seconds for one photo.
        """
        self._max_memory, self._max_cpu_seconds, self._max_seconds = max_memory, max_cpu_seconds, max_seconds
        self._slots = threading.Semaphore(size)
        self._lock = threading.Lock()
        self._large_image_lock = threading.Lock()
        self._idle: list[DecoderProcess] = []
        self._is_closed = False

    def decode_photo(self, data: bytes, *, may_be_large: bool = False) -> Image.Image:
        """Decode an untrusted image file, as `core.images.decoding.decode_photo` does.

        Args:
            data: the file.
            may_be_large: whether a large image is decoded at once, instead of waiting until no other large one is.

        Raises:
            PhotoError: the file is not a photo that can be decoded, or takes too much memory or time.
            DecoderUnavailableError: no process can be started.
        """
        for _ in range(MAX_ATTEMPTS):
            try:
                with self._borrow() as decoder:
                    return decoder.decode(data, max_seconds=self._max_seconds, may_be_large=may_be_large)
            except LargeImageError:
                # Large ones wait here, so that smaller ones can be decoded meanwhile.
                with self._large_image_lock:
                    return self.decode_photo(data, may_be_large=True)
            except DecoderEndedError as error:
                log.warning("decoder_ended", exit_code=decoder.process.returncode, timed_out=decoder.has_timed_out)
                if decoder.has_timed_out:
                    raise DecompressionBombError(f"over {self._max_seconds:g} s") from error
                if decoder.has_exceeded_cpu:
                    raise DecompressionBombError(f"over {self._max_cpu_seconds:g} s of processor time") from error
        raise CorruptPhotoError(f"{MAX_ATTEMPTS} decoders ended")

    def start(self) -> None:
        """Start a process, so that the first photo need not wait for it.

        Raises:
            DecoderUnavailableError: it does not start.
        """
        with self._borrow():
            pass

    def close(self) -> None:
        """End the processes; those that are decoding end when they have finished."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
        for decoder in idle:
            decoder.close()

    @property
    def process_ids(self) -> list[int]:
        """The ids of the processes that wait for photos."""
        with self._lock:
            return [decoder.process.pid for decoder in self._idle]

    @contextmanager
    def _borrow(self) -> Iterator[DecoderProcess]:
        """An idle process, or a new one, while one of the slots is held."""
        with self._slots:
            decoder = None
            with self._lock:
                while self._idle and decoder is None:
                    candidate = self._idle.pop()
                    if candidate.process.poll() is None:
                        decoder = candidate
                    else:
                        candidate.close()
            if decoder is None:
                decoder = DecoderProcess(max_memory=self._max_memory, max_cpu_seconds=self._max_cpu_seconds)
            try:
                yield decoder
            finally:
                with self._lock:
                    is_kept = decoder.process.poll() is None and not self._is_closed
                    if is_kept:
                        self._idle.append(decoder)
                if not is_kept:
                    decoder.close()


def _parse_error(report: bytes) -> PhotoError:
    """The error that the process reports.

    Raises:
        ValueError: it is none; the process is not in a state to go on with.
    """
    try:
        name, detail = json.loads(report)
        return PHOTO_ERRORS[name](detail)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError("a report that no decoder sends") from error
