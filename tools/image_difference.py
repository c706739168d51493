"""How different two pictures of a page look, and whether a picture shows anything."""

import numpy as np
from PIL import Image

CELL = 8
"""px of a page that become one; what is smaller, such as the smoothing of letters, does not count."""
VISIBLE = 16
"""Difference of the gray of a cell, of 255, that a person notices."""
MIN_CONTRAST = 4.0
"""Standard deviation of the gray of a page with a few words on it."""


def visible_difference(first: Image.Image, second: Image.Image) -> float:
    """The share of the page that looks different, 0 to 1; the part below the end of the shorter one is different."""
    width, height = max(first.width, second.width), max(first.height, second.height)
    cells = [_to_cells(image, width, height) for image in (first, second)]
    shared_height = min(first.height, second.height) // CELL
    differs = np.abs(cells[0] - cells[1]) > VISIBLE
    differs[shared_height:] |= first.height // CELL != second.height // CELL
    return float(differs.mean())


def is_blank(image: Image.Image) -> bool:
    """Whether a picture shows one color, or next to nothing on it."""
    return float(np.asarray(image.convert("L"), np.float32).std()) < MIN_CONTRAST


def _to_cells(image: Image.Image, width: int, height: int) -> "np.ndarray[tuple[int, int], np.dtype[np.float32]]":
    canvas = Image.new("L", (width, height))
    canvas.paste(image.convert("L"), (0, 0))
    size = max(1, width // CELL), max(1, height // CELL)
    return np.asarray(canvas.resize(size, Image.Resampling.BOX), np.float32)
