"""All labels of `labels.csv` and `attributes.csv` as arrays, one row per photo, for training several heads at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from core.clothing import COLORS, ITEMS, Color, Item
from core.errors import DatasetError
from core.styles import Style
from core.training.dataset import NOT_OUTFIT, UNCLEAR, Split
from core.training.label_files import parse_certainty, parse_rows, read_rows

NO_VIEW = -2
NOT_AN_OUTFIT = -1
VIEWS = ("", "_b", "_c")
ATTRIBUTE_VIEWS = VIEWS[:2]
"""Suffixes of the columns: three annotators for styles, the first two of them for items and colors."""
COLOR_RANKS = 3
"""Colors that a view names at most."""

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoTable:
    """n photos. Views are annotators, in the order of `labels.csv`."""

    photo: NDArray[np.str_]
    """Path below the data folder."""
    split: NDArray[np.str_]
    source: NDArray[np.str_]
    style: NDArray[np.int64]
    """n x 3 views: position of the style, NOT_AN_OUTFIT or NO_VIEW."""
    second: NDArray[np.int64]
    """n x 3 views: position of the runner-up, or NO_VIEW."""
    sure: NDArray[np.int64]
    """n x 3 views: 3 clear, 2 likely, 1 a guess, 0 without a view."""
    gold: NDArray[np.int64]
    """n: majority of three views, as `style`; NO_VIEW where there is none."""
    items: NDArray[np.float32]
    """n x 2 views x items: 1 seen, 0 not seen, NaN without a view."""
    colors: NDArray[np.int64]
    """n x 2 views x 3: positions in order of area, NO_VIEW where fewer are named."""

    def __len__(self) -> int:
        return len(self.photo)

    def rows(self, *splits: str) -> NDArray[np.int64]:
        """The rows of the photos in these splits, in the order of the file."""
        return np.flatnonzero(np.isin(self.split, splits))

    @property
    def is_outfit(self) -> NDArray[np.bool_]:
        """Whether the first view saw an outfit."""
        return self.style[:, 0] >= 0


def read_photo_table(folder: Path) -> PhotoTable:
    """Read both files.

    Raises:
        DatasetError: a file is missing or invalid.
    """
    labels_path, attributes_path = folder / "labels.csv", folder / "attributes.csv"
    labels = read_rows(labels_path, ("split", "style"))
    if not labels:
        raise DatasetError(f"{labels_path.name} has no photo")
    attributes = {row["photo"]: row for row in read_rows(attributes_path, ("items", "colours"))}
    found = [attributes.get(row["photo"]) for row in labels]

    def parse(parse_label: Callable[[dict[str, str]], Value]) -> NDArray[Any]:
        return np.array(parse_rows(labels_path, labels, parse_label))

    return PhotoTable(
        photo=np.array([row["photo"] for row in labels]),
        split=parse(lambda row: Split(row["split"]).value),
        source=np.array([row.get("source", "") for row in labels]),
        style=parse(lambda row: [_style(row.get(f"style{view}", "")) for view in VIEWS]),
        second=parse(lambda row: [_second(row.get(f"second{view}", "")) for view in VIEWS]),
        sure=parse(lambda row: [_sure(row, view) for view in VIEWS]),
        gold=parse(lambda row: _style(row.get("gold", ""))),
        items=np.array(_parse_found(attributes_path, found, _items, [[float("nan")] * len(ITEMS)] * 2), np.float32),
        colors=np.array(_parse_found(attributes_path, found, _colors, [[NO_VIEW] * COLOR_RANKS] * 2)),
    )


def _parse_found(
    path: Path,
    found: Sequence[dict[str, str] | None],
    parse: Callable[[dict[str, str]], Value],
    otherwise: Value,
) -> list[Value]:
    """Parse the rows of those photos that have one."""
    parsed = iter(parse_rows(path, [row for row in found if row is not None], parse))
    return [otherwise if row is None else next(parsed) for row in found]


def _style(code: str) -> int:
    if code in {"", UNCLEAR}:
        return NO_VIEW
    return NOT_AN_OUTFIT if code == NOT_OUTFIT else Style(code).position


def _second(code: str) -> int:
    return NO_VIEW if code in {"", UNCLEAR, NOT_OUTFIT} else Style(code).position


def _sure(row: dict[str, str], view: str) -> int:
    return 0 if _style(row.get(f"style{view}", "")) == NO_VIEW else parse_certainty(row.get(f"sure{view}", ""))


def _items(row: dict[str, str]) -> list[list[float]]:
    return [
        _marks(row.get(f"items{view}", "").split()) if _has_view(row, view) else [float("nan")] * len(ITEMS)
        for view in ATTRIBUTE_VIEWS
    ]


def _marks(codes: Sequence[str]) -> list[float]:
    named = {Item(code) for code in codes}
    return [float(item in named) for item in ITEMS]


def _colors(row: dict[str, str]) -> list[list[int]]:
    named = [row.get(f"colours{view}", "").split() for view in ATTRIBUTE_VIEWS]
    return [([COLORS.index(Color(code)) for code in codes] + [NO_VIEW] * COLOR_RANKS)[:COLOR_RANKS] for codes in named]


def _has_view(row: dict[str, str], view: str) -> bool:
    return bool(row.get(f"items{view}") or row.get(f"colours{view}"))
