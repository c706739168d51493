"""A disk without space, for a while."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def fill_disk(folder: Path, *, leave: int = 0) -> Iterator[None]:
    """Take all space of a file system but so many bytes, as another program would."""
    ballast = folder / "ballast"
    disk = os.statvfs(folder)
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, disk.f_bavail * disk.f_frsize - leave)
    try:
        yield
    finally:
        ballast.unlink()
