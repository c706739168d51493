"""The configurations of `eva train`, `eva finetune` and `eva heads`: every choice in one value."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import DatasetError
from core.training.run_files import CONFIG_FILE
from core.vision.model_card import Preprocessing

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
    """Every choice of a run of `eva train`."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class FinetuneConfig:
    """Every choice of a run of `eva finetune`."""

    photos: int = 24_576
    """Number of training samples over all epochs."""
    batch: int = 32
    learning_rate: float = 2e-4
    """Peak for the convolutions; linear warm-up over the first twentieth, then cosine decay to zero."""
    head_rate: float = 3.0
    """Learning rate of the heads, relative to the convolutions'."""
    weight_decay: float = 0.02
    ema: float = 0.995
    """Momentum of the exponential moving average of the weights, which is the result."""
    dropout: float = 0.3
    style_weight: float = 1.0
    outfit_weight: float = 0.3
    items_weight: float = 3.0
    colors_weight: float = 1.0
    mixstyle: float = 0.3
    """Share of the photos whose channel statistics are mixed."""
    erase: float = 0.25
    """Share of the photos that lose a rectangle of cells."""
    mixup: float = 0.3
    """Share of the photos that are blended with another."""
    share: float = 0.5
    """How far the convolutions move from the first network to the fine-tuned one in the end."""
    versions: int = 1
    """Augmented versions of every photo, next to the photo itself."""
    without_fold: int | None = None
    """Fold of `core.training.source_folds` whose sources are left out, to measure by them afterward."""
    start: str = ""
    """Digest of the `tuned.npz` that the run starts from; empty: the exported model and new heads."""
    teachers: Sequence[str] = ()
    """Digests of networks whose predictions soften the targets."""
    teacher_share: float = 0.3
    """Their share of every target, if there are any."""
    seed: int = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadsConfig:
    """Every choice of a run of `eva heads`."""

    tuned_share: float = 0.3
    """Share of the fine-tuned heads in those for styles, the gate and items."""
    powers: Sequence[float] = (0.0, 0.1, 0.2, 0.3, 0.5)
    """The styles' biases are lowered by one of these times the logarithm of the style's frequency in training."""
    without_fold: int | None = None
    """Fold of `core.training.source_folds` whose sources are left out and measured afterward (`unseen`)."""


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


def load_finetune_config(run_dir: Path) -> FinetuneConfig:
    """Read the configuration of a run of `eva finetune`.

    Raises:
        DatasetError: the directory holds no such run.
    """
    try:
        return FinetuneConfig(**json.loads((run_dir / CONFIG_FILE).read_text("utf-8")))
    except (FileNotFoundError, TypeError, ValueError) as error:
        raise DatasetError(f"{run_dir.name} is not the directory of a run of eva finetune") from error


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
