"""The child process of `DecoderProcess`: reads image files from standard input and writes pixels to standard output.

Messages in both directions begin with a `HEADER`. The child says when it is ready (READY). The parent sends a file
(PHOTO, number of bytes, whether it may be large, then the bytes), and the child answers with an image (IMAGE, width,
height, then RGB), an error (ERROR, number of bytes, then JSON with the name of a `PhotoError` and its detail) or that
it is large (LARGE). The child ends when its standard input ends, which is when the parent ends, however that ends.

The limits of memory and processor time hold for whatever a decoder does; exceeding the latter ends the process.

See ADR 0019.
"""

import json
import os
import resource
import signal
import struct
import sys
import warnings
from pathlib import Path
from typing import BinaryIO

from core.errors import PhotoError
from core.images.decoding import LargeImageError, decode_photo
from core.images.formats import load_codecs

HEADER = struct.Struct(">cII")
"""Kind of message and two numbers."""
READY, PHOTO, IMAGE, ERROR, LARGE = b"R", b"P", b"I", b"E", b"L"
MAX_OPEN_FILES = 16
MAX_LIFETIME_CPU_SECONDS = 3600
"""Processor time of all photos together; the parent then starts another process."""


def main() -> None:
    """Serve until standard input ends; arguments: bytes of memory and seconds of processor time for one photo."""
    max_memory, max_cpu_seconds = int(sys.argv[1]), float(sys.argv[2])
    for number in (signal.SIGINT, signal.SIGTERM):
        # Sent to a whole process group, they would lose a photo; the parent decides when the child ends.
        signal.signal(number, signal.SIG_IGN)
    requests, replies = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    # What a library prints must not get between the messages, and a decoder's warnings are of no use.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    warnings.simplefilter("ignore")
    load_codecs()
    _limit_process(max_memory)
    try:
        _write(replies, HEADER.pack(READY, 0, 0))
        while len(header := requests.read(HEADER.size)) == HEADER.size:
            _, length, may_be_large = HEADER.unpack(header)
            _limit_cpu(max_cpu_seconds)
            data = requests.read(length)
            if len(data) < length:
                break
            _answer(data, replies, may_be_large=bool(may_be_large))
            _limit_cpu(0)
    except BrokenPipeError:
        # The parent ended.
        pass


def _answer(data: bytes, replies: BinaryIO, *, may_be_large: bool) -> None:
    try:
        image = decode_photo(data, may_be_large=may_be_large)
    except LargeImageError:
        _write(replies, HEADER.pack(LARGE, 0, 0))
    except PhotoError as error:
        report = json.dumps([type(error).__name__, error.detail]).encode()
        _write(replies, HEADER.pack(ERROR, len(report), 0) + report)
    else:
        _write(replies, HEADER.pack(IMAGE, *image.size))
        _write(replies, image.tobytes())


def _write(replies: BinaryIO, message: bytes) -> None:
    rest = memoryview(message)
    while rest:
        rest = rest[replies.write(rest) :]


def _limit_process(max_memory: int) -> None:
    """Limit the memory besides what is in use now, and the number of files; forbid core dumps."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (MAX_OPEN_FILES, MAX_OPEN_FILES))
    if sys.platform == "linux":
        # Other systems do not enforce it.
        limit = _address_space() + max_memory
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_LIFETIME_CPU_SECONDS, MAX_LIFETIME_CPU_SECONDS))


def _limit_cpu(seconds: float) -> None:
    """End the process by SIGPROF after that much processor time from now; 0 for no limit."""
    signal.setitimer(signal.ITIMER_PROF, seconds)


def _address_space() -> int:
    """Size of the process's address space in bytes."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()


if __name__ == "__main__":
    main()
