"""Fixtures for all tests."""

import gc
import os
import signal
import ssl
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

pytest_plugins = ["tests.databases"]

RunEva = Callable[..., "subprocess.CompletedProcess[str]"]

# A shell that starts the tests in the background has SIGINT ignored, also in the processes that tests interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Each client of httpx would read the certificates of all authorities, which takes 20 ms, and hardly one uses TLS.
ssl.create_default_context = cache(ssl.create_default_context)  # type: ignore[assignment]

# Until all tests are collected: most of what that creates stays.
gc.disable()


def pytest_collection_finish() -> None:
    """Collect garbage from now on, but not among the tests and what they import."""
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start with the slowest folders, so that no process runs one of them alone at the end."""
    order = ("acceptance", "browser", "integration", "unit")
    items.sort(key=lambda item: order.index(item.path.relative_to(ROOT / "tests").parts[0]))


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of the sample photos."""
    return ROOT / "samples"


@pytest.fixture
def environment() -> dict[str, str]:
    """Variables of a terminal in English, with the scripted model."""
    others = {name: value for name, value in os.environ.items() if not name.startswith(("EVA_", "LC_", "LANG"))}
    return others | {
        "EVA_ENGINE": "scripted",
        "LANG": "en_GB.UTF-8",
        "PYTHONIOENCODING": "utf-8",
        # No load balancer has to notice the end of a server.
        "EVA_DRAIN_SECONDS": "0",
    }


@pytest.fixture
def eva(environment: dict[str, str], tmp_path: Path) -> RunEva:
    """Run an `eva` command in an empty folder; keyword arguments are added to its environment."""

    def run(*arguments: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "eva", *map(str, arguments)],
            cwd=tmp_path,
            env=environment | {"PYTHONPATH": str(ROOT)} | more,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )

    return run
