"""The heatmap: the photo itself, dimmed and paler where it does not count, with a contour around what does.

It has no hue of its own: clothes keep their colors. The contour is white within a dark band, so that it is visible on
black, on white and on any color. Small tags name what is seen, each next to its own place.

See ADR 0001, and ADR 0037 for the tags.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from core.images.drawing import load_font

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

TAG_FONT = "body.otf"
FONT_PART = 1 / 34
"""Font size, as part of the longer side of the image."""
MIN_FONT_SIZE = 13
"""In px; an image so small that a tag does not fit gets none."""
FILL_COLOR, OUTLINE_COLOR, TEXT_COLOR = (24, 20, 26), (255, 255, 255), (255, 255, 255)
MAX_TAGS = 3
SUPERSAMPLE = 3
"""Factor by which tags are drawn larger and then downscaled, because Pillow does not antialias them."""

Box = tuple[int, int, int, int]
"""Left, top, right, bottom in px."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tag:
    """A name and where the named thing is."""

    text: str
    cam: NDArray[np.float32]
    """Rows x columns over the photo alone, 0 to 1."""


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


def draw_tags(image: Image.Image, tags: Sequence[Tag]) -> None:
    """Draw the first MAX_TAGS tags into an RGB image, none over another and none beyond the edges.

    Args:
        image: is changed.
        tags: the most important first; one without a place, or without space, is left out.
    """
    size = max(MIN_FONT_SIZE, round(max(image.size) * FONT_PART))
    taken: list[Box] = []
    for tag in tags[:MAX_TAGS]:
        if (spot := find_spot(tag.cam, image.size)) is None:
            continue
        width = round(load_font(TAG_FONT, size).getlength(tag.text)) + round(1.3 * size)
        box = place_tag(spot, (width, round(1.75 * size)), image.size, taken, gap=round(0.8 * size))
        if box is not None:
            taken.append(box)
            _paste_tag(image, tag.text, box, spot, size)


def find_spot(cam: NDArray[np.float32], size: tuple[int, int]) -> tuple[int, int] | None:
    """The center of the warmest part of a map, in px from the left and from the top; None for an empty map."""
    weights = np.where(cam >= 0.8, cam, 0).astype(np.float64)
    total = weights.sum()
    if total <= 0:
        return None
    rows, columns = cam.shape
    peak = np.unravel_index(int(cam.argmax()), cam.shape)
    # Of several warm parts only that of the maximum counts: the center of all would lie between them.
    near = np.hypot(np.arange(rows)[:, None] - peak[0], np.arange(columns)[None, :] - peak[1]) <= max(rows, columns) / 6
    weights *= near
    across = float((weights.sum(axis=0) @ (np.arange(columns) + 0.5)) / weights.sum())
    down = float((weights.sum(axis=1) @ (np.arange(rows) + 0.5)) / weights.sum())
    return round(across / columns * size[0]), round(down / rows * size[1])


def place_tag(
    spot: tuple[int, int], tag: tuple[int, int], size: tuple[int, int], taken: Sequence[Box], *, gap: int
) -> Box | None:
    """The place of a tag: next to its spot, on the side with more space, moved until it covers no other tag.

    Args:
        spot: what the tag names, in px.
        tag: width and height of the tag in px.
        size: of the image in px.
        taken: places of other tags.
        gap: distance in px from the spot, and from the edges half of it.

    Returns:
        None if there is no space.
    """
    (width, height), margin = tag, gap // 2
    if width > size[0] - 2 * margin or height > size[1] - 2 * margin:
        return None
    right, left = spot[0] + gap, spot[0] - gap - width
    sides = (right, left) if spot[0] <= size[0] / 2 else (left, right)
    for step in range(12):
        offset = (step + 1) // 2 * (height + margin) * (1 if step % 2 else -1)
        for side in sides:
            x = min(max(side, margin), size[0] - margin - width)
            y = min(max(spot[1] - height // 2 + offset, margin), size[1] - margin - height)
            box = (x, y, x + width, y + height)
            if not any(_overlap(box, other) for other in taken):
                return box
    return None


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _paste_tag(image: Image.Image, text: str, box: Box, spot: tuple[int, int], size: int) -> None:
    """Paste a white dot with a dark rim on what the tag names, and the tag next to it."""
    for part, color in ((0.34, FILL_COLOR), (0.22, OUTLINE_COLOR)):
        radius = max(2, round(part * size))
        side = (2 * radius + 1) * SUPERSAMPLE
        mask = Image.new("L", (side, side))
        ImageDraw.Draw(mask).ellipse((0, 0, side - 1, side - 1), 255)
        small = mask.resize((2 * radius + 1, 2 * radius + 1), Image.Resampling.LANCZOS)
        image.paste(color, (spot[0] - radius, spot[1] - radius), small)
    width, height = box[2] - box[0], box[3] - box[1]
    line = max(1, size // 12)
    scaled = (width * SUPERSAMPLE, height * SUPERSAMPLE)
    shape = Image.new("L", scaled)
    radius = scaled[1] // 2
    ImageDraw.Draw(shape).rounded_rectangle((0, 0, scaled[0] - 1, scaled[1] - 1), radius, 255)
    outline = shape.resize((width, height), Image.Resampling.LANCZOS)
    inner = outline.resize((width - 2 * line, height - 2 * line), Image.Resampling.LANCZOS)
    image.paste(OUTLINE_COLOR, box[:2], outline.point(lambda value: value * 7 // 10))
    image.paste(FILL_COLOR, (box[0] + line, box[1] + line), inner)
    font = load_font(TAG_FONT, size)
    middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    ImageDraw.Draw(image).text(middle, text, TEXT_COLOR, font, anchor="mm")


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
