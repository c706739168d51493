"""From scores of items and colors to probabilities and thresholds; the part `heads` of `model.json`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.clothing import COLORS, ITEMS
from core.vision.main_color import MainColorModel

NEVER = 2.0
"""Threshold of what is never seen: no probability reaches it. `null` in JSON."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HeadCalibration:
    """Of one head: probability = sigmoid(slope * score + offset)."""

    slope: NDArray[np.float64]
    """Of each output, positive."""
    offset: NDArray[np.float64]
    threshold: NDArray[np.float64]
    """Probability from which an output counts as seen; `NEVER` for an output that is never precise enough."""

    def probabilities(self, logits: NDArray[np.float32]) -> NDArray[np.float64]:
        """Calibrated probabilities of all outputs, 0 to 1."""
        probabilities: NDArray[np.float64] = 0.5 * (1 + np.tanh(0.5 * (self.slope * logits + self.offset)))
        return probabilities

    def to_dict(self, labels: Sequence[str]) -> dict[str, Any]:
        """The JSON form: an object for each output."""
        columns = zip(labels, self.slope.tolist(), self.offset.tolist(), self.threshold.tolist(), strict=True)
        return {
            str(label): {"slope": slope, "offset": offset, "threshold": _to_json(threshold)}
            for label, slope, offset, threshold in columns
        }

    @staticmethod
    def from_dict(data: Mapping[str, Any], labels: Sequence[str]) -> "HeadCalibration":
        """Parse the JSON form.

        Raises:
            KeyError, TypeError, ValueError: it is invalid, or its outputs are others.
        """
        if set(data) != set(labels):
            raise ValueError("it calibrates other items or colors")
        rows = [data[label] for label in labels]
        return HeadCalibration(
            slope=np.array([float(row["slope"]) for row in rows]),
            offset=np.array([float(row["offset"]) for row in rows]),
            threshold=np.array([_from_json(row["threshold"]) for row in rows]),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AttributeCalibration:
    """Of the items and of the colors."""

    items: HeadCalibration
    colors: HeadCalibration
    main_color: MainColorModel | None
    """None if no color is called the main one."""

    def to_dict(self) -> dict[str, Any]:
        """The JSON form, as in `model.json`."""
        return {
            "items": self.items.to_dict(ITEMS),
            "colors": self.colors.to_dict(COLORS),
            "main_color": None if self.main_color is None else self.main_color.to_dict(),
        }

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> "AttributeCalibration":
        """Parse the JSON form.

        Raises:
            KeyError, TypeError, ValueError: it is invalid.
        """
        main_color = data["main_color"]
        return AttributeCalibration(
            items=HeadCalibration.from_dict(data["items"], ITEMS),
            colors=HeadCalibration.from_dict(data["colors"], COLORS),
            main_color=None if main_color is None else MainColorModel.from_dict(main_color),
        )


def _to_json(threshold: float) -> float | None:
    return None if threshold >= NEVER else threshold


def _from_json(threshold: float | None) -> float:
    return NEVER if threshold is None else float(threshold)
