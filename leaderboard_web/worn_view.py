"""View models of what is worn, with the map that each tag lights."""

from base64 import b64encode
from dataclasses import dataclass

import numpy as np

from core.conversation.narration import format_percent
from core.i18n.clothing_names import name_whole_things
from core.i18n.translations import Language
from core.vision.attributes import MAP_LEVELS, Attributes


@dataclass(frozen=True, slots=True, kw_only=True)
class WornThing:
    """A seen item or color."""

    name: str
    """With the pattern, material and color that are on it."""
    percent: str
    """Of its probability."""
    map: str
    """Base64 of its evidence, one byte a cell, row by row."""
    columns: int


def build_worn(attributes: Attributes, language: Language) -> list[WornThing]:
    """What is worn, the reasons for the style first."""
    return [
        WornThing(
            name=name,
            percent=format_percent(each.probability),
            map=b64encode(np.rint(each.cam * MAP_LEVELS).astype(np.uint8).tobytes()).decode("ascii"),
            columns=each.cam.shape[1],
        )
        for name, each in name_whole_things(attributes, language)
    ]
