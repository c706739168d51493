"""The site on a real socket, with a model whose outputs a test chooses."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray

from bot.testing.server import LocalServer
from core.db.database import Database
from core.object_storage import ObjectStorage
from core.resources import Resources
from core.signing import LimitKeySigner, UrlSigner
from core.styles import Style
from core.vision.backends import ModelOutputs
from core.vision.classifier import StyleClassifier
from core.vision.fake_backend import FAKE_MODEL_CARD, FakeBackend, make_outputs
from leaderboard_web.app import create_app
from tests.harness import make_application

OutputsFunction = Callable[["NDArray[np.uint8]"], ModelOutputs]


@contextmanager
def serving_site(script: OutputsFunction, samples: Path, **settings: object) -> Iterator[str]:
    """Serve the site, with these settings; gives its address."""
    classifier = StyleClassifier(FakeBackend(script), FAKE_MODEL_CARD)
    # No database listens there: the pages that need none must work without it.
    nothing = Resources(
        database=Database("postgresql://eva@127.0.0.1:1/eva"),
        storage=ObjectStorage("s3://nowhere", region="nowhere", skip_signature=True),
        url_signer=UrlSigner(b"secret"),
        limit_signer=LimitKeySigner(b"secret"),
        private_photo_ttl=timedelta(hours=24),
    )
    site = create_app(make_application(nothing, classifier, **settings), samples=samples)
    with LocalServer(site) as server:
        yield server.url


def street_outputs(pixels: NDArray[np.uint8]) -> ModelOutputs:
    """Street, 72 percent, before Casual with 18; hot at the top."""
    return make_outputs(Style.STREET, confidence=0.72, second=Style.CASUAL, second_confidence=0.18, peak=(0.2, 0.5))


@pytest.fixture(scope="module")
def address(samples: Path) -> Iterator[str]:
    """The site with an Eva who sees street style in everything."""
    with serving_site(street_outputs, samples) as url:
        yield url


@pytest.fixture
def client(address: str) -> Iterator[httpx.Client]:
    """A browser without pictures or scripts, whose person reads English."""
    with httpx.Client(base_url=address, headers={"Accept-Language": "en-GB,en;q=0.8"}, timeout=30) as browser:
        yield browser
