"""A disk without space, for a while."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


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


@contextmanager
def mounted_disk(folder: Path, *, megabytes: int) -> Iterator[None]:
    """Give an empty folder a file system of its own; skips the test without the right to."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0711", "tmpfs", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("no right to mount a file system")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
