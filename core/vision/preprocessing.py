"""A picture of any shape set into the network's rectangle, and the way back for maps over that rectangle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from core.vision.model_card import Preprocessing, ResizeMode

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInput:
    """The network's input and the part of it that the picture covers."""

    pixels: NDArray[np.uint8]
    """height x width x 3, RGB."""
    image_box: tuple[float, float, float, float]
    """Left, top, right, bottom of the picture's visible part, as fractions 0 to 1 of the rectangle."""

    def crop_to_image(self, cells: NDArray[np.float32]) -> NDArray[np.float32]:
        """Cut a map over the rectangle (rows x columns) to the cells whose centres lie on the picture, one
        at least.

        Whole cells are kept, so at each edge the cut is right to half a cell.
        """
        rows, columns = cells.shape
        left, top, right, bottom = self.image_box
        return cells[_cells_inside(rows, top, bottom), _cells_inside(columns, left, right)]


def fit_to_input(image: Image.Image, preprocessing: Preprocessing) -> ModelInput:
    """Set an RGB picture into the rectangle that the model was trained on."""
    width, height = preprocessing.width, preprocessing.height
    if preprocessing.resize_mode is ResizeMode.STRETCH:
        return ModelInput(
            pixels=np.asarray(image.resize((width, height), Image.Resampling.BICUBIC, reducing_gap=1.0)),
            image_box=(0.0, 0.0, 1.0, 1.0),
        )
    choose = min if preprocessing.resize_mode is ResizeMode.LETTERBOX else max
    scale = choose(width / image.width, height / image.height)
    inner = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    small = image.resize(inner, Image.Resampling.BICUBIC, reducing_gap=1.0)
    canvas = Image.new("RGB", (width, height), preprocessing.padding_color)
    left, top = (width - inner[0]) // 2, (height - inner[1]) // 2
    canvas.paste(small, (left, top))
    return ModelInput(
        pixels=np.asarray(canvas),
        image_box=(
            max(0.0, left / width),
            max(0.0, top / height),
            min(1.0, (left + inner[0]) / width),
            min(1.0, (top + inner[1]) / height),
        ),
    )


def _cells_inside(cells: int, start: float, stop: float) -> slice:
    centres = (np.arange(cells) + 0.5) / cells
    inside = np.flatnonzero((centres >= start) & (centres <= stop))
    if inside.size == 0:
        middle = min(cells - 1, int((start + stop) / 2 * cells))
        return slice(middle, middle + 1)
    return slice(int(inside[0]), int(inside[-1]) + 1)
