"""The training configuration: every choice in one value, stored with the results of the run."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from core.errors import DatasetError
from core.vision.model_card import Preprocessing

CONFIG_FILE = "recipe.json"
BLOCKS = ("block4", "block5")
"""The blocks that a stage may begin with, from the input on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage of fine-tuning: a block and all later layers are trained, all earlier ones are frozen."""

    block: str
    """`block5` or `block4`."""
    photos: int
    """Number of training samples over all epochs."""
    rate: float
    """Peak learning rate; linear warm-up over the first twentieth, then cosine decay to zero."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingConfig:
    """The whole configuration."""

    backbone: str = "vgg16"
    preprocessing: Preprocessing = field(default_factory=Preprocessing)
    versions: int = 2
    """Number of augmented copies of the training split whose features are stored."""
    stages: tuple[Stage, ...] = (
        Stage(block="block5", photos=20_480, rate=2e-4),
        Stage(block="block4", photos=26_624, rate=1e-4),
    )
    batch: int = 32
    dropout: float = 0.4
    weight_decay: float = 0.02
    gate_weight: float = 0.3
    """Weight of the outfit loss relative to the style loss."""
    balance: float = 0.5
    """Rare styles are sampled more often: frequency to the power of minus this."""
    guess_rate: float = 0.6
    """Sampling weight of a photo whose label is a guess, relative to a certain one."""
    emphasis: Mapping[str, float] = field(default_factory=dict)
    """Sampling weight of the photos of a source: higher for sources that resemble users' photos."""
    start: str = ""
    """Digest of the trained network that the run starts from; empty: ImageNet weights and new heads."""
    teacher: float = 0.4
    """Share of the style target that comes from the cross-validated teacher instead of the annotator."""
    ema: float = 0.995
    """Momentum of the exponential moving average of the weights, which is the result."""
    seed: int = 7

    def to_dict(self) -> dict[str, Any]:
        """The configuration as a JSON object."""
        return asdict(self)

    def to_json(self) -> str:
        """The text of `recipe.json`."""
        return json.dumps(self.to_dict(), indent=2)


def load_config(path: Path) -> TrainingConfig:
    """Read the configuration of a run.

    Raises:
        DatasetError: the directory holds no run, or the file is invalid.
    """
    try:
        raw = json.loads(path.read_text("utf-8"))
        preprocessing = Preprocessing.from_dict(raw.pop("preprocessing"))
        stages = tuple(Stage(**stage) for stage in raw.pop("stages"))
        return TrainingConfig(**raw, stages=stages, preprocessing=preprocessing)
    except FileNotFoundError as error:
        raise DatasetError(f"no {path.name}: not the directory of a run") from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise DatasetError(f"{path.name} is no training configuration: {error}") from error


def check_stages(config: TrainingConfig) -> None:
    """Check that no stage freezes what was trained before it.

    The stored maps come from the ImageNet weights, so a block that was trained cannot be among those that made them.

    Raises:
        DatasetError: a stage does.
    """
    trained = BLOCKS[0] if config.start else BLOCKS[-1]
    for stage in config.stages:
        if stage.block not in BLOCKS:
            raise DatasetError(f"a stage trains {stage.block}; there are {', '.join(BLOCKS)}")
        if BLOCKS.index(stage.block) > BLOCKS.index(trained):
            before = "the run that --start names" if config.start else "an earlier stage"
            raise DatasetError(f"a stage freezes what comes before {stage.block}, but {before} may have trained it")
        trained = stage.block
