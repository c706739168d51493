"""Result cards: an upright picture of a verdict that people send to friends or post as a story.

The photo with its heatmap keeps its shape and lies like a print on a colored ground; below stand the style with its
probability, what was seen, and Eva's sentence. A card has no name and no link: it is a picture of one photo.

See ADR 0032.
"""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter, ImageOps

from core.images.drawing import (
    BACKGROUND,
    BUBBLE_FILL,
    GRADIENT,
    LINE_HEIGHT,
    SUPERSAMPLE,
    TEXT_COLOR,
    drawing_hash,
    fit_text,
    gradient_color,
    load_font,
    max_line_width,
    paste_bubble,
    paste_wave,
    rounded_mask,
    title_font_name,
)

CARD_WIDTH = 1080
JPEG_QUALITY = 88
MARGIN = 72
PRINT_BORDER = 18
CHIP_HEIGHT, CHIP_GAP, CHIP_SIZE = 68, 16, 34
GLOW_SIZE = 27
"""Width in px at which the ground is painted, before it is enlarged."""


class CardShape(StrEnum):
    """The format of a card."""

    STORY = "story"
    """1080 x 1920 px. The top and bottom 150 px hold nothing: apps lay their controls over them."""
    POST = "post"
    """1080 x 1350 px."""


HEIGHTS = {CardShape.STORY: 1920, CardShape.POST: 1350}
EDGES = {CardShape.STORY: 150, CardShape.POST: 64}
"""Free px at the top and the bottom."""
PERCENT_COLOR = (150, 38, 82)
"""The second color of the gradient, darker: a contrast of at least 4 on the ground."""
NARROWEST = 0.5
WIDEST = {CardShape.STORY: 1.25, CardShape.POST: 1.6}
"""Narrowest and widest crop of a photo, width over height."""
TITLE_SIZES = (150, 132, 116, 102, 90, 78)


@dataclass(frozen=True, slots=True, kw_only=True)
class CardText:
    """What a card says."""

    title: str
    """The style, in display type."""
    percent: str
    """Of its probability, with its sign."""
    things: tuple[str, ...]
    """At most two things that were seen."""
    line: str
    """Eva's sentence, in a speech bubble."""

    def content_hash(self, picture_key: str) -> str:
        """The hash of a card with this text and picture as it is drawn now: 10 hexadecimal digits."""
        text = "\n".join((picture_key, self.title, self.percent, *self.things, self.line))
        return hashlib.sha256(drawing_hash(Path(__file__)) + text.encode()).hexdigest()[:10]


def draw_result_card(picture: bytes, *, text: CardText, shape: CardShape, comment: str = "") -> bytes:
    """Draw a card, a JPEG of some 200 KB. Takes about 0.1 s of a core: never call it on an event loop.

    Args:
        picture: the photo with its heatmap, a JPEG.
        text: what it says.
        shape: its format.
        comment: of the JPEG.
    """
    height, edge = HEIGHTS[shape], EDGES[shape]
    image = paint_ground(height)
    bottom = draw_bubble(image, text.line, height - edge)
    bottom = _draw_chips(image, text.things, bottom - 34)
    bottom = draw_title(image, text.title, text.percent, bottom - 26)
    top = draw_wordmark(image, edge)
    _paste_print(image, picture, (top + 28, bottom - 30), WIDEST[shape])
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=JPEG_QUALITY, optimize=True, comment=comment.encode())
    return buffer.getvalue()


def paint_ground(height: int) -> Image.Image:
    """The ground: the colors of the logo, light, from the upper left to the lower right."""
    rows = round(GLOW_SIZE * height / CARD_WIDTH)
    small = Image.new("RGB", (GLOW_SIZE, rows))
    colors = (gradient_color((x / GLOW_SIZE + y / rows) / 2) for y in range(rows) for x in range(GLOW_SIZE))
    small.putdata(
        [tuple(round(0.62 * light + 0.38 * c) for light, c in zip(BACKGROUND, rgb, strict=True)) for rgb in colors]
    )
    return small.resize((CARD_WIDTH, height), Image.Resampling.BICUBIC)


def draw_wordmark(image: Image.Image, top: int) -> int:
    """The name and the wave of the logo; returns the lower edge."""
    font = load_font("wordmark.ttf", 84)
    ImageDraw.Draw(image).text((MARGIN, top), "Eva", TEXT_COLOR, font, anchor="lt")
    paste_wave(image, (MARGIN + 170, top - 2), CARD_WIDTH - 2 * MARGIN - 170)
    return top + 72


def draw_bubble(image: Image.Image, line: str, bottom: int) -> int:
    """Eva's sentence in a speech bubble; returns its upper edge."""
    width = CARD_WIDTH - 2 * MARGIN
    font, lines = fit_text("body.otf", (42, 39, 36, 33, 30), line, (width - 88, 200))
    step = round(LINE_HEIGHT["body.otf"] * font.size)
    top = bottom - step * len(lines) - 52
    paste_bubble(image, (MARGIN, top, MARGIN + min(width, max_line_width(font, lines) + 88), bottom))
    draw = ImageDraw.Draw(image)
    for number, text_line in enumerate(lines):
        draw.text((MARGIN + 44, top + 26 + number * step + step // 2), text_line, TEXT_COLOR, font, anchor="lm")
    return top


def _draw_chips(image: Image.Image, things: tuple[str, ...], bottom: int) -> int:
    """What was seen, each in a chip, as many as fit in a row; returns the upper edge."""
    font = load_font("body.otf", CHIP_SIZE)
    draw, left, top = ImageDraw.Draw(image), MARGIN, bottom - CHIP_HEIGHT
    for number, thing in enumerate(things):
        width = round(font.getlength(thing)) + 56
        if left + width > CARD_WIDTH - MARGIN:
            break
        image.paste(GRADIENT[0] if number == 0 else GRADIENT[1], (left, top), make_pill((width, CHIP_HEIGHT)))
        draw.text((left + width // 2, top + CHIP_HEIGHT // 2), thing, BUBBLE_FILL, font, anchor="mm")
        left += width + CHIP_GAP
    return bottom if left == MARGIN else top


def draw_title(image: Image.Image, title: str, percent: str, bottom: int) -> int:
    """A style and its percentage, on one line if they fit; returns the upper edge.

    Args:
        image: what is drawn on, `CARD_WIDTH` px wide.
        title: a style, or another short title.
        percent: with its sign; empty for none.
        bottom: the lower edge of the title, in px from the top.
    """
    width = CARD_WIDTH - 2 * MARGIN
    percent_font = load_font("display.ttf", 84)
    percent_width = round(percent_font.getlength(percent))
    face = title_font_name(title)
    space = width - percent_width - 36
    # A shorter title leaves more of the card to the photo.
    one_line = [size for size in TITLE_SIZES if load_font(face, size).getlength(title) <= space]
    font, lines = fit_text(face, one_line[:1] or TITLE_SIZES[2:], title, (space, 300))
    step = round(LINE_HEIGHT[face] * font.size)
    top = bottom - step * len(lines)
    draw = ImageDraw.Draw(image)
    for number, line in enumerate(lines):
        baseline = top + number * step + round(0.88 * font.size)
        draw.text((MARGIN - 3, baseline), line, TEXT_COLOR, font, anchor="ls")
    last = top + (len(lines) - 1) * step + round(0.88 * font.size)
    draw.text((CARD_WIDTH - MARGIN, last), percent, PERCENT_COLOR, percent_font, anchor="rs")
    return top


def _paste_print(image: Image.Image, picture: bytes, rows: tuple[int, int], widest: float) -> None:
    """The photo as a print with a light border and a shadow, in the middle of the rows from top to bottom."""
    top, bottom = rows
    photo = Image.open(BytesIO(picture)).convert("RGB")
    aspect = min(widest, max(NARROWEST, photo.width / photo.height))
    space = CARD_WIDTH - 2 * MARGIN - 2 * PRINT_BORDER, bottom - top - 2 * PRINT_BORDER
    width = min(space[0], round(aspect * space[1]))
    height = min(space[1], round(width / aspect))
    outer = width + 2 * PRINT_BORDER, height + 2 * PRINT_BORDER
    left, upper = (CARD_WIDTH - outer[0]) // 2, top + (bottom - top - outer[1]) // 2
    _paste_shadow(image, (left, upper), outer)
    image.paste(BUBBLE_FILL, (left, upper), rounded_mask(outer))
    cropped = ImageOps.fit(photo, (width, height), Image.Resampling.LANCZOS, centering=(0.5, 0.1))
    image.paste(cropped, (left + PRINT_BORDER, upper + PRINT_BORDER), rounded_mask((width, height)))


def _paste_shadow(image: Image.Image, position: tuple[int, int], size: tuple[int, int]) -> None:
    """A soft shadow under a print, drawn at an eighth of its size."""
    scale, pad = 8, 64
    small = Image.new("L", ((size[0] + 2 * pad) // scale, (size[1] + 2 * pad) // scale))
    inner = pad // scale
    ImageDraw.Draw(small).rounded_rectangle((inner, inner, small.width - inner, small.height - inner), 5, 90)
    shadow = small.filter(ImageFilter.GaussianBlur(3)).resize((size[0] + 2 * pad, size[1] + 2 * pad))
    image.paste(TEXT_COLOR, (position[0] - pad, position[1] - pad + 18), shadow)


def make_pill(size: tuple[int, int]) -> Image.Image:
    """A mask with half circles at both ends."""
    width, height = size[0] * SUPERSAMPLE, size[1] * SUPERSAMPLE
    mask = Image.new("L", (width, height))
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, width - 1, height - 1), height / 2, 255)
    return mask.resize(size, Image.Resampling.LANCZOS)
