"""The picture that a link to Eva unfolds to in other places: 1200 x 630, in her colours, with nobody's name on it.

Names are left out on purpose: other services keep these pictures for good, and a name must be able to go.
All that has to be seen lies in the middle 1200 x 600, because KakaoTalk cuts pictures to 2:1.

Every card bears a mark that follows from its words and from how it is drawn, which is this module and its fonts: a
mended sentence or line makes a new card at a new address, and nobody has to think of it.
"""

import hashlib
from collections.abc import Callable, Sequence
from functools import cache
from io import BytesIO
from math import pi, sin
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps
from PIL.ImageFont import FreeTypeFont

SHARE_IMAGE_SIZE = (1200, 630)
JPEG_QUALITY = 88
BACKGROUND, BUBBLE_FILL, BUBBLE_BORDER = (248, 241, 233), (255, 251, 246), (231, 218, 205)
TEXT_COLOR, SOFT = (43, 27, 39), (112, 90, 104)
GRADIENT = ((90, 63, 168), (196, 68, 110), (233, 133, 63), (232, 198, 92))
"""The colours of the site by day, from eva.css."""
GRADIENT_STOPS = (0.0, 0.4, 0.75, 1.0)
TOP, BOTTOM, LEFT, RIGHT = 46, 584, 60, 1140
PHOTO_HEIGHT = BOTTOM - TOP
PHOTO_ASPECT_RANGE = (0.62, 1.0)
"""Narrowest and widest cut of a photo, width by height."""
GAP = 56
CORNER_RADIUS = 36
SUPERSAMPLE = 4
"""Shapes are drawn so many times larger and made smaller, because Pillow's own edges are rough."""
LINE_HEIGHT = {"display.ttf": 1.16, "body.otf": 1.42}
"""From line to line, in sizes of the font."""
MAX_LINES = 3
FONTS = Path(__file__).parent / "fonts"


def draw_share_image(photo: bytes, *, title: str, line: str) -> bytes:
    """A card as JPEG of some 100 KB. Takes tens of milliseconds of a core: never call it on an event loop.

    Args:
        photo: a picture that Eva stored.
        title: in large letters, one or two lines.
        line: what Eva says, in her bubble.
    """
    card = Image.new("RGB", SHARE_IMAGE_SIZE, BACKGROUND)
    left = _paste_photo(card, photo) + GAP
    width = RIGHT - left
    draw = ImageDraw.Draw(card)
    draw.text((left - 4, TOP - 14), "Eva", TEXT_COLOR, load_font("wordmark.ttf", 92))
    _paste_wave(card, (left + 150, TOP + 6), width - 150)
    text, lines = _fit_text("body.otf", (40, 37, 34, 31, 28), line, (width - 72, 230))
    stride = round(LINE_HEIGHT["body.otf"] * text.size)
    bubble = stride * len(lines) + 52
    top = BOTTOM - bubble
    _paste_bubble(card, (left, top, left + min(width, _max_line_width(text, lines) + 72), BOTTOM))
    for number, words in enumerate(lines):
        draw.text(
            (left + 36, top + 26 + number * stride + (stride - text.size) // 2), words, TEXT_COLOR, text, anchor="lt"
        )
    above = TOP + 92
    large, titles = _fit_text("display.ttf", (108, 92, 78, 64, 52), title, (width, top - above))
    step = round(LINE_HEIGHT["display.ttf"] * large.size)
    first = above + (top - above - step * len(titles)) // 2
    for number, words in enumerate(titles):
        draw.text((left - 2, first + number * step + round(0.88 * large.size)), words, TEXT_COLOR, large, anchor="ls")
    made = BytesIO()
    card.save(made, "JPEG", quality=JPEG_QUALITY, optimize=True, comment=content_hash(title=title, line=line))
    return made.getvalue()


def content_hash(*, title: str, line: str) -> str:
    """The mark of a card with these words, as it is drawn now: 10 hexadecimal digits."""
    return hashlib.sha256(_drawing_hash() + f"{title}\n{line}".encode()).hexdigest()[:10]


def read_content_hash(jpeg: bytes) -> str | None:
    """The mark that a card bears; None if it is from before cards had one."""
    comment = Image.open(BytesIO(jpeg)).info.get("comment")
    return comment.decode() if isinstance(comment, bytes) else None


@cache
def _drawing_hash() -> bytes:
    """What all cards are drawn with."""
    drawn = hashlib.sha256(Path(__file__).read_bytes())
    for path in sorted(FONTS.glob("*.[ot]tf")):
        drawn.update(path.read_bytes())
    return drawn.digest()


@cache
def load_font(name: str, size: int) -> FreeTypeFont:
    """One of the fonts that come with Eva; sizes in px."""
    return ImageFont.truetype(FONTS / name, size, layout_engine=ImageFont.Layout.BASIC)


def wrap_text(text: str, width: float, measure: Callable[[str], float]) -> list[str]:
    """Words in lines of at most this width, broken at spaces, and inside a word only where it is wider than a line."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if measure(longer) <= width:
            lines[-1] = longer
            continue
        lines.append("")
        for letter in word:
            if lines[-1] and measure(lines[-1] + letter) > width:
                lines.append("")
            lines[-1] += letter
    return [line for line in lines if line]


def _fit_text(name: str, sizes: Sequence[int], text: str, box: tuple[int, int]) -> tuple[FreeTypeFont, list[str]]:
    """The largest of the sizes at which the words fit into the room; else the smallest, and as many lines as fit."""
    width, height = box
    for size in sizes:
        chosen = load_font(name, size)
        lines = wrap_text(text, width, chosen.getlength)
        if len(lines) <= MAX_LINES and len(lines) * LINE_HEIGHT[name] * size <= height:
            break
    # Lines of about the same length, as `text-wrap: balance` makes them.
    while len(narrower := wrap_text(text, width, chosen.getlength)) == len(lines) and width > 80:
        lines, width = narrower, width - 8
    return chosen, lines[: int(height / (LINE_HEIGHT[name] * size))]


def _max_line_width(font: FreeTypeFont, lines: Sequence[str]) -> int:
    return max(round(font.getlength(line)) for line in lines)


def _paste_photo(card: Image.Image, photo: bytes) -> int:
    """Put the photo, cut a little and rounded, on the left; gives its right edge."""
    image = Image.open(BytesIO(photo)).convert("RGB")
    narrowest, widest = PHOTO_ASPECT_RANGE
    width = round(PHOTO_HEIGHT * min(widest, max(narrowest, image.width / image.height)))
    # As on the board: of what is too tall, the head stays rather than the feet.
    cut = ImageOps.fit(image, (width, PHOTO_HEIGHT), Image.Resampling.LANCZOS, centering=(0.5, 0.1))
    card.paste(cut, (LEFT, TOP), _rounded_mask((width, PHOTO_HEIGHT)))
    return LEFT + width


def _paste_bubble(card: Image.Image, box: tuple[int, int, int, int]) -> None:
    """Eva's bubble, with its small corner at the lower left."""
    left, top, right, bottom = box
    size = (right - left, bottom - top)
    card.paste(BUBBLE_BORDER, (left, top), _rounded_mask(size, tail=True))
    card.paste(BUBBLE_FILL, (left + 2, top + 2), _rounded_mask((size[0] - 4, size[1] - 4), tail=True))


def _rounded_mask(size: tuple[int, int], *, tail: bool = False) -> Image.Image:
    """A mask with round corners; with a tail the lower left one is nearly sharp."""
    width, height, radius = size[0] * SUPERSAMPLE, size[1] * SUPERSAMPLE, CORNER_RADIUS * SUPERSAMPLE
    mask = Image.new("L", (width, height))
    draw = ImageDraw.Draw(mask)
    draw.rounded_rectangle((0, 0, width - 1, height - 1), radius, 255)
    if tail:
        draw.rounded_rectangle((0, height - 2 * radius, 2 * radius, height - 1), radius / 4, 255)
    return mask.resize(size, Image.Resampling.LANCZOS)


def _paste_wave(card: Image.Image, position: tuple[int, int], width: int) -> None:
    """The warm thread of the site beside the wordmark."""
    height, thick = 72, 6
    mask = Image.new("L", (width * SUPERSAMPLE, height * SUPERSAMPLE))
    draw = ImageDraw.Draw(mask)
    for number in range(width * SUPERSAMPLE + 1):
        x = number / (width * SUPERSAMPLE)
        y = SUPERSAMPLE * (height / 2 + _wave_height(x) * (height / 2 - thick))
        reach = thick * SUPERSAMPLE / 2
        draw.ellipse((number - reach, y - reach, number + reach, y + reach), 255)
    colours = Image.new("RGB", (width, 1))
    colours.putdata([_gradient_color(x / max(1, width - 1)) for x in range(width)])
    thread = colours.resize((width, height))
    card.paste(thread, position, mask.resize((width, height), Image.Resampling.LANCZOS))


def _wave_height(x: float) -> float:
    """-1 to 1 over 0 to 1: three waves that grow calm."""
    return sin(3 * pi * x + 0.6) * (0.9 - 0.55 * x)


def _gradient_color(x: float) -> tuple[int, int, int]:
    """The site's gradient at 0 to 1."""
    at = next(index for index in range(1, len(GRADIENT_STOPS)) if x <= GRADIENT_STOPS[index])
    share = (x - GRADIENT_STOPS[at - 1]) / (GRADIENT_STOPS[at] - GRADIENT_STOPS[at - 1])
    one, other = GRADIENT[at - 1], GRADIENT[at]
    red, green, blue = (round(a + share * (b - a)) for a, b in zip(one, other, strict=True))
    return red, green, blue
