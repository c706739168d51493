import json
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import BackendUnavailableError, ModelMismatchError, ModelNotFoundError
from core.settings import EngineName, Environment, Settings
from core.styles import STYLES
from core.vision.backends import LiteRTBackend, ModelOutputs
from core.vision.classifier import BUNDLED_MODEL_DIR, StyleClassifier, fit_to_input, load_classifier
from core.vision.fake_backend import FAKE_MODEL_CARD, FakeBackend


def _make_image(seed: int, size: tuple[int, int] = (240, 400)) -> Image.Image:
    draw = np.random.default_rng(seed)
    coarse = Image.fromarray(draw.integers(0, 256, (10, 6, 3), dtype=np.uint8))
    image = coarse.resize(size, Image.Resampling.BICUBIC)
    return image


@pytest.fixture(scope="module")
def bundled() -> Iterator[StyleClassifier]:
    with load_classifier(Settings()) as classifier:
        yield classifier


def test_verdict_of_the_bundled_model_is_complete(bundled: StyleClassifier) -> None:
    verdict = bundled.classify(_make_image(1))
    assert tuple(verdict.probabilities) == STYLES
    assert sum(verdict.probabilities.values()) == pytest.approx(1.0, abs=1e-5)
    assert verdict.confidence == max(verdict.probabilities.values())
    assert 0.0 <= verdict.outfit_probability <= 1.0
    assert verdict.cam.max() in (0.0, 1.0)
    assert (verdict.engine, verdict.model) == ("litert", bundled.model_card.version)


def test_mean_evidence_explains_the_logits(bundled: StyleClassifier) -> None:
    """Differences between images cancel the bias: what is left must lie in the evidence, or the CAM shows
    else."""
    first, second = (
        bundled.backend.forward(fit_to_input(_make_image(seed), bundled.model_card.preprocessing).pixels)
        for seed in (1, 2)
    )
    explained = first.evidence.mean(axis=(0, 1)) - second.evidence.mean(axis=(0, 1))
    assert first.logits - second.logits == pytest.approx(explained, abs=0.05)


def test_threads_get_the_same_verdicts(bundled: StyleClassifier) -> None:
    photos = [_make_image(seed) for seed in range(6)]
    alone = [bundled.classify(photo) for photo in photos]
    engine = LiteRTBackend(_model_file(bundled), threads=1, interpreters=3)
    with StyleClassifier(engine, bundled.model_card) as crowd, ThreadPoolExecutor(6) as pool:
        together = list(pool.map(crowd.classify, photos * 2))
    for verdict, expected in zip(together, alone * 2, strict=True):
        assert verdict.style is expected.style
        assert dict(verdict.probabilities) == pytest.approx(dict(expected.probabilities), abs=1e-4)
        assert verdict.cam == pytest.approx(expected.cam, abs=1e-3)


def test_closed_classifier_raises(bundled: StyleClassifier) -> None:
    classifier = StyleClassifier(LiteRTBackend(_model_file(bundled)), bundled.model_card)
    classifier.close()
    classifier.close()
    with pytest.raises(BackendUnavailableError, match="closed"):
        classifier.classify(_make_image(1))


def test_card_of_another_model_is_rejected(bundled: StyleClassifier, tmp_path: Path) -> None:
    shutil.copy(_model_file(bundled), tmp_path / bundled.model_card.file)
    card = json.loads(bundled.model_card.to_json()) | {"sha256": "0" * 64}
    (tmp_path / "model.json").write_text(json.dumps(card), "utf-8")
    with pytest.raises(ModelMismatchError, match="00000000"):
        load_classifier(Settings(model_dir=tmp_path))


def test_missing_model_file(tmp_path: Path) -> None:
    card = json.loads(FAKE_MODEL_CARD.to_json()) | {"file": "eva.tflite"}
    (tmp_path / "model.json").write_text(json.dumps(card), "utf-8")
    with pytest.raises(ModelNotFoundError, match=r"eva\.tflite"):
        load_classifier(Settings(model_dir=tmp_path))


def test_empty_model_directory(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError, match=r"model\.json"):
        load_classifier(Settings(model_dir=tmp_path))


def test_fake_backend_is_rejected_in_production() -> None:
    assert load_classifier(Settings(engine=EngineName.SCRIPTED)).classify(_make_image(1)).engine == "scripted"
    with pytest.raises(BackendUnavailableError, match="EVA_ENV"):
        load_classifier(Settings(engine=EngineName.SCRIPTED, env=Environment.PRODUCTION))


def test_map_is_cropped_to_the_image_before_scaling() -> None:
    """The letterbox's bands may be hotter than the image; neither the map nor its scale may show it."""
    evidence = np.zeros((16, 16, 8), np.float32)
    evidence[:, :, 2] = -1.0
    evidence[8, 8, 2] = 4.0
    evidence[8, 9, 2] = 2.0
    evidence[8, 0, 2] = 400.0
    logits = np.zeros(8, np.float32)
    logits[2] = 3.0
    outputs = ModelOutputs(logits=logits, outfit_logit=2.0, evidence=evidence)
    verdict = StyleClassifier(FakeBackend([outputs]), FAKE_MODEL_CARD).classify(_make_image(1, (200, 400)))
    assert verdict.cam.shape == (16, 8)
    assert verdict.cam[8, 4] == 1.0
    assert verdict.cam[8, 5] == 0.5
    assert verdict.cam.sum() == 1.5


def _model_file(classifier: StyleClassifier) -> Path:
    folder = Settings().model_dir or BUNDLED_MODEL_DIR
    return folder / classifier.model_card.file
