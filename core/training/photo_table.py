"""All labels of `labels.csv` and `attributes.csv` as arrays, one row per photo, for training several heads at once."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.clothing import COLORS, ITEMS, Color, Item
from core.errors import DatasetError
from core.styles import Style
from core.training.dataset import NOT_OUTFIT, UNCLEAR

NO_VIEW = -2
NOT_AN_OUTFIT = -1
VIEWS = ("", "_b", "_c")
"""Suffixes of the columns: three annotators for styles, the first two of them for items and colors."""


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
        DatasetError: a file is missing or holds an unknown code.
    """
    try:
        labels = _read(folder / "labels.csv")
        attributes = {row["photo"]: row for row in _read(folder / "attributes.csv")}
        return PhotoTable(
            photo=np.array([row["photo"] for row in labels]),
            split=np.array([row["split"] for row in labels]),
            source=np.array([row["source"] for row in labels]),
            style=np.array([[_style(row.get(f"style{view}", "")) for view in VIEWS] for row in labels]),
            second=np.array([[_second(row.get(f"second{view}", "")) for view in VIEWS] for row in labels]),
            sure=np.array([[_sure(row, view) for view in VIEWS] for row in labels]),
            gold=np.array([_style(row.get("gold", "")) for row in labels]),
            items=np.array([_items(attributes.get(row["photo"])) for row in labels], np.float32),
            colors=np.array([_colors(attributes.get(row["photo"])) for row in labels]),
        )
    except FileNotFoundError as error:
        raise DatasetError(f"{Path(error.filename).name} is missing") from error
    except (KeyError, ValueError) as error:
        raise DatasetError(f"labels.csv or attributes.csv: {error}") from error


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _style(code: str) -> int:
    if code in {"", UNCLEAR}:
        return NO_VIEW
    return NOT_AN_OUTFIT if code == NOT_OUTFIT else Style(code).position


def _second(code: str) -> int:
    return NO_VIEW if code in {"", UNCLEAR, NOT_OUTFIT} else Style(code).position


def _sure(row: dict[str, str], view: str) -> int:
    return 0 if _style(row.get(f"style{view}", "")) == NO_VIEW else int(row.get(f"sure{view}", "") or 2)


def _items(row: dict[str, str] | None) -> list[list[float]]:
    return [
        [float("nan")] * len(ITEMS) if row is None or not _has_view(row, view) else _marks(row[f"items{view}"].split())
        for view in ("", "_b")
    ]


def _marks(codes: Sequence[str]) -> list[float]:
    named = {Item(code) for code in codes}
    return [float(item in named) for item in ITEMS]


def _colors(row: dict[str, str] | None) -> list[list[int]]:
    named = [row[f"colours{view}"].split() if row else [] for view in ("", "_b")]
    return [([COLORS.index(Color(code)) for code in codes] + [NO_VIEW] * 3)[:3] for codes in named]


def _has_view(row: dict[str, str], view: str) -> bool:
    return bool(row[f"items{view}"] or row[f"colours{view}"])
