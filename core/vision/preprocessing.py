"""Fitting an image of any shape into the network's input, and cropping maps over that input back to the image."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.vision.model_card import Preprocessing, ResizeMode


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInput:
    """The network's input, and the part of it that the image covers."""

    pixels: NDArray[np.uint8]
    """height x width x 3, RGB."""
    image_box: tuple[float, float, float, float]
    """Left, top, right, bottom of the image's visible part, as fractions 0 to 1 of the rectangle."""

    def crop_to_image(self, cells: NDArray[np.float32]) -> NDArray[np.float32]:
        """Crop maps over the rectangle to the cells whose centers lie on the image, at least one.

        The first two axes of `cells` are rows and columns. The result consists of whole cells, so each
        edge is exact to half a cell.
        """
        left, top, right, bottom = self.image_box
        for axis, (start, stop) in enumerate(((top, bottom), (left, right))):
            count = cells.shape[axis]
            centers = (np.arange(count) + 0.5) / count
            inside = np.flatnonzero((centers >= start) & (centers <= stop))
            if inside.size == 0:
                inside = np.array([min(count - 1, int((start + stop) / 2 * count))])
            cells = cells.take(inside, axis)
        return cells


def fit_to_input(image: Image.Image, preprocessing: Preprocessing) -> ModelInput:
    """Resize an RGB image to the rectangle that the model was trained on."""
    width, height = preprocessing.width, preprocessing.height
    if preprocessing.resize_mode is ResizeMode.STRETCH:
        return ModelInput(
            pixels=np.asarray(image.resize((width, height), Image.Resampling.BICUBIC, reducing_gap=1.0)),
            image_box=(0.0, 0.0, 1.0, 1.0),
        )
    choose = min if preprocessing.resize_mode is ResizeMode.LETTERBOX else max
    scale = choose(width / image.width, height / image.height)
    inner = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    resized = image.resize(inner, Image.Resampling.BICUBIC, reducing_gap=1.0)
    canvas = Image.new("RGB", (width, height), preprocessing.padding_color)
    left, top = (width - inner[0]) // 2, (height - inner[1]) // 2
    canvas.paste(resized, (left, top))
    return ModelInput(
        pixels=np.asarray(canvas),
        image_box=(
            max(0.0, left / width),
            max(0.0, top / height),
            min(1.0, (left + inner[0]) / width),
            min(1.0, (top + inner[1]) / height),
        ),
    )
