"""The eight styles, in the order of the network's outputs."""

from enum import StrEnum
from typing import Self


class Style(StrEnum):
    """One of the eight styles; the value is its key in files, databases and URLs."""

    BUSINESS_CASUAL = "business_casual"
    ETHNIC = "ethnic"
    FEMININE = "feminine"
    GIRLISH = "girlish"
    RETRO = "retro"
    MODE = "mode"
    CASUAL = "casual"
    STREET = "street"

    position: int
    """Index among the network's outputs, 0 to 7."""

    def __new__(cls, value: str) -> Self:
        """Create a member; positions are those of the members in the class."""
        style = str.__new__(cls, value)
        style._value_ = value
        style.position = len(cls.__members__)
        return style


STYLES: tuple[Style, ...] = tuple(Style)
"""The order of every array over styles."""
