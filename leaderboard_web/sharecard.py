"""The picture that a link to Eva unfolds to in other places: 1200 x 630, in her colours, with nobody's name on it.

Names are left out on purpose: other services keep these pictures for good, and a name must be able to go.
All that has to be seen lies in the middle 1200 x 600, because KakaoTalk cuts pictures to 2:1.

Every card bears a mark that follows from its words and from how it is drawn, which is this module and its fonts: a
mended sentence or line makes a new card at a new address, and nobody has to think of it.
"""

from __future__ import annotations

import hashlib
from functools import cache
from io import BytesIO
from math import pi, sin
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont, ImageOps

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PIL.ImageFont import FreeTypeFont

__all__ = ["CARD_SIZE", "draw_card", "font", "mark", "mark_of", "wrap"]

CARD_SIZE = (1200, 630)
QUALITY = 88
PAPER, SHEET, LINE = (248, 241, 233), (255, 251, 246), (231, 218, 205)
INK, SOFT = (43, 27, 39), (112, 90, 104)
HEAT = ((90, 63, 168), (196, 68, 110), (233, 133, 63), (232, 198, 92))
"""The colours of the site by day, from eva.css."""
STOPS = (0.0, 0.4, 0.75, 1.0)
TOP, BOTTOM, LEFT, RIGHT = 46, 584, 60, 1140
PHOTO_HEIGHT = BOTTOM - TOP
PHOTO_RATIOS = (0.62, 1.0)
"""Narrowest and widest cut of a photo, width by height."""
GAP = 56
ROUND = 36
SHARP = 4
"""Shapes are drawn so many times larger and made smaller, because Pillow's own edges are rough."""
SPACING = {"display.ttf": 1.16, "body.otf": 1.42}
"""From line to line, in sizes of the font."""
MOST_LINES = 3
FONTS = Path(__file__).parent / "fonts"


def draw_card(photo: bytes, *, title: str, line: str) -> bytes:
    """A card as JPEG of some 100 KB. Takes tens of milliseconds of a core: never call it on an event loop.

    Args:
        photo: a picture that Eva stored.
        title: in large letters, one or two lines.
        line: what Eva says, in her bubble.
    """
    card = Image.new("RGB", CARD_SIZE, PAPER)
    left = _paste_photo(card, photo) + GAP
    width = RIGHT - left
    draw = ImageDraw.Draw(card)
    draw.text((left - 4, TOP - 14), "Eva", INK, font("wordmark.ttf", 92))
    _paste_thread(card, (left + 150, TOP + 6), width - 150)
    text, lines = _fit("body.otf", (40, 37, 34, 31, 28), line, (width - 72, 230))
    stride = round(SPACING["body.otf"] * text.size)
    bubble = stride * len(lines) + 52
    top = BOTTOM - bubble
    _paste_bubble(card, (left, top, left + min(width, _widest(text, lines) + 72), BOTTOM))
    for number, words in enumerate(lines):
        draw.text((left + 36, top + 26 + number * stride + (stride - text.size) // 2), words, INK, text, anchor="lt")
    above = TOP + 92
    large, titles = _fit("display.ttf", (108, 92, 78, 64, 52), title, (width, top - above))
    step = round(SPACING["display.ttf"] * large.size)
    first = above + (top - above - step * len(titles)) // 2
    for number, words in enumerate(titles):
        draw.text((left - 2, first + number * step + round(0.88 * large.size)), words, INK, large, anchor="ls")
    made = BytesIO()
    card.save(made, "JPEG", quality=QUALITY, optimize=True, comment=mark(title=title, line=line))
    return made.getvalue()


def mark(*, title: str, line: str) -> str:
    """The mark of a card with these words, as it is drawn now: 10 hexadecimal digits."""
    return hashlib.sha256(_drawing() + f"{title}\n{line}".encode()).hexdigest()[:10]


def mark_of(card: bytes) -> str | None:
    """The mark that a card bears; None if it is from before cards had one."""
    comment = Image.open(BytesIO(card)).info.get("comment")
    return comment.decode() if isinstance(comment, bytes) else None


@cache
def _drawing() -> bytes:
    """What all cards are drawn with."""
    drawn = hashlib.sha256(Path(__file__).read_bytes())
    for path in sorted(FONTS.glob("*.[ot]tf")):
        drawn.update(path.read_bytes())
    return drawn.digest()


@cache
def font(name: str, size: int) -> FreeTypeFont:
    """One of the fonts that come with Eva; sizes in px."""
    return ImageFont.truetype(FONTS / name, size, layout_engine=ImageFont.Layout.BASIC)


def wrap(words: str, width: float, measure: Callable[[str], float]) -> list[str]:
    """Words in lines of at most this width, broken at spaces, and inside a word only where it is wider than a line."""
    lines = [""]
    for word in words.split():
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


def _fit(name: str, sizes: Sequence[int], words: str, room: tuple[int, int]) -> tuple[FreeTypeFont, list[str]]:
    """The largest of the sizes at which the words fit into the room; else the smallest, and as many lines as fit."""
    width, height = room
    for size in sizes:
        chosen = font(name, size)
        lines = wrap(words, width, chosen.getlength)
        if len(lines) <= MOST_LINES and len(lines) * SPACING[name] * size <= height:
            break
    # Lines of about the same length, as `text-wrap: balance` makes them.
    while len(narrower := wrap(words, width, chosen.getlength)) == len(lines) and width > 80:
        lines, width = narrower, width - 8
    return chosen, lines[: int(height / (SPACING[name] * size))]


def _widest(chosen: FreeTypeFont, lines: Sequence[str]) -> int:
    return max(round(chosen.getlength(line)) for line in lines)


def _paste_photo(card: Image.Image, photo: bytes) -> int:
    """Put the photo, cut a little and rounded, on the left; gives its right edge."""
    image = Image.open(BytesIO(photo)).convert("RGB")
    narrowest, widest = PHOTO_RATIOS
    width = round(PHOTO_HEIGHT * min(widest, max(narrowest, image.width / image.height)))
    # As on the board: of what is too tall, the head stays rather than the feet.
    cut = ImageOps.fit(image, (width, PHOTO_HEIGHT), Image.Resampling.LANCZOS, centering=(0.5, 0.1))
    card.paste(cut, (LEFT, TOP), _rounded((width, PHOTO_HEIGHT)))
    return LEFT + width


def _paste_bubble(card: Image.Image, box: tuple[int, int, int, int]) -> None:
    """Eva's bubble, with its small corner at the lower left."""
    left, top, right, bottom = box
    size = (right - left, bottom - top)
    card.paste(LINE, (left, top), _rounded(size, tail=True))
    card.paste(SHEET, (left + 2, top + 2), _rounded((size[0] - 4, size[1] - 4), tail=True))


def _rounded(size: tuple[int, int], *, tail: bool = False) -> Image.Image:
    """A mask with round corners; with a tail the lower left one is nearly sharp."""
    width, height, radius = size[0] * SHARP, size[1] * SHARP, ROUND * SHARP
    mask = Image.new("L", (width, height))
    draw = ImageDraw.Draw(mask)
    draw.rounded_rectangle((0, 0, width - 1, height - 1), radius, 255)
    if tail:
        draw.rounded_rectangle((0, height - 2 * radius, 2 * radius, height - 1), radius / 4, 255)
    return mask.resize(size, Image.Resampling.LANCZOS)


def _paste_thread(card: Image.Image, place: tuple[int, int], width: int) -> None:
    """The warm thread of the site beside the wordmark."""
    height, thick = 72, 6
    mask = Image.new("L", (width * SHARP, height * SHARP))
    draw = ImageDraw.Draw(mask)
    for number in range(width * SHARP + 1):
        x = number / (width * SHARP)
        y = SHARP * (height / 2 + _wave(x) * (height / 2 - thick))
        reach = thick * SHARP / 2
        draw.ellipse((number - reach, y - reach, number + reach, y + reach), 255)
    colours = Image.new("RGB", (width, 1))
    colours.putdata([_heat(x / max(1, width - 1)) for x in range(width)])
    thread = colours.resize((width, height))
    card.paste(thread, place, mask.resize((width, height), Image.Resampling.LANCZOS))


def _wave(x: float) -> float:
    """-1 to 1 over 0 to 1: three waves that grow calm."""
    return sin(3 * pi * x + 0.6) * (0.9 - 0.55 * x)


def _heat(x: float) -> tuple[int, int, int]:
    """The site's gradient at 0 to 1."""
    at = next(index for index in range(1, len(STOPS)) if x <= STOPS[index])
    share = (x - STOPS[at - 1]) / (STOPS[at] - STOPS[at - 1])
    one, other = HEAT[at - 1], HEAT[at]
    red, green, blue = (round(a + share * (b - a)) for a, b in zip(one, other, strict=True))
    return red, green, blue
