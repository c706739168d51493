"""Export to LiteRT, and the check that every output agrees with the Keras network.

See ADR 0002 and ADR 0003.
"""

import hashlib
import io
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import keras
import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray
from rich.console import Console

from core.errors import DatasetError, ExportMismatchError
from core.runtime import available_cpus
from core.training.data_files import open_photo
from core.training.run_files import replacing
from core.vision.backends import AttributeOutputs, LiteRTBackend
from core.vision.classifier import ModelInput, fit_to_input
from core.vision.model_card import CARD_FILE, ModelCard, Preprocessing

MODEL_FILE = "eva.tflite"
MIN_CORRELATION = 0.98
"""Of every output, between LiteRT and Keras."""
MIN_EXPLAINED = 0.96
"""Share of the variance of every style, item and so on that LiteRT gives as Keras does: what a correlation of 0.98
gives where nothing is shifted or scaled, which would change probabilities and the gate."""
MIN_VARIANCE_PART = 0.01
"""A channel with less than this part of its output's mean variance counts as if it had so much."""
MIN_TOP1_AGREEMENT = 0.98

Value = TypeVar("Value")

console = Console(stderr=True)


def build_serving_network(trained: keras.Model) -> keras.Model:
    """Build the trained network with uint8 pixels as input and the evidence maps F W as a third output.

    The maps take 8 KB instead of 512 KB for the features. Their mean over positions plus the bias is the logit itself,
    so the map shows exactly what the verdict is based on.
    """
    style, outfit = trained.get_layer("style"), trained.get_layer("outfit")
    features = trained.get_layer("pool").input
    body = keras.Model(trained.input, features)
    picture = keras.Input(trained.input.shape[1:], batch_size=1, dtype="uint8", name="picture")
    maps = body(keras.ops.cast(picture, "float32"))
    kernel, _ = style.get_weights()
    project = keras.layers.Conv2D(kernel.shape[1], 1, use_bias=False, name="evidence")
    evidence = project(maps)
    project.set_weights([kernel[None, None]])
    pooled = keras.layers.GlobalAveragePooling2D()(maps)
    return keras.Model(picture, {"style_logits": style(pooled), "outfit_logit": outfit(pooled), "evidence": evidence})


def read_model_inputs(photos: Sequence[Path], shape: Preprocessing) -> list[NDArray[np.uint8]]:
    """Decode and preprocess photos.

    Raises:
        DatasetError: a photo cannot be read.
    """
    return [fit_to_input(open_photo(photo), shape).pixels for photo in photos]


def map_attributes(
    model: Path, card: ModelCard, photos: Sequence[Path], use: Callable[[ModelInput, AttributeOutputs], Value]
) -> list[Value]:
    """Run an exported model with all heads over photos, as many at a time as there are processors.

    Args:
        model: file of the model.
        card: of the model.
        photos: files of the photos.
        use: what is kept of a photo's input and outputs; maps of many photos would fill the memory.

    Raises:
        DatasetError: a photo cannot be read, or the model has other heads.
    """

    def run(photo: Path) -> Value:
        model_input = fit_to_input(open_photo(photo), card.preprocessing)
        attributes = backend.forward(model_input.pixels).attributes
        if attributes is None:
            raise DatasetError(f"{card.version} has no heads but those for styles and the gate")
        return use(model_input, attributes)

    with closing(LiteRTBackend(model)) as backend, ThreadPoolExecutor(available_cpus()) as pool:
        return list(pool.map(run, photos))


def run_model(model: bytes | keras.Model, images: Sequence[NDArray[np.uint8]]) -> dict[str, NDArray[np.float32]]:
    """Compute every output for preprocessed images, by name."""
    rows: list[dict[str, Any]]
    if isinstance(model, bytes):
        run = Interpreter(model_content=model, num_threads=2).get_signature_runner("serving_default")
        rows = [run(picture=pixels[None]) for pixels in images]
    else:
        rows = [{key: np.asarray(value) for key, value in model(pixels[None]).items()} for pixels in images]
    return {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}


def convert_and_compare(
    network: keras.Model, images: Sequence[NDArray[np.uint8]]
) -> tuple[bytes, dict[str, NDArray[np.float32]], dict[str, float]]:
    """Convert a network; returns the LiteRT model, its outputs for these images, and their agreement with Keras.

    Raises:
        ExportMismatchError: they disagree.
    """
    blob = convert_to_litert(network)
    outputs = run_model(blob, images)
    return blob, outputs, check_agreement(run_model(network, images), outputs)


def check_agreement(
    trained: Mapping[str, NDArray[np.float32]], exported: Mapping[str, NDArray[np.float32]]
) -> dict[str, float]:
    """Compare every output: its correlation, and how often the first style is the same (`top1`).

    Raises:
        ExportMismatchError: the first style differs in over 2 % of the images, or an output correlates under 0.98 or is
            shifted or scaled, or one of its channels is.
    """
    agreement = {name: float(np.corrcoef(trained[name].ravel(), exported[name].ravel())[0, 1]) for name in trained}
    explained = {
        # A value of the embedding means nothing by itself.
        name: _explained_variance(trained[name], exported[name], by_channel=name != "embedding")
        for name in trained
    }
    low = [
        name for name, value in agreement.items() if not (value >= MIN_CORRELATION and explained[name] >= MIN_EXPLAINED)
    ]
    agreement["top1"] = float(
        np.mean(trained["style_logits"].argmax(axis=1) == exported["style_logits"].argmax(axis=1))
    )
    if low or agreement["top1"] < MIN_TOP1_AGREEMENT:
        figures = [f"{name}: correlation {agreement[name]:.4f}, variance {explained[name]:.4f}" for name in low]
        raise ExportMismatchError("; ".join([*figures, f"first style the same in {agreement['top1']:.1%}"]))
    return agreement


def _explained_variance(trained: NDArray[np.float32], exported: NDArray[np.float32], *, by_channel: bool) -> float:
    """Of an output as a whole, or of the channel for which it is lowest."""
    channels = trained.shape[-1] if by_channel else 1
    wanted, found = (values.reshape(-1, channels).astype(np.float64) for values in (trained, exported))
    variance = wanted.var(axis=0)
    unexplained = np.square(found - wanted).mean(axis=0) / np.maximum(variance, MIN_VARIANCE_PART * variance.mean())
    return float(1 - unexplained.max())


def store_base(folder: Path, network: keras.Model) -> Path:
    """Convert a frozen network whose outputs have names into the directory of a run, unless it is there.

    The file has the digest of the weights in its name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    content = b"".join(weight.tobytes() for weight in network.get_weights()) + "".join(network.output).encode()
    base = folder / f"base-{hashlib.sha256(content).hexdigest()[:12]}.tflite"
    if not base.exists():
        with replacing(base) as partial:
            partial.write_bytes(convert_to_litert(network))
    return base


def convert_to_litert(model: keras.Model) -> bytes:
    """Convert with dynamic-range quantization: int8 weights per channel, float inputs and outputs."""
    # Keras prints every variable of the network.
    with redirect_stdout(io.StringIO()):
        converter = tf.lite.TFLiteConverter.from_keras_model(model)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        return bytes(converter.convert())


def write_model(
    model_dir: Path, blob: bytes, card: ModelCard, complete: Callable[[ModelCard, Path], ModelCard]
) -> None:
    """Replace model and card together.

    Args:
        model_dir: output directory, created if missing.
        blob: the LiteRT model.
        card: its version and digest are replaced by those of the model.
        complete: adds to the card what is measured with the file of the model.
    """
    digest = hashlib.sha256(blob).hexdigest()
    card = replace(card, version=f"{card.backbone}-{digest[:8]}", file=MODEL_FILE, sha256=digest)
    model_dir.mkdir(parents=True, exist_ok=True)
    with replacing(model_dir / MODEL_FILE) as model, replacing(model_dir / CARD_FILE) as card_file:
        model.write_bytes(blob)
        card_file.write_text(complete(card, model).to_json() + "\n", "utf-8")
    agreement = min(card.training["export"].values())
    console.print(f"{card.version}: {len(blob) / 1e6:.1f} MB, agreement {agreement:.4f}")
