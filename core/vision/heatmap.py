"""The heat picture: a class activation map laid over the photo that it explains."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from numpy.typing import NDArray


MAX_SIDE = 1280
"""The longest side of a heat picture in pixels: the largest that messengers show without loss."""
TRANSPARENT_BELOW = 0.1
"""Heat up to which a pixel of the photo stays exactly as it was."""
MAX_ALPHA = 0.62
"""How much of the hottest pixel is colour; the rest is still the photo."""
JPEG_QUALITY = 85

COLOR_STOPS = (
    (0.38, 0.16, 295.0),
    (0.53, 0.21, 350.0),
    (0.71, 0.18, 45.0),
    (0.93, 0.14, 102.0),
)
"""The colour map in OKLCh (lightness 0 to 1, chroma, hue in degrees): violet, rose, amber, straw."""


def blend_heatmap(image: Image.Image, cam: NDArray[np.float32]) -> Image.Image:
    """Lay a map over the photo that it belongs to.

    The map is resized once (bicubic, clipped to 0 to 1), to half the picture's size; each of its pixels then
    stands for four, which nobody sees and takes half the time. Colour covers the photo the more the hotter
    the place is; up to COLD_BELOW nothing is covered.

    Args:
        image: the photo, RGB, upright. It is not changed.
        cam: rows x columns over the photo alone, 0 to 1.

    Returns:
        A new RGB picture without metadata, no side longer than LONGEST_SIDE. A larger photo is divided by a
        whole number: that takes a tenth of the time of resizing it to any side one likes.
    """
    excess = -(-max(image.size) // MAX_SIDE)
    shown = image.copy() if excess <= 1 else image.reduce(excess)
    half = -(-shown.width // 2), -(-shown.height // 2)
    heat = Image.fromarray(np.rint(cam * 255).astype(np.uint8)).resize(half, Image.Resampling.BICUBIC)
    if (warm := heat.point(_IS_VISIBLE).getbbox()) is not None:
        heat = heat.crop(warm).resize((2 * (warm[2] - warm[0]), 2 * (warm[3] - warm[1])), Image.Resampling.NEAREST)
        heat.putpalette(_PALETTE, "RGBA")
        coat = heat.convert("RGBA")
        shown.paste(coat, (2 * warm[0], 2 * warm[1]), mask=coat)
    shown.info.clear()
    return shown


def encode_heatmap_jpeg(image: Image.Image, cam: NDArray[np.float32]) -> bytes:
    """The heat picture as the bytes of a JPEG; arguments as for `overlay`."""
    buffer = io.BytesIO()
    blend_heatmap(image, cam).save(buffer, "JPEG", quality=JPEG_QUALITY, subsampling="4:2:0")
    return buffer.getvalue()


def color_map(steps: int = 256) -> NDArray[np.uint8]:
    """The colours from cold to hot, steps x 3, sRGB.

    The stops are joined by straight lines in OKLab (Ottosson, *A perceptual color space for image
    processing*, 2020) and walked at an even pace, so that equal steps of heat look equally far apart;
    lightness only ever rises.
    """
    lightness, chroma, hue = np.array(COLOR_STOPS).T
    corners = np.stack([lightness, chroma * np.cos(np.radians(hue)), chroma * np.sin(np.radians(hue))], axis=1)
    walked = np.concatenate([[0.0], np.linalg.norm(np.diff(corners, axis=0), axis=1).cumsum()])
    places = np.linspace(0.0, walked[-1], steps)
    oklab = np.stack([np.interp(places, walked, corners[:, axis]) for axis in range(3)], axis=1)
    linear = ((oklab @ _OKLAB_TO_LMS.T) ** 3) @ _LMS_TO_RGB.T
    linear = linear.clip(0.0, 1.0)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    colours: NDArray[np.uint8] = np.rint(encoded * 255).astype(np.uint8)
    return colours


_OKLAB_TO_LMS = np.array(
    [
        [1.0, 0.3963377774, 0.2158037573],
        [1.0, -0.1055613458, -0.0638541728],
        [1.0, -0.0894841775, -1.2914855480],
    ]
)
_LMS_TO_RGB = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
)


def _palette() -> bytes:
    heat = np.linspace(0.0, 1.0, 256)
    alpha = MAX_ALPHA * ((heat - TRANSPARENT_BELOW) / (1 - TRANSPARENT_BELOW)).clip(0.0, 1.0)
    return np.column_stack([color_map(), np.rint(alpha * 255).astype(np.uint8)]).tobytes()


_PALETTE = _palette()
_IS_VISIBLE = [255 * (alpha > 0) for alpha in _PALETTE[3::4]]
