"""Decoding of untrusted photos in child processes, with limits of memory, processor time and seconds.

A file that triggers a fault of a decoder, or that is built to take forever, ends a child process and nothing else.
Children hold no model, no secrets and no connections. They start on demand, decode one photo at a time, and are
replaced when they end.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from PIL import Image

from core.errors import CorruptPhotoError, DecompressionBombError
from core.images.decoder_process import DecoderEndedError, DecoderProcess
from core.images.decoding import LargeImageError

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
                log.warning("decoder_ended", exit_code=decoder.exit_code, timed_out=decoder.has_timed_out)
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
            return [decoder.process_id for decoder in self._idle if decoder.is_running]

    @contextmanager
    def _borrow(self) -> Iterator[DecoderProcess]:
        """An idle process, or a new one, while one of the slots is held."""
        with self._slots:
            decoder = None
            with self._lock:
                while self._idle and decoder is None:
                    candidate = self._idle.pop()
                    if candidate.is_running:
                        decoder = candidate
                    else:
                        candidate.close()
            if decoder is None:
                decoder = DecoderProcess(max_memory=self._max_memory, max_cpu_seconds=self._max_cpu_seconds)
            try:
                yield decoder
            finally:
                with self._lock:
                    is_usable = decoder.is_running and not self._is_closed
                    if is_usable:
                        self._idle.append(decoder)
                if not is_usable:
                    decoder.close()
