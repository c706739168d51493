"""The labelled photos: splits, the annotators' labels, and soft targets for the network."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.errors import DatasetError
from core.styles import STYLES, Style

NOT_OUTFIT = "not_outfit"
UNCLEAR = "unclear"
"""The second annotator's entry for photos that could not be labelled; it counts as no label."""
CERTAINTY = {3: 0.94, 2: 0.86, 1: 0.70}
"""Share of the target for the labelled style, by the annotator's certainty (3 clear, 2 likely, 1 a guess)."""
RUNNER_UP_SHARE = 0.8
"""Share of the remainder for the runner-up, if there is one; the rest is spread over all styles."""
GUESS_WEIGHT = 0.6
"""Weight of a guessed label in the style loss."""


class Split(StrEnum):
    """What a photo is used for: training, model selection, or one final report."""

    TRAIN = "train"
    VAL = "val"
    TEST = "test"
    TEST2 = "test2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """One annotator's label of one photo."""

    style: Style | None
    """None: there is no outfit to judge."""
    second: Style | None
    """The runner-up, where two styles compete."""
    sure: int
    """3 clear, 2 likely, 1 a guess."""

    @property
    def acceptable(self) -> frozenset[Style]:
        """The style and the runner-up."""
        return frozenset(style for style in (self.style, self.second) if style is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One photo with its labels."""

    photo: Path
    split: Split
    label: Label
    second_view: Label | None
    """The label of an independent second annotator, if there is one."""
    source: str
    """The collection that the photo came from."""
    source_label: str
    """That collection's own label."""

    @property
    def is_outfit(self) -> bool:
        """Whether the first annotator saw an outfit."""
        return self.label.style is not None

    def open(self) -> Image.Image:
        """Decode the photo as RGB.

        Raises:
            DatasetError: the file cannot be read.
        """
        return open_photo(self.photo)


def open_photo(path: Path) -> Image.Image:
    """Decode a photo as RGB.

    Raises:
        DatasetError: the file cannot be read.
    """
    try:
        with Image.open(path) as image:
            return image.convert("RGB")
    except OSError as error:
        raise DatasetError(f"{path.name} cannot be read") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """Training targets for a list of examples."""

    style: NDArray[np.float32]
    """n x 8, rows sum to 1."""
    style_weight: NDArray[np.float32]
    """n; 0 where there is no outfit."""
    outfit: NDArray[np.float32]
    """n; 1 where there is an outfit."""


def read_examples(folder: Path, *splits: Split) -> list[Example]:
    """Read `labels.csv` in the order of the file.

    Raises:
        DatasetError: the file is missing, or a row does not follow the format.
    """
    path = folder / "labels.csv"
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
        examples = [_example(folder, row) for row in rows if Split(row["split"]) in splits]
    except FileNotFoundError as error:
        raise DatasetError(f"no {path.name} in the data directory") from error
    except (KeyError, ValueError) as error:
        raise DatasetError(f"{path.name}: {error}") from error
    if not examples:
        raise DatasetError(f"{path.name} has no photo in {', '.join(splits)}")
    return examples


def targets(examples: Sequence[Example]) -> Targets:
    """Compute soft targets from style, runner-up and certainty."""
    style = np.zeros((len(examples), len(STYLES)), np.float32)
    weight = np.zeros(len(examples), np.float32)
    outfit = np.zeros(len(examples), np.float32)
    for row, example in enumerate(examples):
        label = example.label
        if label.style is None:
            style[row] = 1 / len(STYLES)
            continue
        share = CERTAINTY[label.sure]
        rest = 1 - share
        style[row, label.style.position] += share
        if label.second is not None:
            style[row, label.second.position] += rest * RUNNER_UP_SHARE
            rest *= 1 - RUNNER_UP_SHARE
        style[row] += rest / len(STYLES)
        weight[row] = GUESS_WEIGHT if label.sure == 1 else 1.0
        outfit[row] = 1.0
    return Targets(style=style, style_weight=weight, outfit=outfit)


def _example(folder: Path, row: dict[str, str]) -> Example:
    return Example(
        photo=folder / row["photo"],
        split=Split(row["split"]),
        label=_label(row["style"], row["second"], row["sure"]),
        second_view=_label(row["style_b"], row["second_b"], row["sure_b"])
        if row["style_b"] not in {"", UNCLEAR}
        else None,
        source=row["source"],
        source_label=row["source_label"],
    )


def _label(style: str, second: str, sure: str) -> Label:
    return Label(
        style=None if style == NOT_OUTFIT else Style(style),
        second=Style(second) if second and second != NOT_OUTFIT else None,
        sure=int(sure),
    )
