"""The model's card: what stands in `model.json` beside the model file."""

import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from core.errors import ModelMismatchError, ModelNotFoundError
from core.styles import STYLES
from core.vision.verdict import Thresholds


class ResizeMode(StrEnum):
    """How a picture of any shape becomes the network's rectangle."""

    LETTERBOX = "letterbox"
    """The whole picture, its proportions kept, bands of a plain colour around it."""
    STRETCH = "squash"
    """The whole picture, stretched."""
    CENTER_CROP = "cover"
    """The middle of the picture, its proportions kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preprocessing:
    """What happens to a picture before the network; the mean and the channel order are inside the network."""

    width: int = 256
    height: int = 256
    resize_mode: ResizeMode = ResizeMode.LETTERBOX
    padding_color: tuple[int, int, int] = (124, 117, 104)
    """RGB of the bands: ImageNet's mean, which the network turns into zeros."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """Everything that belongs to one trained model beside its weights."""

    version: str
    """`<backbone>-<first eight digits of the file's SHA-256>`."""
    file: str
    sha256: str
    backbone: str
    temperature: float
    thresholds: Thresholds
    preprocessing: Preprocessing
    training: dict[str, Any]
    """Summary of the recipe and the data."""
    metrics: dict[str, Any]
    """What was measured, by split."""

    def to_json(self) -> str:
        """The text of `model.json`."""
        thresholds, shape = self.thresholds, self.preprocessing
        return json.dumps(
            {
                "version": self.version,
                "file": self.file,
                "sha256": self.sha256,
                "backbone": self.backbone,
                "labels": list(STYLES),
                "temperature": self.temperature,
                "thresholds": {
                    "outfit": thresholds.outfit,
                    "clear": thresholds.clear,
                    "torn_margin": thresholds.torn_margin,
                },
                "preprocessing": {
                    "width": shape.width,
                    "height": shape.height,
                    "fit": shape.resize_mode.value,
                    "fill": list(shape.padding_color),
                },
                "training": self.training,
                "figures": self.metrics,
            },
            indent=2,
        )


def load_model_card(path: Path) -> ModelCard:
    """Read `model.json`.

    Raises:
        ModelNotFoundError: there is no such file.
        ModelMismatchError: it is not a card of a model over Eva's eight styles in their order.
    """
    try:
        raw = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise ModelNotFoundError(path.name) from error
    except ValueError as error:
        raise ModelMismatchError(f"{path.name} is not JSON") from error
    try:
        if raw["labels"] != list(STYLES):
            raise ModelMismatchError(f"{path.name} lists other styles")
        shape = raw["preprocessing"]
        red, green, blue = shape["fill"]
        return ModelCard(
            version=raw["version"],
            file=raw["file"],
            sha256=raw["sha256"],
            backbone=raw["backbone"],
            temperature=float(raw["temperature"]),
            thresholds=Thresholds(**raw["thresholds"]),
            preprocessing=Preprocessing(
                width=shape["width"],
                height=shape["height"],
                resize_mode=ResizeMode(shape["fit"]),
                padding_color=(red, green, blue),
            ),
            training=raw["training"],
            metrics=raw["figures"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ModelMismatchError(f"{path.name}: {error}") from error
