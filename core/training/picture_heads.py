"""Two small heads on the last features: what a picture without an outfit shows, and where clothes are.

`kinds.csv` (photo, kind) names what is in pictures without an outfit: a code of `Refusal` or `other`. `boxes.csv`
(photo, what, left, top, right, bottom) has coarse boxes of `clothes` and of `face`, in fractions of the picture.

See ADR 0035.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.training.calibration import choose_threshold
from core.training.data_files import open_photo, parse_rows, read_rows
from core.training.head_network import build_last_maps
from core.training.linear_heads import fit_linear_map
from core.vision.attribute_calibration import NEVER
from core.vision.classifier import fit_to_input
from core.vision.model_card import Preprocessing
from core.vision.verdict import Refusal, softmax

KINDS = (*Refusal, "other")
"""In the order of the head's outputs."""
KIND_PENALTY, CLOTHES_PENALTY = 0.1, 0.03
"""Chosen on validation photos."""
REFUSAL_PRECISION = 0.85
"""Share of what is said about pictures without an outfit that must be right."""
MIN_SAID = 8
"""A kind that is said was right often enough in at least so many pictures."""
KINDS_FILE, BOXES_FILE = "kinds.csv", "boxes.csv"
SIDES = ("left", "top", "right", "bottom")
STEPS_PER_CELL = 8
"""Boxes are drawn in this many steps for each cell and direction."""

Box = tuple[float, float, float, float]
"""Left, top, right and bottom, as fractions of the picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureBoxes:
    """Where clothes and faces are in one picture."""

    clothes: list[Box] = field(default_factory=list)
    faces: list[Box] = field(default_factory=list)

    def cover(self, rows: int, columns: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The share of each cell that is on clothes, faces left out, and the share that is on a face."""
        faces = _fill(self.faces, rows, columns)
        clothes = _fill(self.clothes, rows, columns) * (1 - faces)
        return _average(clothes, rows, columns), _average(faces, rows, columns)


def read_kinds(folder: Path) -> dict[str, int]:
    """Read `kinds.csv`: the position in KINDS by photo.

    Raises:
        DatasetError: it is missing or names another kind.
    """
    positions = {str(kind): position for position, kind in enumerate(KINDS)}

    def parse(row: dict[str, str]) -> int:
        if row["kind"] not in positions:
            raise ValueError(f"unknown kind {row['kind']}")
        return positions[row["kind"]]

    path = folder / KINDS_FILE
    rows = read_rows(path, ("kind",))
    return dict(zip((row["photo"] for row in rows), parse_rows(path, rows, parse), strict=True))


def read_boxes(folder: Path) -> dict[str, PictureBoxes]:
    """Read `boxes.csv`, by photo.

    Raises:
        DatasetError: it is missing or invalid.
    """
    path = folder / BOXES_FILE
    rows = read_rows(path, ("what", *SIDES), is_unique=False)
    boxes: dict[str, PictureBoxes] = {}
    for row, (what, box) in zip(rows, parse_rows(path, rows, _parse_box), strict=True):
        found = boxes.setdefault(row["photo"], PictureBoxes())
        (found.clothes if what == "clothes" else found.faces).append(box)
    return boxes


def _parse_box(row: dict[str, str]) -> tuple[str, Box]:
    left, top, right, bottom = (float(row[side]) for side in SIDES)
    if row["what"] not in {"clothes", "face"}:
        raise ValueError(f"a box of {row['what']}")
    if not (0 <= left <= right <= 1 and 0 <= top <= bottom <= 1):
        raise ValueError("a box is not in fractions of the picture, from left to right and from top to bottom")
    return row["what"], (left, top, right, bottom)


def fit_kind_head(
    pooled: NDArray[np.float32], photos: NDArray[np.str_], goals: Mapping[str, NDArray[np.float32]]
) -> dict[str, NDArray[np.float32]]:
    """Fit the head `kind` on the pooled last features of the photos that have a goal; several rows of one photo share
    its weight.

    Args:
        pooled: n x channels.
        photos: n.
        goals: probabilities of KINDS by photo.
    """
    known = np.flatnonzero(np.isin(photos, list(goals)))
    _, place, versions = np.unique(photos[known], return_inverse=True, return_counts=True)
    goal = np.array([goals[str(photo)] for photo in photos[known]], np.float32)
    return fit_linear_map("kind", pooled[known], goal, 1 / versions[place], KIND_PENALTY, exclusive=True)


def kind_goals(kinds: Mapping[str, int]) -> dict[str, NDArray[np.float32]]:
    """The goals of `fit_kind_head` where the kinds are known."""
    return {photo: np.eye(len(KINDS), dtype=np.float32)[kind] for photo, kind in kinds.items()}


def choose_refusals(
    logits: NDArray[np.float32], photos: NDArray[np.str_], kinds: Mapping[str, int]
) -> dict[Refusal, float]:
    """Choose the probability from which each refusal is right often enough.

    Args:
        logits: n x kinds, of refused validation photos; those whose kind is not known are left out.
        photos: n.
        kinds: position in KINDS by photo; of an outfit that was refused, that of `other`.
    """
    labels = np.array([kinds.get(str(photo), -1) for photo in photos], np.int64)
    probabilities, labels = softmax(logits[labels >= 0]), labels[labels >= 0]
    chosen = {}
    for position, refusal in enumerate(Refusal):
        values = probabilities[:, position].astype(np.float64)
        threshold = choose_threshold(values, labels == position, MIN_SAID, REFUSAL_PRECISION)
        if threshold < NEVER:
            chosen[refusal] = threshold
    return chosen


CellGoals = Callable[[str, int, int], NDArray[np.float32]]
"""The share of clothes in every cell of a photo, rows x columns."""


def box_goals(boxes: Mapping[str, PictureBoxes]) -> CellGoals:
    """The goals of `fit_clothes_head` where boxes are known."""
    return lambda photo, rows, columns: boxes[photo].cover(rows, columns)[0]


def fit_clothes_head(
    folder: Path,
    weights: Mapping[str, NDArray[np.float32]],
    photos: Sequence[str],
    shape: Preprocessing,
    goals: CellGoals,
) -> dict[str, NDArray[np.float32]]:
    """Fit the head `clothes` on the cells of these photos; each photo counts the same.

    Args:
        folder: with photos/.
        weights: of the convolutions.
        photos: training photos that have goals.
        shape: the preprocessing.
        goals: of every photo.
    """
    network = build_last_maps(weights, size=(shape.height, shape.width))
    features, targets, counts = [], [], []
    for photo in photos:
        model_input = fit_to_input(open_photo(folder / photo), shape)
        maps = model_input.crop_to_image(np.asarray(network(model_input.pixels[None].astype(np.float32)))[0])
        rows, columns, channels = maps.shape
        features.append(maps.reshape(-1, channels))
        targets.append(goals(photo, rows, columns).ravel())
        counts.append(np.full(rows * columns, 1 / (rows * columns)))
    goal = np.concatenate(targets)[:, None].astype(np.float32)
    cells = np.concatenate(features)
    return fit_linear_map("clothes", cells, goal, np.concatenate(counts), CLOTHES_PENALTY, exclusive=False)


def _fill(boxes: Sequence[Box], rows: int, columns: int) -> NDArray[np.float32]:
    height, width = rows * STEPS_PER_CELL, columns * STEPS_PER_CELL
    mask = np.zeros((height, width), np.float32)
    for left, top, right, bottom in boxes:
        mask[round(top * height) : round(bottom * height), round(left * width) : round(right * width)] = 1
    return mask


def _average(mask: NDArray[np.float32], rows: int, columns: int) -> NDArray[np.float32]:
    shares: NDArray[np.float32] = mask.reshape(rows, STEPS_PER_CELL, columns, STEPS_PER_CELL).mean(axis=(1, 3))
    return shares
