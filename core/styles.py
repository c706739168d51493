"""The eight styles, in the order of the network's outputs."""

from enum import StrEnum


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

    @property
    def position(self) -> int:
        """Index among the network's outputs, 0 to 7."""
        return STYLES.index(self)


STYLES: tuple[Style, ...] = tuple(Style)
"""The order of every array over styles."""
