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

from core.errors import ModelMismatchError, ModelNotFoundError
from core.styles import STYLES
from core.vision.attributes import ATTRIBUTES, Attribute

LABEL_STATISTICS_FILE = Path(__file__).parents[1] / "models" / "label_statistics.json"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LabelStatistics:
    """Values for each item and color, one for each of the styles."""

    log_odds: Mapping[Attribute, NDArray[np.float64]]
    """Log odds of the thing among outfits of the style, minus those among all other outfits, in nats."""
    weight: Mapping[Attribute, NDArray[np.float64]]
    """How much the thing adds to the logit of the style, other things being equal: coefficients of a multinomial
    logistic regression of the style on all things at once."""
    share: Mapping[Attribute, NDArray[np.float64]]
    """Share, 0 to 1, of the style's outfits that have the thing."""

    def to_json(self) -> str:
        """The text of the file, one line for each thing."""
        tables = {"log_odds": self.log_odds, "weight": self.weight, "share": self.share}
        lines = [
            f'    "{thing}": ' + json.dumps({name: values[thing].tolist() for name, values in tables.items()})
            for thing in ATTRIBUTES
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
        if data["styles"] != list(STYLES) or list(data["things"]) != list(ATTRIBUTES):
            raise ValueError("it lists other styles, items or colors")
        tables = {
            name: {thing: np.array(data["things"][thing][name], np.float64) for thing in ATTRIBUTES}
            for name in ("log_odds", "weight", "share")
        }
        if any(row.shape != (len(STYLES),) for table in tables.values() for row in table.values()):
            raise ValueError("a row has another length than the styles")
        return LabelStatistics(**tables)


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
