"""`eva` commands in this process, with a model whose verdicts are fixed."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import eva.judge
from core.styles import Style
from core.vision.classifier import StyleClassifier
from core.vision.fake_backend import FAKE_MODEL_CARD, FakeBackend, make_outputs
from eva.cli import app

RunCommand = Callable[..., Result]


def street_classifier() -> StyleClassifier:
    """A classifier that finds Street (72 %) before Casual (18 %) in every photo."""
    outputs = make_outputs(Style.STREET, confidence=0.72, second=Style.CASUAL, second_confidence=0.18)
    return StyleClassifier(FakeBackend(lambda _: outputs), FAKE_MODEL_CARD)


@pytest.fixture
def run_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunCommand:
    """Run a command in an empty folder, in English; keyword arguments are environment variables."""
    for name in os.environ:
        if name.startswith(("EVA_", "LC_", "LANG")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("LANG", "en_GB.UTF-8")
    monkeypatch.setenv("EVA_ENGINE", "scripted")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)
    # Its loggers would stay as they are for the tests that follow.
    monkeypatch.setattr("core.logging.configure_logging", lambda *_, **__: None)

    def run(*arguments: str | Path, **variables: str) -> Result:
        result = CliRunner().invoke(app, list(map(str, arguments)), env=variables)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return run


@pytest.fixture
def fixed_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `ask` and `judge` find Street in every photo."""
    monkeypatch.setattr(eva.judge, "_load_classifier", street_classifier)


@pytest.fixture
def photos(tmp_path: Path, samples: Path) -> Path:
    """A folder with three photos on two levels, a hidden photo and a text file."""
    folder = tmp_path / "photos"
    (folder / "b").mkdir(parents=True)
    shutil.copy(samples / "street.jpg", folder / "b" / "one.JPG")
    shutil.copy(samples / "ethnic.jpg", folder / "a.jpg")
    shutil.copy(samples / "astronaut.jpg", folder / "c.jpeg")
    shutil.copy(samples / "astronaut.jpg", folder / ".hidden.jpg")
    (folder / "notes.txt").write_text("not a photo")
    return folder
