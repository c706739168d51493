"""An engine that says what it is told, for tests and for work on the site. Never the default."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from core.errors import FakeBackendExhaustedError
from core.styles import STYLES, Style
from core.vision.backends import ModelOutputs
from core.vision.model_card import ModelCard, Preprocessing
from core.vision.verdict import Thresholds

if TYPE_CHECKING:
    from numpy.typing import NDArray


FAKE_MODEL_CARD = ModelCard(
    version="scripted",
    file="",
    sha256="",
    backbone="scripted",
    temperature=1.0,
    thresholds=Thresholds(outfit=0.5, clear=0.6, torn_margin=0.1),
    preprocessing=Preprocessing(),
    training={},
    metrics={},
)
"""The card of no model: temperature 1, so that scripted probabilities arrive unchanged."""


class FakeBackend:
    """Gives the outputs that were given to it, in their order, or asks a function of the framed pixels.

    Every verdict that comes of it has `engine == "scripted"`.
    """

    name = "scripted"

    def __init__(self, script: Iterable[ModelOutputs] | Callable[[NDArray[np.uint8]], ModelOutputs]) -> None:
        self._lock = Lock()
        self._function = script if callable(script) else None
        self._remaining = iter(()) if callable(script) else iter(script)

    def forward(self, pixels: NDArray[np.uint8]) -> ModelOutputs:
        """The next scripted outputs.

        Raises:
            FakeBackendExhaustedError: the script has come to its end.
        """
        if self._function is not None:
            return self._function(pixels)
        with self._lock:
            outputs = next(self._remaining, None)
        if outputs is None:
            raise FakeBackendExhaustedError
        return outputs

    def close(self) -> None:
        """Nothing to let go of."""


def make_outputs(
    style: Style,
    *,
    confidence: float = 0.9,
    second: Style | None = None,
    second_confidence: float = 0.0,
    outfit: float = 0.99,
    peak: tuple[float, float] = (0.5, 0.5),
) -> ModelOutputs:
    """Outputs from which `SCRIPTED_CARD` makes exactly the verdict that is described.

    Args:
        style: whose probability is `confidence`; what the named styles leave is shared evenly by the others.
        confidence: above 0, under 1.
        second: a runner-up, if one is wanted.
        second_confidence: the runner-up's probability; with `confidence`, under 1.
        outfit: gate probability, above 0, under 1.
        hot: where the map is hottest, as fractions from the top and from the left of the frame.
    """
    named = {style: confidence} | ({second: second_confidence} if second is not None else {})
    share = (1 - sum(named.values())) / (len(STYLES) - len(named))
    logits = np.log(np.array([named.get(each, share) for each in STYLES], np.float32))
    centres = (np.arange(16, dtype=np.float32) + 0.5) / 16
    down, across = np.square(centres - peak[0]), np.square(centres - peak[1])
    blob = np.exp(-(down[:, None] + across[None, :]) / 0.04) - 0.1
    return ModelOutputs(
        logits=logits,
        outfit_logit=float(np.log(outfit / (1 - outfit))),
        evidence=np.repeat(blob[..., None], len(STYLES), axis=2),
    )


def outputs_from_hash(pixels: NDArray[np.uint8]) -> ModelOutputs:
    """Outputs drawn from the SHA-256 of the picture: the same photo always gets the same verdict.

    One photo in sixteen is no outfit. The others: every style equally often, confidence 0.40 to 0.95, the
    runner-up takes half of the rest, heat anywhere in the middle of the frame."""
    digest = hashlib.sha256(pixels.tobytes()).digest()
    first = STYLES[digest[0] % 8]
    second = STYLES[(digest[0] + 1 + digest[1] % 7) % 8]
    confidence = 0.40 + 0.55 * digest[2] / 255
    return make_outputs(
        first,
        confidence=confidence,
        second=second,
        second_confidence=(1 - confidence) / 2,
        outfit=0.02 if digest[3] < 16 else 0.98,
        peak=(0.2 + 0.6 * digest[4] / 255, 0.35 + 0.3 * digest[5] / 255),
    )
