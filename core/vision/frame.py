"""A picture of any shape set into the network's rectangle, and the way back for maps over that rectangle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from core.vision.card import Fit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.vision.card import Preprocessing

__all__ = ["Frame", "frame"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The network's input and the part of it that the picture covers."""

    pixels: NDArray[np.uint8]
    """height x width x 3, RGB."""
    box: tuple[float, float, float, float]
    """Left, top, right, bottom of the picture's visible part, as fractions 0 to 1 of the rectangle."""

    def crop(self, cells: NDArray[np.float32]) -> NDArray[np.float32]:
        """Cut a map over the rectangle (rows x columns) to the cells whose centres lie on the picture, one
        at least.

        Whole cells are kept, so at each edge the cut is right to half a cell.
        """
        rows, columns = cells.shape
        left, top, right, bottom = self.box
        return cells[_inside(rows, top, bottom), _inside(columns, left, right)]


def frame(image: Image.Image, how: Preprocessing) -> Frame:
    """Set an RGB picture into the rectangle that the model was trained on."""
    width, height = how.width, how.height
    if how.fit is Fit.SQUASH:
        return Frame(
            pixels=np.asarray(image.resize((width, height), Image.Resampling.BICUBIC, reducing_gap=1.0)),
            box=(0.0, 0.0, 1.0, 1.0),
        )
    choose = min if how.fit is Fit.LETTERBOX else max
    scale = choose(width / image.width, height / image.height)
    inner = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    small = image.resize(inner, Image.Resampling.BICUBIC, reducing_gap=1.0)
    canvas = Image.new("RGB", (width, height), how.fill)
    left, top = (width - inner[0]) // 2, (height - inner[1]) // 2
    canvas.paste(small, (left, top))
    return Frame(
        pixels=np.asarray(canvas),
        box=(
            max(0.0, left / width),
            max(0.0, top / height),
            min(1.0, (left + inner[0]) / width),
            min(1.0, (top + inner[1]) / height),
        ),
    )


def _inside(cells: int, start: float, stop: float) -> slice:
    centres = (np.arange(cells) + 0.5) / cells
    inside = np.flatnonzero((centres >= start) & (centres <= stop))
    if inside.size == 0:
        middle = min(cells - 1, int((start + stop) / 2 * cells))
        return slice(middle, middle + 1)
    return slice(int(inside[0]), int(inside[-1]) + 1)
