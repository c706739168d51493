from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from core.errors import FakeBackendExhaustedError
from core.styles import STYLES, Style
from core.vision.classifier import StyleClassifier
from core.vision.fake_backend import FAKE_MODEL_CARD, FakeBackend, make_outputs, outputs_from_hash
from core.vision.verdict import ConfidenceBand, HorizontalPart, VerticalPart


def _make_image(color: tuple[int, int, int] = (10, 20, 30)) -> Image.Image:
    return Image.new("RGB", (200, 400), color)


def test_outputs_are_returned_in_order_until_exhausted() -> None:
    script = [make_outputs(Style.RETRO), make_outputs(Style.MODE)]
    classifier = StyleClassifier(FakeBackend(script), FAKE_MODEL_CARD)
    assert [classifier.classify(_make_image()).style for _ in script] == [Style.RETRO, Style.MODE]
    with pytest.raises(FakeBackendExhaustedError):
        classifier.classify(_make_image())


def test_verdict_is_as_described_and_marked_as_scripted() -> None:
    outputs = make_outputs(
        Style.ETHNIC,
        confidence=0.45,
        second=Style.STREET,
        second_confidence=0.4,
        outfit=0.7,
        peak=(0.1, 0.35),
    )
    verdict = StyleClassifier(FakeBackend([outputs]), FAKE_MODEL_CARD).classify(_make_image())
    assert (verdict.style, verdict.runner_up, verdict.band) == (Style.ETHNIC, Style.STREET, ConfidenceBand.AMBIGUOUS)
    assert verdict.confidence == pytest.approx(0.45, abs=1e-6)
    assert verdict.probabilities[Style.STREET] == pytest.approx(0.4, abs=1e-6)
    assert verdict.probabilities[Style.CASUAL] == pytest.approx(0.15 / 6, abs=1e-6)
    assert verdict.outfit_probability == pytest.approx(0.7, abs=1e-6)
    assert (verdict.region.vertical, verdict.region.horizontal) == (VerticalPart.UPPER, HorizontalPart.LEFT)
    assert (verdict.engine, verdict.model) == ("scripted", "scripted")


def test_concurrent_callers_get_different_outputs() -> None:
    script = [make_outputs(STYLES[index % 8], confidence=0.5 + index / 1000) for index in range(200)]
    backend = FakeBackend(iter(script))
    pixels = np.zeros((256, 256, 3), np.uint8)
    with ThreadPoolExecutor(8) as pool:
        received = list(pool.map(lambda _: backend.forward(pixels), script))
    assert {id(outputs) for outputs in received} == {id(outputs) for outputs in script}


def test_hash_outputs_depend_on_the_pixels_only() -> None:
    classifier = StyleClassifier(FakeBackend(outputs_from_hash), FAKE_MODEL_CARD)
    photos = [_make_image((red, 90, 200)) for red in range(64)]
    first, again = ([classifier.classify(photo) for photo in photos] for _ in range(2))
    assert [dict(verdict.probabilities) for verdict in first] == [dict(verdict.probabilities) for verdict in again]
    assert {verdict.style for verdict in first} == set(STYLES)
    assert {verdict.band for verdict in first} == set(ConfidenceBand)
    assert {verdict.engine for verdict in first} == {"scripted"}
