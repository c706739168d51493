"""What images with text are drawn with: fonts, colors, wrapped text, round corners, bubbles, the wave of the logo."""

import hashlib
from collections.abc import Callable, Sequence
from functools import cache
from io import BytesIO
from math import pi, sin
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps
from PIL.ImageFont import FreeTypeFont

BACKGROUND, BUBBLE_FILL, BUBBLE_BORDER = (248, 241, 233), (255, 251, 246), (231, 218, 205)
TEXT_COLOR = (43, 27, 39)
GRADIENT = ((90, 63, 168), (196, 68, 110), (233, 133, 63), (232, 198, 92))
"""Colors of the light theme, from tokens.css."""
GRADIENT_STOPS = (0.0, 0.4, 0.75, 1.0)
CORNER_RADIUS = 36
SUPERSAMPLE = 4
"""Factor by which shapes are drawn larger and then downscaled, because Pillow does not antialias them."""
LINE_HEIGHT = {"display.ttf": 1.16, "body.otf": 1.42}
"""Distance of lines by font, relative to the font size."""
MAX_LINES = 3
FONTS = Path(__file__).parents[1] / "fonts"


@cache
def drawing_hash(module: Path) -> bytes:
    """The hash of what draws an image: the module of this file, this module, and the fonts."""
    digest = hashlib.sha256(module.read_bytes() + Path(__file__).read_bytes())
    for path in sorted(FONTS.glob("*.[ot]tf")):
        digest.update(path.read_bytes())
    return digest.digest()


def read_content_hash(jpeg: bytes) -> str | None:
    """The hash that an image carries as its comment; None if it has none."""
    comment = Image.open(BytesIO(jpeg)).info.get("comment")
    return comment.decode() if isinstance(comment, bytes) else None


def wrap_text(text: str, width: float, measure: Callable[[str], float]) -> list[str]:
    """Wrap text at spaces, and inside words that are wider than a line; `measure` returns the width of a text."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if measure(longer) <= width:
            lines[-1] = longer
            continue
        lines.append("")
        for character in word:
            if lines[-1] and measure(lines[-1] + character) > width:
                lines.append("")
            lines[-1] += character
    return [line for line in lines if line]


@cache
def title_font_name(title: str) -> str:
    """The display font; the body font for a title with a character that the display font lacks.

    A missing character is drawn as the font's replacement, whose image is compared.
    """
    font = load_font("display.ttf", 52)
    missing = bytes(font.getmask("\uffff"))
    is_complete = all(bytes(font.getmask(character)) != missing for character in title if not character.isspace())
    return "display.ttf" if is_complete else "body.otf"


def fit_text(name: str, sizes: Sequence[int], text: str, box: tuple[int, int]) -> tuple[FreeTypeFont, list[str]]:
    """Fit text into a box.

    Args:
        name: file name of the font.
        sizes: font sizes in px, the largest first.
        text: to wrap.
        box: width and height in px.

    Returns:
        The largest font with which the text fits, and its lines; if none fits, the smallest and the lines that fit.
    """
    width, height = box
    for size in sizes:
        font = load_font(name, size)
        lines = wrap_text(text, width, font.getlength)
        if len(lines) <= MAX_LINES and len(lines) * LINE_HEIGHT[name] * size <= height:
            break
    # Balance the lines, like CSS `text-wrap: balance`; no word is broken for it.
    longest_word = max(font.getlength(word) for word in text.split())
    while width - 8 >= longest_word and len(wrap_text(text, width - 8, font.getlength)) == len(lines):
        width -= 8
        lines = wrap_text(text, width, font.getlength)
    return font, lines[: int(height / (LINE_HEIGHT[name] * size))]


def max_line_width(font: FreeTypeFont, lines: Sequence[str]) -> int:
    """The width in px of the widest line."""
    return max(round(font.getlength(line)) for line in lines)


def paste_bubble(canvas: Image.Image, box: tuple[int, int, int, int]) -> None:
    """Paste Eva's speech bubble, with its tail at the lower left."""
    left, top, right, bottom = box
    size = (right - left, bottom - top)
    canvas.paste(BUBBLE_BORDER, (left, top), rounded_mask(size, tail=True))
    canvas.paste(BUBBLE_FILL, (left + 2, top + 2), rounded_mask((size[0] - 4, size[1] - 4), tail=True))


def rounded_mask(size: tuple[int, int], *, tail: bool = False) -> Image.Image:
    """A mask with round corners; with a tail the lower left corner is nearly sharp."""
    width, height = size
    mask = Image.new("L", size, 255)
    radius = min(CORNER_RADIUS, width // 2, height // 2)
    for x in (0, width - radius):
        for y in (0, height - radius):
            is_tail = tail and x == 0 and y > 0
            corner = _round_corner(radius, radius / 4 if is_tail else radius)
            if x > 0:
                corner = ImageOps.mirror(corner)
            mask.paste(ImageOps.flip(corner) if y > 0 else corner, (x, y))
    return mask


def _round_corner(side: int, radius: float) -> Image.Image:
    """The upper left corner of a mask: a square with a side in px, whose corner is round with a radius in px."""
    large = Image.new("L", (side * SUPERSAMPLE, side * SUPERSAMPLE))
    box = 0, 0, 2 * side * SUPERSAMPLE, 2 * side * SUPERSAMPLE
    ImageDraw.Draw(large).rounded_rectangle(box, radius * SUPERSAMPLE, 255)
    return large.resize((side, side), Image.Resampling.LANCZOS)


def paste_wave(canvas: Image.Image, position: tuple[int, int], width: int) -> None:
    """Paste the wave of the logo, in the gradient of the site."""
    height, thickness = 72, 6
    mask = Image.new("L", (width * SUPERSAMPLE, height * SUPERSAMPLE))
    draw = ImageDraw.Draw(mask)
    for number in range(width * SUPERSAMPLE + 1):
        x = number / (width * SUPERSAMPLE)
        y = SUPERSAMPLE * (height / 2 + _wave_height(x) * (height / 2 - thickness))
        radius = thickness * SUPERSAMPLE / 2
        draw.ellipse((number - radius, y - radius, number + radius, y + radius), 255)
    colors = Image.new("RGB", (width, 1))
    colors.putdata([gradient_color(x / max(1, width - 1)) for x in range(width)])
    gradient = colors.resize((width, height))
    canvas.paste(gradient, position, mask.resize((width, height), Image.Resampling.LANCZOS))


def _wave_height(x: float) -> float:
    """Height from -1 to 1 at `x` from 0 to 1: a damped wave."""
    return sin(3 * pi * x + 0.6) * (0.9 - 0.55 * x)


def gradient_color(x: float) -> tuple[int, int, int]:
    """Color of the gradient at `x` from 0 to 1."""
    stop = next(index for index in range(1, len(GRADIENT_STOPS)) if x <= GRADIENT_STOPS[index])
    share = (x - GRADIENT_STOPS[stop - 1]) / (GRADIENT_STOPS[stop] - GRADIENT_STOPS[stop - 1])
    start, end = GRADIENT[stop - 1], GRADIENT[stop]
    red, green, blue = (round(a + share * (b - a)) for a, b in zip(start, end, strict=True))
    return red, green, blue


@cache
def load_font(name: str, size: int) -> FreeTypeFont:
    """A font of the package, by file name; `size` in px."""
    return ImageFont.truetype(FONTS / name, size, layout_engine=ImageFont.Layout.BASIC)
