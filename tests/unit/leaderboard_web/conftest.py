"""The site on a real socket, with an engine that says what a test tells it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
import uvicorn

from core.db.engine import Database
from core.links import Links
from core.memory import Memory
from core.storage import Storage
from core.styles import Style
from core.vision.classifier import StyleClassifier
from core.vision.engines import Outputs
from core.vision.scripted import SCRIPTED_CARD, ScriptedEngine, scripted_outputs
from leaderboard_web.app import create_app
from tests.services import a_service

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Script = Callable[["NDArray[np.uint8]"], Outputs]


@contextmanager
def serving(script: Script, samples: Path, **settings: int) -> Iterator[str]:
    """Serve the site, with these settings; gives its address."""
    classifier = StyleClassifier(ScriptedEngine(script), SCRIPTED_CARD)
    # No database listens there: the pages that need none must work without it.
    nothing = Memory(
        database=Database("postgresql://eva@127.0.0.1:1/eva"),
        storage=Storage("s3://nowhere", region="nowhere", skip_signature=True),
        links=Links(b"secret"),
        keep_private=timedelta(hours=24),
    )
    site = create_app(a_service(nothing, classifier, **settings), samples=samples)
    server = uvicorn.Server(uvicorn.Config(site, port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


def street(pixels: NDArray[np.uint8]) -> Outputs:
    """Street, 72 percent, before Casual with 18; hot at the top."""
    return scripted_outputs(Style.STREET, confidence=0.72, second=Style.CASUAL, second_confidence=0.18, hot=(0.2, 0.5))


@pytest.fixture(scope="module")
def address(samples: Path) -> Iterator[str]:
    """The site with an Eva who sees street style in everything."""
    with serving(street, samples) as url:
        yield url


@pytest.fixture
def client(address: str) -> Iterator[httpx.Client]:
    """A browser without pictures or scripts, whose person reads English."""
    with httpx.Client(base_url=address, headers={"Accept-Language": "en-GB,en;q=0.8"}, timeout=30) as browser:
        yield browser
