"""The site without a server."""

from pathlib import Path

import pytest
from fastapi import FastAPI

from core.resources import Resources
from core.vision.classifier import BUNDLED_MODEL_DIR, StyleClassifier
from core.vision.fake_backend import FakeBackend
from core.vision.model_card import load_model_card
from leaderboard_web.app import create_app
from tests.harness import make_application


@pytest.fixture
def site(resources: Resources, samples: Path) -> FastAPI:
    """The site with the default settings, which judges no photo."""
    classifier = StyleClassifier(FakeBackend([]), load_model_card(BUNDLED_MODEL_DIR / "model.json"))
    return create_app(make_application(resources, classifier), samples=samples)
