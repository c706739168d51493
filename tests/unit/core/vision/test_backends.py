import os
from pathlib import Path
from threading import Event, Thread
from typing import Any

import numpy as np
import pytest

from core.errors import BackendUnavailableError, ModelMismatchError, ModelNotFoundError
from core.vision.backends import (
    ATTRIBUTE_OUTPUTS,
    OUTPUTS,
    LiteRTBackend,
    _suppress_tflite_banner,
    _to_model_outputs,
)


def _pixels(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (32, 32, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def toy() -> Any:
    """A network with Eva's inputs and outputs, at 32 x 32 and with four channels."""
    keras = pytest.importorskip("keras")
    keras.utils.set_random_seed(1)
    layers = keras.layers
    picture = layers.Input((32, 32, 3), batch_size=1, dtype="uint8", name="picture")
    scaled = layers.Rescaling(1 / 255)(picture)
    features = layers.MaxPooling2D(2)(layers.Conv2D(4, 3, padding="same", activation="relu")(scaled))
    pooled = layers.GlobalAveragePooling2D()(features)
    outputs = {
        "style_logits": layers.Dense(8, name="style_logits")(pooled),
        "outfit_logit": layers.Dense(1, name="outfit_logit")(pooled),
        "evidence": layers.Conv2D(8, 1, use_bias=False, name="evidence")(features),
    }
    return keras.Model(picture, outputs)


@pytest.fixture(scope="module")
def folder(toy: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The toy, saved as `eva.tflite`."""
    tf = pytest.importorskip("tensorflow")
    where = tmp_path_factory.mktemp("toy")
    (where / "eva.tflite").write_bytes(tf.lite.TFLiteConverter.from_keras_model(toy).convert())
    return where


@pytest.mark.train
def test_backend_matches_the_network(toy: Any, folder: Path) -> None:
    runs = LiteRTBackend(folder / "eva.tflite")
    for seed in (1, 2):
        outputs, expected = runs.forward(_pixels(seed)), toy(_pixels(seed)[None])
        assert outputs.logits == pytest.approx(expected["style_logits"].numpy()[0], abs=1e-4)
        assert outputs.outfit_logit == pytest.approx(expected["outfit_logit"].numpy()[0, 0], abs=1e-4)
        assert outputs.evidence == pytest.approx(expected["evidence"].numpy()[0], abs=1e-4)
    runs.close()


@pytest.mark.train
def test_outputs_are_copied(folder: Path) -> None:
    engine = LiteRTBackend(folder / "eva.tflite", interpreters=1)
    first = engine.forward(_pixels(1))
    copied = first.evidence.copy()
    engine.forward(_pixels(2))
    assert (first.evidence == copied).all()


@pytest.mark.train
def test_network_without_evidence_is_rejected(tmp_path: Path) -> None:
    keras, tf = pytest.importorskip("keras"), pytest.importorskip("tensorflow")
    picture = keras.layers.Input((8,), batch_size=1, name="picture")
    other = keras.Model(picture, {"style_logits": keras.layers.Dense(8)(picture)})
    (tmp_path / "eva.tflite").write_bytes(tf.lite.TFLiteConverter.from_keras_model(other).convert())
    with pytest.raises(ModelMismatchError, match="style_logits"):
        LiteRTBackend(tmp_path / "eva.tflite")


def test_missing_model(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError, match=r"eva\.tflite"):
        LiteRTBackend(tmp_path / "eva.tflite")


def test_invalid_model_file(tmp_path: Path) -> None:
    (tmp_path / "eva.tflite").write_bytes(b"not a flatbuffer" * 100)
    with pytest.raises(ModelMismatchError, match=r"eva\.tflite"):
        LiteRTBackend(tmp_path / "eva.tflite")


def _tensors(**changes: np.ndarray) -> dict[str, np.ndarray]:
    maps = {"evidence": 8, "outfit_evidence": 1, "item_evidence": 42, "color_evidence": 14, "clothes": 1}
    scores = {"style_logits": 8, "outfit_logit": 1, "item_logits": 42, "color_logits": 14, "embedding": 128}
    scores["kind_logits"] = 4
    tensors = {name: np.full((1, 20, 14, count), 0.5, np.float32) for name, count in maps.items()}
    return tensors | {name: np.arange(count, dtype=np.float32)[None] for name, count in scores.items()} | changes


def test_outputs_of_a_model_that_knows_items() -> None:
    assert set(_tensors()) == OUTPUTS | ATTRIBUTE_OUTPUTS
    outputs = _to_model_outputs(_tensors())
    assert outputs.attributes is not None
    assert outputs.attributes.item_logits[3] == 3
    assert outputs.attributes.item_evidence.shape == (20, 14, 42)
    assert outputs.attributes.clothes.shape == (20, 14)
    assert outputs.attributes.kind_logits.tolist() == [0, 1, 2, 3]
    assert outputs.attributes.embedding.shape == (128,)
    without = {name: tensor for name, tensor in _tensors().items() if name in OUTPUTS}
    assert _to_model_outputs(without).attributes is None


@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_outputs_that_are_no_numbers_are_refused(broken: float) -> None:
    evidence = np.zeros((1, 20, 14, 8), np.float32)
    evidence[0, 3, 3, 3] = broken
    with pytest.raises(BackendUnavailableError, match="evidence are not finite"):
        _to_model_outputs(_tensors(evidence=evidence))


def test_interpreters_that_are_created_at_once_leave_stderr_as_it_was() -> None:
    is_first_inside, is_second_inside, may_second_end = Event(), Event(), Event()

    def create_first() -> None:
        with _suppress_tflite_banner():
            is_first_inside.set()
            is_second_inside.wait(0.3)

    def create_second() -> None:
        is_first_inside.wait()
        with _suppress_tflite_banner():
            is_second_inside.set()
            may_second_end.wait()

    before = os.fstat(2)
    first, second = Thread(target=create_first), Thread(target=create_second)
    first.start()
    second.start()
    first.join()
    may_second_end.set()
    second.join()
    assert os.path.samestat(os.fstat(2), before), "log lines would go into a deleted file from now on"
