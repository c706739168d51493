"""The model card: the content of `model.json`, which belongs to a model file.

See ADR 0002.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from core.errors import ModelMismatchError, ModelNotFoundError
from core.styles import STYLES
from core.vision.attribute_calibration import AttributeCalibration
from core.vision.verdict import Refusal, Thresholds

CARD_FILE = "model.json"
NUMBERS = re.compile(r"\[[-\d.,e\s]+\]")
"""Lists of numbers in JSON."""


class ResizeMode(StrEnum):
    """How an image of any shape becomes the network's input rectangle."""

    LETTERBOX = "letterbox"
    """The whole image with its proportions, padded with a plain color."""
    STRETCH = "stretch"
    """The whole image, stretched."""
    CENTER_CROP = "center_crop"
    """The center of the image with its proportions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preprocessing:
    """What happens to an image before the network; mean subtraction and channel order are inside the network."""

    width: int = 256
    height: int = 256
    resize_mode: ResizeMode = ResizeMode.LETTERBOX
    padding_color: tuple[int, int, int] = (124, 117, 104)
    """RGB of the padding: ImageNet's mean, which the network turns into zeros."""

    def to_dict(self) -> dict[str, Any]:
        """The JSON form, as in `model.json`."""
        return {
            "width": self.width,
            "height": self.height,
            "resize_mode": self.resize_mode.value,
            "padding_color": list(self.padding_color),
        }

    @staticmethod
    def from_dict(data: dict[str, Any]) -> "Preprocessing":
        """Parse the JSON form.

        Raises:
            KeyError, TypeError, ValueError: it is invalid.
        """
        red, green, blue = data["padding_color"]
        return Preprocessing(
            width=data["width"],
            height=data["height"],
            resize_mode=ResizeMode(data["resize_mode"]),
            padding_color=(red, green, blue),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """Everything that belongs to one trained model, except its weights."""

    version: str
    """`<backbone>-<first eight digits of the file's SHA-256>`."""
    file: str
    sha256: str
    backbone: str
    temperature: float
    """The logits are divided by it before the softmax."""
    thresholds: Thresholds
    preprocessing: Preprocessing
    training: dict[str, Any]
    """Summary of the training configuration and the data."""
    metrics: dict[str, Any]
    """Evaluation results by split."""
    attributes: AttributeCalibration | None = None
    """Of items and colors; None for a model that knows styles alone."""
    refusals: Mapping[Refusal, float] = field(default_factory=dict)
    """Probability from which a refusal may be explained by this; those that are never sure enough are missing."""

    def to_json(self) -> str:
        """The text of `model.json`, with lists of numbers in one line each."""
        text = json.dumps(
            {
                "version": self.version,
                "file": self.file,
                "sha256": self.sha256,
                "backbone": self.backbone,
                "labels": list(STYLES),
                "temperature": self.temperature,
                "thresholds": {
                    "outfit": self.thresholds.outfit,
                    "clear": self.thresholds.clear,
                    "ambiguous_margin": self.thresholds.ambiguous_margin,
                },
                "heads": None if self.attributes is None else self.attributes.to_dict(),
                "refusals": dict(self.refusals),
                "preprocessing": self.preprocessing.to_dict(),
                "training": self.training,
                "metrics": self.metrics,
            },
            indent=2,
        )
        return NUMBERS.sub(lambda match: " ".join(match[0].split()), text)


def load_model_card(path: Path) -> ModelCard:
    """Read `model.json`.

    Raises:
        ModelNotFoundError: there is no such file.
        ModelMismatchError: it is not the card of a model over the eight styles in their order.
    """
    try:
        raw = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise ModelNotFoundError(path.name) from error
    except ValueError as error:
        raise ModelMismatchError(f"{path.name} is not JSON") from error
    attributes = raw.get("heads") if isinstance(raw, dict) else None
    try:
        if raw["labels"] != list(STYLES):
            raise ModelMismatchError(f"{path.name} lists other styles")
        return ModelCard(
            version=raw["version"],
            file=raw["file"],
            sha256=raw["sha256"],
            backbone=raw["backbone"],
            temperature=float(raw["temperature"]),
            thresholds=Thresholds(**raw["thresholds"]),
            preprocessing=Preprocessing.from_dict(raw["preprocessing"]),
            training=raw["training"],
            metrics=raw["metrics"],
            attributes=None if attributes is None else AttributeCalibration.from_dict(attributes),
            refusals={Refusal(code): float(value) for code, value in raw.get("refusals", {}).items()},
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ModelMismatchError(f"{path.name}: {error}") from error
