"""All labels of `labels.csv` and `attributes.csv` as arrays, one row per photo."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from core.clothing import COLORS, ITEMS, Color, Item
from core.errors import DatasetError
from core.styles import Style
from core.training.data_files import parse_rows, read_rows

NOT_OUTFIT = "not_outfit"
UNCLEAR = "unclear"
"""A further annotator's entry for photos that could not be labeled; it counts as no label."""
NO_VIEW = -2
NOT_AN_OUTFIT = -1
VIEWS = ("", "_b", "_c")
ATTRIBUTE_VIEWS = VIEWS[:2]
"""Suffixes of the columns: three annotators for styles, the first two of them for items and colors."""
CERTAINTIES, DEFAULT_CERTAINTY = (1, 2, 3), 2
"""Of a label: a guess, likely (also if it is not given), clear."""
COLOR_RANKS = 3
"""Colors that a view names at most."""
NO_ITEMS, NO_COLORS = [float("nan")] * len(ITEMS), [NO_VIEW] * COLOR_RANKS
"""Of a view that does not exist."""

Value = TypeVar("Value")


class Split(StrEnum):
    """What a photo is used for: training, model selection, or one final report."""

    TRAIN = "train"
    VAL = "val"
    TEST = "test"
    TEST2 = "test2"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PhotoTable:
    """n photos. Views are annotators, in the order of `labels.csv`. Methods take k `rows` of it."""

    folder: Path
    photo: NDArray[np.str_]
    """Path below the folder."""
    split: NDArray[np.str_]
    source: NDArray[np.str_]
    """The collection that the photo came from."""
    style: NDArray[np.int64]
    """n x 3 views: position of the style, NOT_AN_OUTFIT or NO_VIEW; the first view always exists."""
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

    def rows(self, *splits: Split) -> NDArray[np.int64]:
        """The rows of the photos in these splits, in the order of the file.

        Raises:
            DatasetError: there are none.
        """
        rows = np.flatnonzero(np.isin(self.split, splits))
        if not rows.size:
            raise DatasetError(f"labels.csv has no photo in {', '.join(splits)}")
        return rows

    def paths(self, rows: NDArray[np.int64]) -> list[Path]:
        """The files of the photos."""
        return [self.folder / photo for photo in self.photo[rows].tolist()]

    @property
    def is_outfit(self) -> NDArray[np.bool_]:
        """Whether the first view saw an outfit."""
        return self.style[:, 0] >= 0

    def consensus(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """The style that two views share, or NO_VIEW."""
        style = self.style[rows]
        label = np.full(len(rows), NO_VIEW)
        for first, second in ((1, 2), (0, 2), (0, 1)):
            same = (style[:, first] == style[:, second]) & (style[:, first] > NO_VIEW)
            label[same] = style[same, first]
        return label

    def shared_styles(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """The majority label, or else the style that two views share; negative where there is no style."""
        found: NDArray[np.int64] = np.where(self.gold[rows] > NO_VIEW, self.gold[rows], self.consensus(rows))
        return found

    def outfits_with_attributes(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """The positions among `rows` of outfits with items and colors."""
        has_items, has_colors = ~np.isnan(self.items[rows, 0, 0]), self.colors[rows, 0, 0] >= 0
        return np.flatnonzero(has_items & has_colors & self.is_outfit[rows])

    def seen_items(self, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """What either view names, k x items: annotators overlook more than they invent."""
        return np.asarray(np.nanmax(self.items[rows], axis=1) > 0)

    def seen_colors(self, rows: NDArray[np.int64], views: int = len(ATTRIBUTE_VIEWS)) -> NDArray[np.bool_]:
        """The colors that one of the first `views` names, k x colors."""
        return np.asarray((self.colors[rows, :views, :, None] == np.arange(len(COLORS))).any(axis=(1, 2)))


def read_photo_table(folder: Path, *, with_attributes: bool = True) -> PhotoTable:
    """Read both files, or `labels.csv` alone.

    Raises:
        DatasetError: a file is missing or invalid.
    """
    labels_path, attributes_path = folder / "labels.csv", folder / "attributes.csv"
    labels = read_rows(labels_path, ("split", "style"))
    if not labels:
        raise DatasetError(f"{labels_path.name} has no photo")
    rows = read_rows(attributes_path, ("items", "colours")) if with_attributes else []
    attributes = {row["photo"]: row for row in rows}
    found = [attributes.get(row["photo"]) for row in labels]

    def parse(parse_label: Callable[[dict[str, str]], Value]) -> NDArray[Any]:
        return np.array(parse_rows(labels_path, labels, parse_label))

    return PhotoTable(
        folder=folder,
        photo=np.array([row["photo"] for row in labels]),
        split=parse(lambda row: Split(row["split"]).value),
        source=np.array([row.get("source", "") for row in labels]),
        style=parse(_styles),
        second=parse(lambda row: [_second(row.get(f"second{view}", "")) for view in VIEWS]),
        sure=parse(lambda row: [_sure(row, view) for view in VIEWS]),
        gold=parse(lambda row: _style(row.get("gold", ""))),
        items=np.array(_parse_found(attributes_path, found, _items, [NO_ITEMS] * 2), np.float32),
        colors=np.array(_parse_found(attributes_path, found, _colors, [NO_COLORS] * 2)),
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


def _styles(row: dict[str, str]) -> list[int]:
    if _style(row["style"]) == NO_VIEW:
        raise ValueError(f"the style is {row['style'] or 'empty'}")
    return [_style(row.get(f"style{view}", "")) for view in VIEWS]


def _style(code: str) -> int:
    if code in {"", UNCLEAR}:
        return NO_VIEW
    return NOT_AN_OUTFIT if code == NOT_OUTFIT else Style(code).position


def _second(code: str) -> int:
    return NO_VIEW if code in {"", UNCLEAR, NOT_OUTFIT} else Style(code).position


def _sure(row: dict[str, str], view: str) -> int:
    if _style(row.get(f"style{view}", "")) == NO_VIEW:
        return 0
    certainty = int(row.get(f"sure{view}", "") or DEFAULT_CERTAINTY)
    if certainty not in CERTAINTIES:
        raise ValueError(f"the certainty {certainty} is not between {CERTAINTIES[0]} and {CERTAINTIES[-1]}")
    return certainty


def _items(row: dict[str, str]) -> list[list[float]]:
    return [
        _marks(row.get(f"items{view}", "").split())
        if row.get(f"items{view}") or row.get(f"colours{view}")
        else NO_ITEMS
        for view in ATTRIBUTE_VIEWS
    ]


def _marks(codes: Sequence[str]) -> list[float]:
    named = {Item(code) for code in codes}
    return [float(item in named) for item in ITEMS]


def _colors(row: dict[str, str]) -> list[list[int]]:
    named = [row.get(f"colours{view}", "").split() for view in ATTRIBUTE_VIEWS]
    return [([COLORS.index(Color(code)) for code in codes] + NO_COLORS)[:COLOR_RANKS] for codes in named]
