"""Export of the serving model to LiteRT, with a check that it agrees with the trained network.

See ADR 0002 and ADR 0003.
"""

import hashlib
import io
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from core.errors import ExportMismatchError
from core.training.atomic_files import replacing

MIN_TOP1_AGREEMENT = 0.98
MIN_CAM_CORRELATION = 0.98


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchOutputs:
    """A model's raw outputs for n images."""

    style_logits: NDArray[np.float32]
    """n x 8."""
    outfit_logit: NDArray[np.float32]
    """n."""
    evidence: NDArray[np.float32]
    """n x rows x columns x 8, one cell for each 16 x 16 pixels of the input."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportAgreement:
    """Agreement of two models on the same images."""

    top1_agreement: float
    """Share of images with the same first style."""
    cam_correlation: float
    """Mean correlation of the class activation maps of the trained network's first style."""


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


def convert_to_serving(trained: keras.Model) -> tuple[bytes, str]:
    """Convert to LiteRT; return the model and its SHA-256 in hexadecimal."""
    blob = convert_to_litert(build_serving_network(trained))
    return blob, hashlib.sha256(blob).hexdigest()


def run_model(model: bytes | keras.Model, images: Sequence[NDArray[np.uint8]]) -> BatchOutputs:
    """Run a LiteRT model, or the Keras network of `build_serving_network`, on preprocessed images."""
    rows: list[dict[str, Any]] = []
    if isinstance(model, bytes):
        run = Interpreter(model_content=model, num_threads=2).get_signature_runner("serving_default")
        rows = [run(picture=pixels[None]) for pixels in images]
    else:
        rows = [{key: value.numpy() for key, value in model(pixels[None]).items()} for pixels in images]
    return BatchOutputs(
        style_logits=np.concatenate([row["style_logits"] for row in rows]),
        outfit_logit=np.concatenate([row["outfit_logit"] for row in rows])[:, 0],
        evidence=np.concatenate([row["evidence"] for row in rows]),
    )


def check_agreement(trained: BatchOutputs, exported: BatchOutputs) -> ExportAgreement:
    """Compare the exported model with the trained one.

    Raises:
        ExportMismatchError: the first style differs in more than 2 % of the images, or the mean
            correlation of the maps is below 0.98.
    """
    first = trained.style_logits.argmax(axis=1)
    rows = np.arange(len(first))
    maps = [
        np.maximum(outputs.evidence[rows, :, :, first], 0).reshape(len(first), -1) for outputs in (trained, exported)
    ]
    correlations = [float(np.corrcoef(a, b)[0, 1]) for a, b in zip(*maps, strict=True) if a.std() > 0 and b.std() > 0]
    agreement = ExportAgreement(
        top1_agreement=float(np.mean(first == exported.style_logits.argmax(axis=1))),
        cam_correlation=float(np.mean(correlations)) if correlations else 0.0,
    )
    if agreement.top1_agreement < MIN_TOP1_AGREEMENT or agreement.cam_correlation < MIN_CAM_CORRELATION:
        raise ExportMismatchError(
            f"top-1 agreement {agreement.top1_agreement:.4f}, CAM correlation {agreement.cam_correlation:.4f}"
        )
    return agreement


def store_base(folder: Path, network: keras.Model) -> Path:
    """Convert a frozen network whose outputs have names, unless the directory has it; created if it is missing.

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
