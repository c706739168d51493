"""An inference backend with predefined outputs, for tests and for development without the model. Never the default."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from core.clothing import COLORS, ITEMS
from core.errors import FakeBackendExhaustedError
from core.styles import STYLES, Style
from core.vision.attribute_calibration import AttributeCalibration, HeadCalibration
from core.vision.attributes import Attribute
from core.vision.backends import AttributeOutputs, ModelOutputs
from core.vision.main_color import BINS, MainColorModel
from core.vision.model_card import ModelCard, Preprocessing
from core.vision.verdict import Refusal, Thresholds

FAKE_MODEL_CARD = ModelCard(
    version="scripted",
    file="",
    sha256="",
    backbone="scripted",
    temperature=1.0,
    thresholds=Thresholds(outfit=0.5, clear=0.6, ambiguous_margin=0.1),
    preprocessing=Preprocessing(),
    training={},
    metrics={},
)
"""A card with temperature 1, so that predefined probabilities arrive unchanged."""
FAKE_ATTRIBUTES_CARD = replace(
    FAKE_MODEL_CARD,
    attributes=AttributeCalibration(
        items=HeadCalibration(
            slope=np.ones(len(ITEMS)), offset=np.zeros(len(ITEMS)), threshold=np.full(len(ITEMS), 0.5)
        ),
        colors=HeadCalibration(
            slope=np.ones(len(COLORS)), offset=np.zeros(len(COLORS)), threshold=np.full(len(COLORS), 0.5)
        ),
        main_color=MainColorModel(
            kernel=np.eye(len(COLORS) + BINS, len(COLORS)), bias=np.zeros(len(COLORS)), threshold=0.85
        ),
    ),
    refusals=dict.fromkeys(Refusal, 0.5),
)
"""A card of a model that also knows items and colors: what is over 0.5 is seen, one color over 0.6 the main one."""
GRID = 16
"""Rows and columns of the fake evidence."""


class FakeBackend:
    """Returns the given outputs in order, or calls a function of the pixels.

    Its verdicts have `engine == "scripted"`.
    """

    name = "scripted"

    def __init__(self, outputs: Iterable[ModelOutputs] | Callable[[NDArray[np.uint8]], ModelOutputs]) -> None:
        self._lock = Lock()
        self._function = outputs if callable(outputs) else None
        self._remaining = iter(()) if callable(outputs) else iter(outputs)

    def forward(self, pixels: NDArray[np.uint8]) -> ModelOutputs:
        """The next outputs.

        Raises:
            FakeBackendExhaustedError: there are none left.
        """
        if self._function is not None:
            return self._function(pixels)
        with self._lock:
            outputs = next(self._remaining, None)
        if outputs is None:
            raise FakeBackendExhaustedError
        return outputs

    def close(self) -> None:
        """Do nothing."""


def make_outputs(
    style: Style,
    *,
    confidence: float = 0.9,
    second: Style | None = None,
    second_confidence: float = 0.0,
    outfit: float = 0.99,
    peak: tuple[float, float] = (0.5, 0.5),
) -> ModelOutputs:
    """Create outputs from which `FAKE_MODEL_CARD` makes exactly the described verdict.

    Args:
        style: the style with the probability `confidence`; the unnamed styles share the rest evenly.
        confidence: above 0, below 1.
        second: the runner-up, if it matters.
        second_confidence: the runner-up's probability; together with `confidence` below 1.
        outfit: outfit probability, above 0, below 1.
        peak: where the map is highest, as fractions from the top and from the left of the input.
    """
    named = {style: confidence} | ({second: second_confidence} if second is not None else {})
    share = (1 - sum(named.values())) / (len(STYLES) - len(named))
    logits = np.log(np.array([named.get(candidate, share) for candidate in STYLES], np.float32))
    return ModelOutputs(
        logits=logits,
        outfit_logit=float(np.log(outfit / (1 - outfit))),
        evidence=np.repeat(_peak_map(peak)[..., None], len(STYLES), axis=2),
    )


def add_attributes(
    outputs: ModelOutputs,
    things: Mapping[Attribute, float],
    *,
    peaks: Mapping[Attribute, tuple[float, float]] | None = None,
    unlikely: float = 0.02,
    refusal: Refusal | None = None,
    axis: int = 0,
) -> ModelOutputs:
    """Add outputs from which `FAKE_ATTRIBUTES_CARD` makes these probabilities of items and colors.

    Args:
        outputs: from `make_outputs`.
        things: the probabilities, above 0, below 1; all others are `unlikely`.
        peaks: where the maps of things are highest, as for `make_outputs`; the center by default.
        unlikely: the probability of everything else.
        refusal: what is there instead of an outfit, with a probability of 0.98; None for something else.
        axis: the one of 128 that the embedding is along; looks along others are not similar.
    """
    peaks = peaks or {}

    def logits(codes: Sequence[Attribute]) -> NDArray[np.float32]:
        values = np.array([things.get(code, unlikely) for code in codes])
        scores: NDArray[np.float32] = np.log(values / (1 - values)).astype(np.float32)
        return scores

    def maps(codes: Sequence[Attribute]) -> NDArray[np.float32]:
        return np.stack([_peak_map(peaks.get(code, (0.5, 0.5))) for code in codes], axis=-1)

    return replace(
        outputs,
        attributes=AttributeOutputs(
            kind_logits=np.array([5.0 * (refusal is kind) for kind in (*Refusal, None)], np.float32),
            clothes=np.ones((GRID, GRID), np.float32),
            item_logits=logits(ITEMS),
            item_evidence=maps(ITEMS),
            color_logits=logits(COLORS),
            color_evidence=maps(COLORS),
            embedding=np.eye(1, 128, axis, dtype=np.float32)[0],
        ),
    )


def outputs_from_hash(pixels: NDArray[np.uint8]) -> ModelOutputs:
    """Derive outputs from the SHA-256 of the pixels, so that the same photo always gets the same verdict.

    One photo in sixteen is no outfit. The others: all styles equally often, confidence 0.40 to 0.95, the runner-up has
    half of the rest, the peak is near the center.
    """
    digest = hashlib.sha256(pixels.tobytes()).digest()
    style = STYLES[digest[0] % 8]
    second = STYLES[(digest[0] + 1 + digest[1] % 7) % 8]
    confidence = 0.40 + 0.55 * digest[2] / 255
    return make_outputs(
        style,
        confidence=confidence,
        second=second,
        second_confidence=(1 - confidence) / 2,
        outfit=0.02 if digest[3] < 16 else 0.98,
        peak=(0.2 + 0.6 * digest[4] / 255, 0.35 + 0.3 * digest[5] / 255),
    )


def _peak_map(peak: tuple[float, float]) -> NDArray[np.float32]:
    """GRID x GRID, highest at `peak` (from the top, from the left), slightly negative far from it."""
    centers = (np.arange(GRID, dtype=np.float32) + 0.5) / GRID
    down, across = np.square(centers - peak[0]), np.square(centers - peak[1])
    evidence: NDArray[np.float32] = np.exp(-(down[:, None] + across[None, :]) / 0.04) - np.float32(0.1)
    return evidence.astype(np.float32)
