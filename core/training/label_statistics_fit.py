"""What items and colors say of a style in the training labels; writes `label_statistics.json`.

    python -m core.training.label_statistics_fit DATA

DATA is the folder with `labels.csv` and `attributes.csv`. Only photos of the split `train` count.
"""

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from core.errors import DatasetError
from core.styles import STYLES
from core.training.photo_table import Split, read_photo_table
from core.vision.attributes import ATTRIBUTES
from core.vision.label_statistics import LABEL_STATISTICS_FILE, LabelStatistics

PSEUDO_COUNT = 2.0
"""Outfits with the thing, and as many without, added to each side of the log odds: a rare thing says little."""
REGULARIZATION = 0.5
"""C of the logistic regression."""


def read_training_labels(folder: Path) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """The things and the styles of the training outfits, by the first annotator.

    Returns:
        Outfits x things, and the position of each outfit's style.

    Raises:
        DatasetError: a file is missing or invalid, or names nothing that a training outfit wears.
    """
    table = read_photo_table(folder)
    rows = table.rows(Split.TRAIN)
    rows = rows[(table.style[rows, 0] >= 0) & ~np.isnan(table.items[rows, 0, 0])]
    if not len(rows):
        raise DatasetError("no training outfit has attributes")
    return np.concatenate([table.items[rows, 0] > 0, table.seen_colors(rows, 1)], axis=1), table.style[rows, 0]


def compute_label_statistics(things: NDArray[np.bool_], styles: NDArray[np.int64]) -> LabelStatistics:
    """Count and fit; arguments as `read_training_labels` returns them.

    Raises:
        DatasetError: a style has no outfit.
    """
    if missing := [style for place, style in enumerate(STYLES) if not (styles == place).any()]:
        raise DatasetError(f"no training outfit has the style {', '.join(missing)}")
    model = LogisticRegression(C=REGULARIZATION, max_iter=1000).fit(things.astype(np.float64), styles)
    log_odds, share = np.empty(model.coef_.T.shape), np.empty(model.coef_.T.shape)
    for place in range(len(STYLES)):
        inside, outside = things[styles == place], things[styles != place]
        log_odds[:, place] = _log_odds(inside) - _log_odds(outside)
        share[:, place] = inside.mean(axis=0)
    return LabelStatistics(
        log_odds=dict(zip(ATTRIBUTES, log_odds.round(3), strict=True)),
        weight=dict(zip(ATTRIBUTES, model.coef_.T.round(3), strict=True)),
        share=dict(zip(ATTRIBUTES, share.round(4), strict=True)),
    )


def _log_odds(things: NDArray[np.bool_]) -> NDArray[np.float64]:
    with_it = things.sum(axis=0) + PSEUDO_COUNT
    without_it = (~things).sum(axis=0) + PSEUDO_COUNT
    odds: NDArray[np.float64] = np.log(with_it / without_it)
    return odds


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m core.training.label_statistics_fit DATA")
    try:
        computed = compute_label_statistics(*read_training_labels(Path(sys.argv[1])))
    except DatasetError as error:
        sys.exit(str(error))
    LABEL_STATISTICS_FILE.write_text(computed.to_json(), "utf-8")
