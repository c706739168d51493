"""Small tags on a heatmap: the names of what is seen, each next to its own place.

See ADR 0037.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from core.images.fonts import load_font

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
    width, height = box[2] - box[0], box[3] - box[1]
    line = max(1, size // 12)
    scaled = (width * SUPERSAMPLE, height * SUPERSAMPLE)
    shape = Image.new("L", scaled)
    radius = scaled[1] // 2
    ImageDraw.Draw(shape).rounded_rectangle((0, 0, scaled[0] - 1, scaled[1] - 1), radius, 255)
    outline = shape.resize((width, height), Image.Resampling.LANCZOS)
    inner = outline.resize((width - 2 * line, height - 2 * line), Image.Resampling.LANCZOS)
    _paste_dot(image, spot, size)
    image.paste(OUTLINE_COLOR, box[:2], outline.point(lambda value: value * 7 // 10))
    image.paste(FILL_COLOR, (box[0] + line, box[1] + line), inner)
    font = load_font(TAG_FONT, size)
    middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    ImageDraw.Draw(image).text(middle, text, TEXT_COLOR, font, anchor="mm")


def _paste_dot(image: Image.Image, spot: tuple[int, int], size: int) -> None:
    """A white dot with a dark rim on what the tag names."""
    for part, color in ((0.34, FILL_COLOR), (0.22, OUTLINE_COLOR)):
        radius = max(2, round(part * size))
        side = (2 * radius + 1) * SUPERSAMPLE
        mask = Image.new("L", (side, side))
        ImageDraw.Draw(mask).ellipse((0, 0, side - 1, side - 1), 255)
        small = mask.resize((2 * radius + 1, 2 * radius + 1), Image.Resampling.LANCZOS)
        image.paste(color, (spot[0] - radius, spot[1] - radius), small)
