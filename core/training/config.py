"""How a model is trained: every choice in one value, kept beside what it made."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from core.errors import DatasetError
from core.vision.model_card import Preprocessing

CONFIG_FILE = "recipe.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One round of fine-tuning: a block and all behind it learn, all before it stays as it is."""

    block: str
    """`block5` or `block4`."""
    photos: int
    """How many photos pass through, over all repetitions."""
    rate: float
    """Peak learning rate; warmed up over the first twentieth, then down to zero by a half cosine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingConfig:
    """The whole recipe. The defaults are the one that made the model that ships with Eva."""

    backbone: str = "vgg16"
    preprocessing: Preprocessing = field(default_factory=Preprocessing)
    versions: int = 2
    """Augmented copies of the training photos that are kept."""
    stages: tuple[Stage, ...] = (
        Stage(block="block5", photos=20_480, rate=2e-4),
        Stage(block="block4", photos=26_624, rate=1e-4),
    )
    batch: int = 32
    dropout: float = 0.4
    weight_decay: float = 0.02
    gate_weight: float = 0.3
    """Weight of the gate's loss beside the style's."""
    balance: float = 0.5
    """Rare styles are drawn more often: frequency to the power of minus this."""
    guess_rate: float = 0.6
    """How often a photo whose label was a guess is drawn, beside a sure one."""
    emphasis: Mapping[str, float] = field(default_factory=dict)
    """How often the photos of a source are drawn, beside the others': more for those that users' photos look like."""
    start: str = ""
    """Digest of the trained network that the run went on from; empty: the ImageNet weights and fresh heads."""
    teacher: float = 0.4
    """Share of the style target that comes from the cross-fitted teacher instead of the annotator."""
    ema: float = 0.995
    """Momentum of the running average of the weights, which is what is kept."""
    seed: int = 7

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

    def to_json(self) -> str:
        """The text of `recipe.json`."""
        return json.dumps(self.to_dict(), indent=2)


def load_config(path: Path) -> TrainingConfig:
    """Read the recipe of a run.

    Raises:
        DatasetError: the folder holds no run.
    """
    try:
        raw = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise DatasetError(f"no {path.name}: not the folder of a run") from error
    preprocessing = Preprocessing.from_dict(raw.pop("preprocessing"))
    stages = tuple(Stage(**stage) for stage in raw.pop("stages"))
    return TrainingConfig(**raw, stages=stages, preprocessing=preprocessing)
