"""The labeled photos: splits, the annotators' labels, and soft targets for the network."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from core.errors import DatasetError
from core.images.color_space import flatten_on_white, to_averageable_mode
from core.styles import STYLES, Style
from core.training.label_files import parse_certainty, parse_rows, read_rows

NOT_OUTFIT = "not_outfit"
UNCLEAR = "unclear"
"""The second annotator's entry for photos that could not be labeled; it counts as no label."""
STYLE_SHARE = np.array([0.0, 0.70, 0.86, 0.94])
"""Share of the target for the labeled style, by the annotator's certainty (1 a guess, 3 clear; 0 without a label)."""
RUNNER_UP_SHARE = 0.8
"""Share of the remainder for the runner-up, if there is one; the rest is spread over all styles."""
VIEW_WEIGHT = np.array([0.0, 0.6, 1.0, 1.0])
"""Weight of a label in the style loss, by its certainty."""


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
    """Decode a photo as RGB, upright and on white where it is transparent, as photos of people are.

    Unlike theirs, its color profile is ignored.

    Raises:
        DatasetError: the file cannot be read.
    """
    try:
        with Image.open(path) as image:
            upright = ImageOps.exif_transpose(image)
            return flatten_on_white(to_averageable_mode(upright)).convert("RGB")
    except Exception as error:
        # Pillow's decoders raise many types on damaged bytes.
        raise DatasetError(f"{path.name} cannot be read") from error


def check_photos(examples: Sequence[Example]) -> None:
    """Check that the photos exist and begin as pictures do, before hours of work on the others.

    Raises:
        DatasetError: some do not.
    """
    broken = []
    for example in examples:
        try:
            with Image.open(example.photo):
                pass
        except Exception:  # noqa: BLE001
            # Decoders raise errors of many kinds for damaged files; all that counts is which photo it is.
            broken.append(example.photo.name)
    if broken:
        raise DatasetError(f"{len(broken)} of {len(examples)} photos cannot be read, the first is {broken[0]}")


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
    rows = read_rows(path, ("split", "style"))
    examples = [example for example in parse_rows(path, rows, partial(_example, folder)) if example.split in splits]
    if not examples:
        raise DatasetError(f"{path.name} has no photo in {', '.join(splits)}")
    return examples


def targets(examples: Sequence[Example]) -> Targets:
    """Compute soft targets from style, runner-up and certainty of the first view."""
    labels = [example.label for example in examples]
    style, second = (
        np.array([-1 if named is None else named.position for named in column])
        for column in ([label.style for label in labels], [label.second for label in labels])
    )
    sure, is_outfit = np.array([label.sure for label in labels]), style >= 0
    return Targets(
        style=soft_styles(style, second, sure).astype(np.float32),
        style_weight=(VIEW_WEIGHT[sure] * is_outfit).astype(np.float32),
        outfit=is_outfit.astype(np.float32),
    )


def soft_styles(style: NDArray[np.int64], second: NDArray[np.int64], sure: NDArray[np.int64]) -> NDArray[np.float64]:
    """Shares of the styles, n x 8, by one view of each photo; equal ones where it sees no outfit.

    Args:
        style: n, position; negative without an outfit.
        second: n, position of the runner-up; negative if there is none.
        sure: n, certainty.
    """
    named, has_second = STYLE_SHARE[sure], second >= 0
    runner_up = (1 - named) * RUNNER_UP_SHARE * has_second
    one_hot = np.eye(len(STYLES))
    shares = one_hot[np.maximum(style, 0)] * named[:, None] + one_hot[np.maximum(second, 0)] * runner_up[:, None]
    shares += (1 - named - runner_up)[:, None] / len(STYLES)
    return np.where(style[:, None] >= 0, shares, 1 / len(STYLES))


def _example(folder: Path, row: dict[str, str]) -> Example:
    second_view = row.get("style_b", "")
    return Example(
        photo=folder / row["photo"],
        split=Split(row["split"]),
        label=_label(row["style"], row.get("second", ""), row.get("sure", "")),
        second_view=_label(second_view, row.get("second_b", ""), row.get("sure_b", ""))
        if second_view not in {"", UNCLEAR}
        else None,
        source=row.get("source", ""),
    )


def _label(style: str, second: str, sure: str) -> Label:
    return Label(
        style=None if style == NOT_OUTFIT else Style(style),
        second=None if second in {"", UNCLEAR, NOT_OUTFIT} else Style(second),
        sure=parse_certainty(sure),
    )
