"""The serving model: one LiteRT file with the card beside it, written only if it agrees with the trained network."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from ai_edge_litert.interpreter import Interpreter

from core.errors import ExportRefused
from core.training.convert import to_litert

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["Agreement", "Answers", "answer_with", "compare", "serving_network", "to_serving"]

LEAST_TOP1_AGREEMENT = 0.98
LEAST_CAM_CORRELATION = 0.98


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """A model's raw answers about n pictures."""

    style_logits: NDArray[np.float32]
    """n x 8."""
    outfit_logit: NDArray[np.float32]
    """n."""
    evidence: NDArray[np.float32]
    """n x rows x columns x 8, one cell for each 16 x 16 pixels of the input."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How well two models agree on the same pictures."""

    top1: float
    """Share of pictures with the same first style."""
    cam: float
    """Mean correlation of the class activation maps of the trained network's first style."""


def serving_network(trained: keras.Model) -> keras.Model:
    """The trained network with uint8 pixels as input and the evidence maps F W as a third output.

    8 KB of maps instead of 512 KB of features; their mean over positions plus the bias is the logit itself, so the
    map shows exactly what the verdict was made of.
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


def to_serving(trained: keras.Model) -> tuple[bytes, str]:
    """The LiteRT model and its SHA-256 in hexadecimal."""
    blob = to_litert(serving_network(trained))
    return blob, hashlib.sha256(blob).hexdigest()


def answer_with(model: bytes | keras.Model, pictures: Sequence[NDArray[np.uint8]]) -> Answers:
    """Ask a LiteRT model, or the Keras network that `serving_network` makes, about framed pictures."""
    rows: list[dict[str, Any]] = []
    if isinstance(model, bytes):
        run = Interpreter(model_content=model, num_threads=2).get_signature_runner("serving_default")
        rows = [run(picture=pixels[None]) for pixels in pictures]
    else:
        rows = [{key: value.numpy() for key, value in model(pixels[None]).items()} for pixels in pictures]
    return Answers(
        style_logits=np.concatenate([row["style_logits"] for row in rows]),
        outfit_logit=np.concatenate([row["outfit_logit"] for row in rows])[:, 0],
        evidence=np.concatenate([row["evidence"] for row in rows]),
    )


def compare(trained: Answers, exported: Answers) -> Agreement:
    """Measure how well the exported model agrees with the trained one.

    Raises:
        ExportRefused: they differ in the first style of more than 2 % of the pictures, or their maps correlate
            under 0.98.
    """
    first = trained.style_logits.argmax(axis=1)
    rows = np.arange(len(first))
    maps = [
        np.maximum(answers.evidence[rows, :, :, first], 0).reshape(len(first), -1) for answers in (trained, exported)
    ]
    alike = [float(np.corrcoef(a, b)[0, 1]) for a, b in zip(*maps, strict=True) if a.std() > 0 and b.std() > 0]
    agreement = Agreement(
        top1=float(np.mean(first == exported.style_logits.argmax(axis=1))),
        cam=float(np.mean(alike)) if alike else 0.0,
    )
    if agreement.top1 < LEAST_TOP1_AGREEMENT or agreement.cam < LEAST_CAM_CORRELATION:
        raise ExportRefused(f"top-1 agreement {agreement.top1:.4f}, CAM correlation {agreement.cam:.4f}")
    return agreement
