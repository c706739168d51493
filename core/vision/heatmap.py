"""The heatmap: the photo itself, dimmed and paler where it does not count, with a contour around what does.

It has no hue of its own: clothes keep their colors. The contour is white within a dark band, so that it is visible on
black, on white and on any color.

See ADR 0001.
"""

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from core.vision.heatmap_tags import Tag, draw_tags

MAX_SIDE = 1280
"""The longest side of a heatmap in px: the largest that messengers show without recompression."""
CONTOUR_LEVEL = 0.28
"""Map value at which the contour is drawn."""
FADE_BELOW, FADE_ABOVE = 0.04, 0.1
"""Map values below and above the contour over which the photo fades."""
DIMMED_BRIGHTNESS = 0.52
"""Brightness of the photo where it does not count."""
DIMMED_SATURATION = 0.35
CONTOUR_PART = 1 / 260
"""Width of the contour, as part of the longer side."""
BAND_GRAY = 16 / 255
"""Brightness of the band under the white line."""
JPEG_QUALITY = 85


def draw_heatmap(image: Image.Image, cam: NDArray[np.float32], tags: Sequence[Tag] = ()) -> Image.Image:
    """Let the part of a photo stand out where a class activation map is high.

    Args:
        image: the photo, RGB, upright. It is not changed.
        cam: rows x columns over the photo alone, 0 to 1. A map of zeros leaves the photo as it is.
        tags: names of what is seen, with their own maps.

    Returns:
        A new RGB image without metadata, no side longer than MAX_SIDE. A larger photo is divided by a whole number,
        which takes a tenth of the time of resizing to an arbitrary size.
    """
    divisor = -(-max(image.size) // MAX_SIDE)
    photo = image.copy() if divisor <= 1 else image.reduce(divisor)
    photo.info.clear()
    if not cam.any():
        return photo
    heat = Image.fromarray(np.rint(cam * 255).astype(np.uint8)).resize(photo.size, Image.Resampling.BICUBIC)
    drawn = photo.convert("RGB", _DIMMED)
    drawn.paste(photo, mask=heat.point(_KEPT))
    width = max(1.0, max(photo.size) * CONTOUR_PART)
    edge = heat.point(_INSIDE).filter(ImageFilter.BoxBlur(width))
    # A paste of an image takes half of the time of a paste of one color.
    drawn.paste(edge.point(_CONTOUR_GRAY).convert("RGB"), mask=edge.point(_CONTOUR))
    if tags:
        draw_tags(drawn, tags)
    return drawn


def encode_heatmap_jpeg(image: Image.Image, cam: NDArray[np.float32], tags: Sequence[Tag] = ()) -> bytes:
    """Draw a heatmap and encode it as JPEG; arguments as for `draw_heatmap`."""
    buffer = io.BytesIO()
    draw_heatmap(image, cam, tags).save(buffer, "JPEG", quality=JPEG_QUALITY, subsampling="4:2:0")
    return buffer.getvalue()


def _ramp(start: float, stop: float) -> NDArray[np.float64]:
    """From 0 at `start` to 1 at `stop`, smoothly, for the 256 values of a pixel from 0 to 1."""
    position = ((np.linspace(0.0, 1.0, 256) - start) / (stop - start)).clip(0.0, 1.0)
    ramp: NDArray[np.float64] = position * position * (3 - 2 * position)
    return ramp


def _to_table(values: NDArray[np.float64]) -> list[int]:
    return [round(value) for value in 255 * values]


def _to_dimming_matrix(brightness: float, saturation: float) -> tuple[float, ...]:
    """The matrix, 3 x 4 in one row, that makes an RGB image darker and less colorful (luma of ITU-R BT.601)."""
    color = saturation * np.eye(3) + (1 - saturation) * np.array([0.299, 0.587, 0.114])
    return tuple(float(value) for value in np.pad(brightness * color, ((0, 0), (0, 1))).flat)


_DIMMED = _to_dimming_matrix(DIMMED_BRIGHTNESS, DIMMED_SATURATION)
_KEPT = _to_table(_ramp(CONTOUR_LEVEL - FADE_BELOW, CONTOUR_LEVEL + FADE_ABOVE))
_INSIDE = _to_table(_ramp(CONTOUR_LEVEL - 0.01, CONTOUR_LEVEL + 0.01))
_BAND = 0.6 * _ramp(0.02, 0.2) * _ramp(0.98, 0.8)
_LINE = 0.95 * _ramp(0.2, 0.4) * _ramp(0.8, 0.6)
"""Opacity by the blurred inside of the contour: 0.5 on it, 0 and 1 a width away from it."""
_OPACITY = 1 - (1 - _BAND) * (1 - _LINE)
_CONTOUR = _to_table(_OPACITY)
_CONTOUR_GRAY = _to_table((BAND_GRAY * _BAND * (1 - _LINE) + _LINE) / np.maximum(_OPACITY, 1e-9))
