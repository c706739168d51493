"""The fonts of the package, with which images are drawn."""

from functools import cache
from pathlib import Path

from PIL import ImageFont
from PIL.ImageFont import FreeTypeFont

FONTS = Path(__file__).parents[1] / "fonts"


@cache
def load_font(name: str, size: int) -> FreeTypeFont:
    """A font of the package, by file name; `size` in px."""
    return ImageFont.truetype(FONTS / name, size, layout_engine=ImageFont.Layout.BASIC)
