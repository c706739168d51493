"""What items and colors say of a style, counted in the training labels: the file `label_statistics.json`.

`core.training.label_statistics_fit` writes the file. It says nothing about a single photo.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.clothing import COLORS, ITEMS
from core.errors import ModelMismatchError, ModelNotFoundError
from core.styles import STYLES, Style
from core.vision.attributes import Thing

LABEL_STATISTICS_FILE = Path(__file__).parents[1] / "models" / "label_statistics.json"
THINGS: tuple[Thing, ...] = (*ITEMS, *COLORS)
"""The order of the rows."""
_ROW = {thing: row for row, thing in enumerate(THINGS)}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LabelStatistics:
    """One row for each item and color, one column for each style."""

    log_odds: NDArray[np.float64]
    """Log odds of the thing among outfits of the style, minus those among all other outfits, in nats."""
    weight: NDArray[np.float64]
    """Coefficients of a multinomial logistic regression of the style on all things at once."""
    share: NDArray[np.float64]
    """Share, 0 to 1, of the style's outfits that have the thing."""

    def find_log_odds(self, thing: Thing, style: Style) -> float:
        """What the thing says of the style, in nats."""
        return float(self.log_odds[_ROW[thing], style.position])

    def find_share(self, thing: Thing, style: Style) -> float:
        """How many of the style's outfits have the thing, 0 to 1."""
        return float(self.share[_ROW[thing], style.position])

    def find_weights(self, thing: Thing) -> NDArray[np.float64]:
        """How much the thing adds to the logit of each style, other things being equal."""
        weights: NDArray[np.float64] = self.weight[_ROW[thing]]
        return weights

    def to_json(self) -> str:
        """The text of the file, one line for each thing."""
        lines = [
            f'    "{thing}": ' + json.dumps({name: values[row].tolist() for name, values in self._tables().items()})
            for row, thing in enumerate(THINGS)
        ]
        return '{{\n  "styles": {styles},\n  "things": {{\n{lines}\n  }}\n}}\n'.format(
            styles=json.dumps(list(STYLES)), lines=",\n".join(lines)
        )

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> "LabelStatistics":
        """Parse the content of the file.

        Raises:
            KeyError, TypeError, ValueError: it is invalid, or it has other styles, items or colors.
        """
        if data["styles"] != list(STYLES) or list(data["things"]) != list(THINGS):
            raise ValueError("it lists other styles, items or colors")
        tables = {
            name: np.array([row[name] for row in data["things"].values()], np.float64)
            for name in ("log_odds", "weight", "share")
        }
        if any(table.shape != (len(THINGS), len(STYLES)) for table in tables.values()):
            raise ValueError("a row has another length than the styles")
        return LabelStatistics(**tables)

    def _tables(self) -> dict[str, NDArray[np.float64]]:
        return {"log_odds": self.log_odds, "weight": self.weight, "share": self.share}


@cache
def load_label_statistics(path: Path = LABEL_STATISTICS_FILE) -> LabelStatistics:
    """Read the file; once for each path.

    Raises:
        ModelNotFoundError: there is no such file.
        ModelMismatchError: it is invalid.
    """
    try:
        return LabelStatistics.from_dict(json.loads(path.read_text("utf-8")))
    except FileNotFoundError as error:
        raise ModelNotFoundError(path.name) from error
    except (KeyError, TypeError, ValueError) as error:
        raise ModelMismatchError(f"{path.name}: {error}") from error
