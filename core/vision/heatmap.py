"""The heatmap: the photo itself, dimmed and paler where it does not count, with a contour around what does.

It has no hue of its own: clothes keep their colors. The contour is white within a dark band, so that it is visible on
black, on white and on any color. Small tags name what is seen, each next to its own place.

See ADR 0001, and ADR 0040 for the tags.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from core.images.drawing import load_font
from core.vision.attributes import WARM_LEVEL

MAX_SIDE = 1280
"""The longest side of a heatmap in px: the largest that messengers show without recompression."""
CONTOUR_LEVEL = 0.28
"""Map value at which the contour is drawn, unless too little of the evidence is over it."""
MIN_CONTOUR_LEVEL = 0.01
MIN_LIT_SHARE = 0.65
"""Share of the evidence that is inside of the contour at least, by cells; of the interpolated pixels, 0.6 or more."""
MIN_LIT_VALUE, MAX_DIM_VALUE = 0.5, 0.22
"""Map values of cells inside of the contour at least, and outside at most."""
REASON_LEVEL_PART = 0.8
"""A reason's dot is inside of the contour if the map has its value there at most this part above the contour's."""
FADE_BELOW, FADE_ABOVE = 0.04, 0.1
"""Map values below and above the contour over which the photo fades."""
DIMMED_COLOR, DIMMED_GRAY = 0.18, 0.34
"""Where the photo does not count, the parts of its own color and of its gray (luma of ITU-R BT.601); their sum, about a
half, is its brightness there."""
CONTOUR_PART = 1 / 260
"""Width of the contour, as part of the longer side."""
BAND_GRAY = 16 / 255
"""Brightness of the band under the white line."""

TAG_FONT = "body.otf"
FONT_PART = 1 / 34
"""Font size, as part of the longer side of the image."""
MIN_FONT_SIZE = 13
"""In px; an image so small that a tag does not fit gets none."""
OUTLINE_OPACITY = 0.7
FILL_COLOR, OUTLINE_COLOR, TEXT_COLOR = (24, 20, 26), (255, 255, 255), (255, 255, 255)
MAX_TAGS = 3
SUPERSAMPLE = 3
"""Factor by which tags are drawn larger and then downscaled, because Pillow does not antialias them."""

Box = tuple[int, int, int, int]
"""Left, top, right, bottom in px."""
Edge = Literal[0, -1]
"""The upper or the lower row."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tag:
    """A name and where the named thing is."""

    text: str
    short_text: str
    """For photos that are too narrow for the text."""
    cam: NDArray[np.float32]
    """Rows x columns over the photo alone, 0 to 1."""
    is_reason: bool = False
    """Whether the thing is a reason for the style, so that it is pointed at inside of the contour."""
    edge: Edge | None = None
    """Which of its warm rows is pointed at; None for the middle."""


def draw_heatmap(image: Image.Image, cam: NDArray[np.float32], tags: Sequence[Tag] = ()) -> Image.Image:
    """Let the part of a photo stand out where a class activation map is high.

    Args:
        image: the photo, RGB, upright. It is not changed.
        cam: rows x columns over the photo alone, 0 to 1. A map of zeros leaves the photo as it is.
        tags: names of what is seen, with their places.

    Returns:
        A new RGB image without metadata, no side longer than MAX_SIDE. A larger photo is divided by a whole number,
        which takes a tenth of the time of resizing to an arbitrary size.
    """
    divisor = -(-max(image.size) // MAX_SIDE)
    photo = image if divisor <= 1 else image.reduce(divisor)
    if not cam.any():
        photo = photo.copy()
        photo.info.clear()
        return photo
    falling = np.sort(cam, axis=None)[::-1].astype(np.float64)
    enough = int(np.searchsorted(falling.cumsum(), MIN_LIT_SHARE * falling.sum()))
    level = max(MIN_CONTOUR_LEVEL, min(CONTOUR_LEVEL, float(falling[enough])))
    tags = [tag for tag in tags if tag.cam.any()][:MAX_TAGS]
    spots = []
    for tag in tags:
        lit = np.where(tag.cam >= WARM_LEVEL, tag.cam * np.minimum(cam / np.float32(level), 1), 0)
        points_at_lit = tag.is_reason and bool(lit.any())
        x, y = find_spot(lit if points_at_lit else tag.cam, tag.edge)
        spots.append((round(x * photo.width), round(y * photo.height)))
        if points_at_lit:
            reached = float(cam[int(y * len(cam)), int(x * cam.shape[1])])
            level = max(MIN_CONTOUR_LEVEL, min(level, REASON_LEVEL_PART * reached))
    # Compared before the map is stretched: a product that is rounded down would dim every cell at the level.
    is_lit = cam >= level
    # Stretched so that the contour is always at the same value.
    stretched = np.minimum(cam * (CONTOUR_LEVEL / level), 1)
    # With cells near the contour's level, there would be specks that are nothing but contour.
    stretched = np.where(is_lit, np.maximum(stretched, MIN_LIT_VALUE), np.minimum(stretched, MAX_DIM_VALUE))
    # Nothing changes beyond the centers of the cells around the lit ones, which are dim, and the band of the contour.
    width = max(1.0, max(photo.size) * CONTOUR_PART)
    rim, rows, columns = math.ceil(2 * width) + 1, *(np.flatnonzero(is_lit.any(axis=axis)) for axis in (1, 0))
    down, across = cam.shape[0] / photo.height, cam.shape[1] / photo.width
    left, right = int((columns[0] - 0.5) / across) - rim, math.ceil((columns[-1] + 1.5) / across) + rim
    top, bottom = int((rows[0] - 0.5) / down) - rim, math.ceil((rows[-1] + 1.5) / down) + rim
    box = max(0, left), max(0, top), min(photo.width, right), min(photo.height, bottom)
    cells = box[0] * across, box[1] * down, box[2] * across, box[3] * down
    small = Image.fromarray(np.rint(stretched * 255).astype(np.uint8))
    heat = small.resize((box[2] - box[0], box[3] - box[1]), Image.Resampling.BICUBIC, box=cells)
    # Half of the time of a matrix for all three channels.
    drawn = Image.blend(photo.convert("L").point(_DIMMED_GRAY).convert("RGB"), photo, DIMMED_COLOR)
    drawn.info.clear()
    drawn.paste(photo.crop(box), box, heat.point(_KEPT))
    edge = heat.point(_INSIDE).filter(ImageFilter.BoxBlur(width))
    # A paste of an image takes half of the time of a paste of one color.
    drawn.paste(edge.point(_CONTOUR_GRAY).convert("RGB"), box, edge.point(_CONTOUR))
    if tags:
        draw_tags(drawn, tags, spots)
    return drawn


def draw_tags(image: Image.Image, tags: Sequence[Tag], spots: Sequence[tuple[int, int]]) -> None:
    """Draw tags into an RGB image, none over another and none beyond the edges.

    Where the space allows it, a tag covers no dot; then, its text is the long one.

    Args:
        image: is changed.
        tags: the most important first; one without space is left out.
        spots: of the tags in px, from the left and from the top.
    """
    size = max(MIN_FONT_SIZE, round(max(image.size) * FONT_PART))
    font, rim = load_font(TAG_FONT, size), max(2, round(0.34 * size))
    dots = [(x - rim, y - rim, x + rim + 1, y + rim + 1) for x, y in spots]
    taken: list[Box] = []
    for tag, spot in zip(tags, spots, strict=True):
        for avoided, text in product(([*taken, *dots], [*taken]), (tag.text, tag.short_text)):
            tag_size = round(font.getlength(text)) + round(1.3 * size), round(1.75 * size)
            if (box := place_tag(spot, tag_size, image.size, avoided, gap=round(0.8 * size))) is not None:
                taken.append(box)
                _paste_tag(image, text, box, spot, size)
                break


def find_spot(cam: NDArray[np.float32], edge: Edge | None) -> tuple[float, float]:
    """The center of the largest warm part of a map.

    Args:
        cam: rows x columns over the photo alone, not all 0.
        edge: the warm row that counts; None for all.

    Returns:
        Parts, 0 to 1, of the width from the left and of the height from the top.
    """
    if edge is not None:
        row = np.flatnonzero((cam >= WARM_LEVEL * cam.max()).any(axis=1))[edge]
        cam = np.where(np.arange(len(cam))[:, None] == row, cam, 0)
    counts = cam > 0.2 * cam.max()
    cells, weights = np.argwhere(counts) + 0.5, cam[counts].astype(np.float64)
    # Of several warm parts only one counts: the center of all would lie between them.
    is_near = np.hypot(*(cells[:, None] - cells).T) <= max(cam.shape) / 6
    part = is_near[np.argmax(is_near @ weights)]
    part &= weights >= 0.8 * weights[part].max()
    cells, weights = cells[part], weights[part]
    center = weights @ cells / weights.sum()
    distances = np.abs(cells - center).max(axis=1)
    if distances.min() > 0.5:
        # The part has a gap in its middle, as between two legs.
        center = cells[distances.argmin()]
    down, across = (center / cam.shape).tolist()
    return across, down


def place_tag(
    spot: tuple[int, int], tag: tuple[int, int], size: tuple[int, int], taken: Sequence[Box], *, gap: int
) -> Box | None:
    """The place of a tag: next to its spot, on the side with more space, moved until it covers nothing that is taken.

    Args:
        spot: what the tag names, in px.
        tag: width and height of the tag in px.
        size: of the image in px.
        taken: places of other tags, and of dots.
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
            if all(x >= box[2] or box[0] >= x + width or y >= box[3] or box[1] >= y + height for box in taken):
                return x, y, x + width, y + height
    return None


def _paste_tag(image: Image.Image, text: str, box: Box, spot: tuple[int, int], size: int) -> None:
    """Paste a white dot with a dark rim on what the tag names, and the tag next to it."""
    for part, color in ((0.34, FILL_COLOR), (0.22, OUTLINE_COLOR)):
        radius = max(2, round(part * size))
        image.paste(color, (spot[0] - radius, spot[1] - radius), _round_mask(2 * radius + 1, 2 * radius + 1))
    width, height = box[2] - box[0], box[3] - box[1]
    line = max(1, size // 12)
    image.paste(OUTLINE_COLOR, box[:2], _round_mask(width, height, OUTLINE_OPACITY))
    image.paste(FILL_COLOR, (box[0] + line, box[1] + line), _round_mask(width - 2 * line, height - 2 * line))
    font = load_font(TAG_FONT, size)
    middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    ImageDraw.Draw(image).text(middle, text, TEXT_COLOR, font, anchor="mm")


@lru_cache(256)
def _round_mask(width: int, height: int, opacity: float = 1.0) -> Image.Image:
    """A mask with round ends, antialiased; it must not be changed. The same few sizes return in most pictures."""
    scaled = width * SUPERSAMPLE, height * SUPERSAMPLE
    mask = Image.new("L", scaled)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, scaled[0] - 1, scaled[1] - 1), min(scaled) // 2, round(255 * opacity))
    return mask.resize((width, height), Image.Resampling.LANCZOS)


def _ramp(start: float, stop: float) -> NDArray[np.float64]:
    """From 0 at `start` to 1 at `stop`, smoothly, for the 256 values of a pixel from 0 to 1."""
    position = ((np.linspace(0.0, 1.0, 256) - start) / (stop - start)).clip(0.0, 1.0)
    ramp: NDArray[np.float64] = position * position * (3 - 2 * position)
    return ramp


def _to_table(values: NDArray[np.float64]) -> list[int]:
    return [round(value) for value in 255 * values]


_DIMMED_GRAY = _to_table(DIMMED_GRAY / (1 - DIMMED_COLOR) * np.linspace(0.0, 1.0, 256))
_KEPT = _to_table(_ramp(CONTOUR_LEVEL - FADE_BELOW, CONTOUR_LEVEL + FADE_ABOVE))
_INSIDE = _to_table(_ramp(CONTOUR_LEVEL - 0.01, CONTOUR_LEVEL + 0.01))
_BAND = 0.6 * _ramp(0.02, 0.2) * _ramp(0.98, 0.8)
_LINE = 0.95 * _ramp(0.2, 0.4) * _ramp(0.8, 0.6)
"""Opacity by the blurred inside of the contour: 0.5 on it, 0 and 1 a width away from it."""
_OPACITY = 1 - (1 - _BAND) * (1 - _LINE)
_CONTOUR = _to_table(_OPACITY)
_CONTOUR_GRAY = _to_table((BAND_GRAY * _BAND * (1 - _LINE) + _LINE) / np.maximum(_OPACITY, 1e-9))
