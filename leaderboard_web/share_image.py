"""Share images: 1200 x 630 pixels that other sites show for a link to a look, without its owner's name.

Other services may store these images for good, and a name must be erasable. Everything important lies in the middle
1200 x 600, because KakaoTalk crops images to 2:1.

The hash in the JPEG's comment and in its URL covers the text, this module and the fonts: any change of them makes a new
image under a new URL.
"""

import hashlib
from collections.abc import Callable, Sequence
from functools import cache
from io import BytesIO
from math import pi, sin
from pathlib import Path

from PIL import Image, ImageDraw, ImageOps
from PIL.ImageFont import FreeTypeFont

from core.images.fonts import FONTS, load_font

SHARE_IMAGE_SIZE = (1200, 630)
JPEG_QUALITY = 88
BACKGROUND, BUBBLE_FILL, BUBBLE_BORDER = (248, 241, 233), (255, 251, 246), (231, 218, 205)
TEXT_COLOR = (43, 27, 39)
GRADIENT = ((90, 63, 168), (196, 68, 110), (233, 133, 63), (232, 198, 92))
"""Colors of the light theme, from tokens.css."""
GRADIENT_STOPS = (0.0, 0.4, 0.75, 1.0)
TOP, BOTTOM, LEFT, RIGHT = 46, 584, 60, 1140
PHOTO_HEIGHT = BOTTOM - TOP
PHOTO_ASPECT_RANGE = (0.62, 1.0)
"""Narrowest and widest crop of a photo, width over height."""
GAP = 56
CORNER_RADIUS = 36
SUPERSAMPLE = 4
"""Factor by which shapes are drawn larger and then downscaled, because Pillow does not antialias them."""
LINE_HEIGHT = {"display.ttf": 1.16, "body.otf": 1.42}
"""Distance of lines by font, relative to the font size."""
MAX_LINES = 3


def draw_share_image(photo: bytes, *, title: str, line: str) -> bytes:
    """Draw a share image, a JPEG of some 100 KB. Takes tens of milliseconds of a core: never call it on an event loop.

    Args:
        photo: a stored photo.
        title: in large letters, in one or two lines.
        line: Eva's sentence, in a speech bubble.
    """
    image = Image.new("RGB", SHARE_IMAGE_SIZE, BACKGROUND)
    left = _paste_photo(image, photo) + GAP
    width = RIGHT - left
    draw = ImageDraw.Draw(image)
    draw.text((left - 4, TOP - 14), "Eva", TEXT_COLOR, load_font("wordmark.ttf", 92))
    _paste_wave(image, (left + 150, TOP + 6), width - 150)
    body_font, body_lines = _fit_text("body.otf", (40, 37, 34, 31, 28), line, (width - 72, 230))
    line_step = round(LINE_HEIGHT["body.otf"] * body_font.size)
    bubble_height = line_step * len(body_lines) + 52
    top = BOTTOM - bubble_height
    bubble_width = min(width, _max_line_width(body_font, body_lines) + 72)
    _paste_bubble(image, (left, top, left + bubble_width, BOTTOM))
    for number, text in enumerate(body_lines):
        y = top + 26 + number * line_step + (line_step - body_font.size) // 2
        draw.text((left + 36, y), text, TEXT_COLOR, body_font, anchor="lt")
    title_top = TOP + 92
    title_face = title_font_name(title)
    title_font, title_lines = _fit_text(title_face, (108, 92, 78, 64, 52), title, (width, top - title_top))
    line_step = round(LINE_HEIGHT[title_face] * title_font.size)
    first = title_top + (top - title_top - line_step * len(title_lines)) // 2
    for number, text in enumerate(title_lines):
        y = first + number * line_step + round(0.88 * title_font.size)
        draw.text((left - 2, y), text, TEXT_COLOR, title_font, anchor="ls")
    buffer = BytesIO()
    image.save(
        buffer, "JPEG", quality=JPEG_QUALITY, optimize=True, comment=content_hash(title=title, line=line).encode()
    )
    return buffer.getvalue()


def content_hash(*, title: str, line: str) -> str:
    """The hash of a share image with this text as it is drawn now: 10 hexadecimal digits."""
    return hashlib.sha256(_drawing_hash() + f"{title}\n{line}".encode()).hexdigest()[:10]


def read_content_hash(jpeg: bytes) -> str | None:
    """The hash in a share image; None if it has none."""
    comment = Image.open(BytesIO(jpeg)).info.get("comment")
    return comment.decode() if isinstance(comment, bytes) else None


@cache
def _drawing_hash() -> bytes:
    """The hash of what all share images are drawn with: this module and the fonts."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for path in sorted(FONTS.glob("*.[ot]tf")):
        digest.update(path.read_bytes())
    return digest.digest()


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


def _fit_text(name: str, sizes: Sequence[int], text: str, box: tuple[int, int]) -> tuple[FreeTypeFont, list[str]]:
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
    # Balance the lines, like CSS `text-wrap: balance`.
    while len(narrower := wrap_text(text, width, font.getlength)) == len(lines) and width > 80:
        lines, width = narrower, width - 8
    return font, lines[: int(height / (LINE_HEIGHT[name] * size))]


def _max_line_width(font: FreeTypeFont, lines: Sequence[str]) -> int:
    return max(round(font.getlength(line)) for line in lines)


def _paste_photo(canvas: Image.Image, photo: bytes) -> int:
    """Paste the photo on the left, cropped and with round corners; returns its right edge."""
    image = Image.open(BytesIO(photo)).convert("RGB")
    narrowest, widest = PHOTO_ASPECT_RANGE
    width = round(PHOTO_HEIGHT * min(widest, max(narrowest, image.width / image.height)))
    # Like on the leaderboard, tall photos lose their lower part rather than the head.
    cropped = ImageOps.fit(image, (width, PHOTO_HEIGHT), Image.Resampling.LANCZOS, centering=(0.5, 0.1))
    canvas.paste(cropped, (LEFT, TOP), _rounded_mask((width, PHOTO_HEIGHT)))
    return LEFT + width


def _paste_bubble(canvas: Image.Image, box: tuple[int, int, int, int]) -> None:
    """Paste Eva's speech bubble, with its tail at the lower left."""
    left, top, right, bottom = box
    size = (right - left, bottom - top)
    canvas.paste(BUBBLE_BORDER, (left, top), _rounded_mask(size, tail=True))
    canvas.paste(BUBBLE_FILL, (left + 2, top + 2), _rounded_mask((size[0] - 4, size[1] - 4), tail=True))


def _rounded_mask(size: tuple[int, int], *, tail: bool = False) -> Image.Image:
    """A mask with round corners; with a tail the lower left corner is nearly sharp."""
    width, height, radius = size[0] * SUPERSAMPLE, size[1] * SUPERSAMPLE, CORNER_RADIUS * SUPERSAMPLE
    mask = Image.new("L", (width, height))
    draw = ImageDraw.Draw(mask)
    draw.rounded_rectangle((0, 0, width - 1, height - 1), radius, 255)
    if tail:
        draw.rounded_rectangle((0, height - 2 * radius, 2 * radius, height - 1), radius / 4, 255)
    return mask.resize(size, Image.Resampling.LANCZOS)


def _paste_wave(canvas: Image.Image, position: tuple[int, int], width: int) -> None:
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
    colors.putdata([_gradient_color(x / max(1, width - 1)) for x in range(width)])
    gradient = colors.resize((width, height))
    canvas.paste(gradient, position, mask.resize((width, height), Image.Resampling.LANCZOS))


def _wave_height(x: float) -> float:
    """Height from -1 to 1 at `x` from 0 to 1: a damped wave."""
    return sin(3 * pi * x + 0.6) * (0.9 - 0.55 * x)


def _gradient_color(x: float) -> tuple[int, int, int]:
    """Color of the gradient at `x` from 0 to 1."""
    stop = next(index for index in range(1, len(GRADIENT_STOPS)) if x <= GRADIENT_STOPS[index])
    share = (x - GRADIENT_STOPS[stop - 1]) / (GRADIENT_STOPS[stop] - GRADIENT_STOPS[stop - 1])
    start, end = GRADIENT[stop - 1], GRADIENT[stop]
    red, green, blue = (round(a + share * (b - a)) for a, b in zip(start, end, strict=True))
    return red, green, blue
