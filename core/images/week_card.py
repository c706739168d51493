"""Weekly style cards: an upright picture of what a person wore in a week, to send to friends or to post.

Bars in the styles' colors on a light sheet, the garments and colors worn most, and Eva's sentence. A card has no name,
no photo and no link.
"""

from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageDraw

from core.clothing import Color
from core.images.drawing import (
    BUBBLE_BORDER,
    BUBBLE_FILL,
    LINE_HEIGHT,
    SUPERSAMPLE,
    TEXT_COLOR,
    fit_text,
    load_font,
    rounded_mask,
)
from core.images.result_card import (
    CARD_WIDTH,
    EDGES,
    HEIGHTS,
    JPEG_QUALITY,
    MARGIN,
    CardShape,
    draw_bubble,
    draw_title,
    draw_wordmark,
    make_pill,
    paint_ground,
)
from core.styles import Style

INNER = 48
"""Px between the edge of the sheet and what is on it."""
TEXT_WIDTH = CARD_WIDTH - 2 * MARGIN - 2 * INNER
LOWEST_BAR, HIGHEST_BAR = 72, 160
"""Px for one style, with its name above the bar."""
MUTED = (92, 70, 84)
TRACK = (241, 231, 221)
STYLE_COLORS = {
    Style.BUSINESS_CASUAL: (59, 91, 146),
    Style.ETHNIC: (180, 83, 42),
    Style.FEMININE: (194, 69, 125),
    Style.GIRLISH: (208, 87, 143),
    Style.RETRO: (176, 122, 18),
    Style.MODE: (58, 51, 64),
    Style.CASUAL: (47, 125, 91),
    Style.STREET: (106, 69, 184),
}
"""Of the light theme, from tokens.css."""
SWATCHES = {
    Color.BLACK: ((38, 34, 38),),
    Color.WHITE: ((255, 255, 255),),
    Color.GREY: ((150, 148, 150),),
    Color.BEIGE: ((222, 203, 174),),
    Color.BROWN: ((120, 80, 52),),
    Color.RED: ((200, 48, 52),),
    Color.PINK: ((240, 160, 188),),
    Color.ORANGE: ((236, 132, 52),),
    Color.YELLOW: ((242, 204, 76),),
    Color.GREEN: ((70, 132, 84),),
    Color.BLUE: ((76, 130, 204),),
    Color.NAVY: ((36, 52, 96),),
    Color.PURPLE: ((128, 84, 168),),
    Color.MULTI: ((200, 48, 52), (242, 204, 76), (76, 130, 204)),
}
"""What each color is drawn with, in stripes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StyleShare:
    """One bar."""

    style: Style
    name: str
    share: float
    """Of the looks, from 0 to 1."""
    label: str
    """The share with its sign."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekCardText:
    """What a card says."""

    heading: str
    """Over which time and how many looks."""
    title: str
    """The style of the week, in display type."""
    percent: str
    """Its share with its sign; empty if the title is no style."""
    change: str
    """Against the week before; may be empty."""
    shares: tuple[StyleShare, ...]
    """The largest first, at least one."""
    items_label: str
    items: tuple[str, ...]
    colors_label: str
    colors: tuple[tuple[Color, str], ...]
    """Colors with their names."""
    line: str
    """Eva's sentence, in a speech bubble."""


def draw_week_card(text: WeekCardText, shape: CardShape) -> bytes:
    """Draw a card, a JPEG. Takes about 0.1 s of a core: never call it on an event loop."""
    height, edge = HEIGHTS[shape], EDGES[shape]
    image = paint_ground(height)
    bottom = draw_bubble(image, text.line, height - edge) - 36
    top = draw_wordmark(image, edge) + 34
    top = _draw_lines(image, text.heading, (MARGIN, top), 40, TEXT_COLOR) + 14
    # The title's height is known when it is drawn: once above the picture to measure it.
    title_height = -draw_title(image, text.title, text.percent, 0)
    draw_title(image, text.title, text.percent, top + title_height)
    top += title_height + 12
    if text.change:
        top = _draw_lines(image, text.change, (MARGIN, top), 38, MUTED) + 8
    _draw_sheet(image, text, (top + 24, bottom))
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=JPEG_QUALITY, optimize=True)
    return buffer.getvalue()


def _draw_sheet(image: Image.Image, text: WeekCardText, rows: tuple[int, int]) -> None:
    """The bars, and below them what was worn most, on a light sheet between two rows."""
    top, bottom = rows
    extras = 120 * (bool(text.items) + bool(text.colors))
    space = bottom - top - 2 * INNER - extras
    count = max(1, min(len(text.shares), space // LOWEST_BAR))
    step = min(HIGHEST_BAR, space // count)
    # What is left of the height is free above and below the sheet.
    needed = step * count + extras + 2 * INNER
    top += (bottom - top - needed) // 2
    size = CARD_WIDTH - 2 * MARGIN, needed
    image.paste(BUBBLE_BORDER, (MARGIN, top), rounded_mask(size))
    image.paste(BUBBLE_FILL, (MARGIN + 2, top + 2), rounded_mask((size[0] - 4, size[1] - 4)))
    row = top + INNER
    for share in text.shares[:count]:
        _draw_bar(image, share, row, step)
        row += step
    if text.items:
        row = _draw_items(image, text, row)
    if text.colors:
        _draw_colors(image, text, row)


def _draw_bar(image: Image.Image, share: StyleShare, top: int, step: int) -> None:
    left, font = MARGIN + INNER, load_font("body.otf", 36)
    draw = ImageDraw.Draw(image)
    draw.text((left, top + 20), share.name, TEXT_COLOR, font, anchor="lm")
    draw.text((left + TEXT_WIDTH, top + 20), share.label, STYLE_COLORS[share.style], font, anchor="rm")
    thickness = min(56, round(0.55 * (step - 36)))
    bar_top = top + 42 + (step - LOWEST_BAR) // 6
    image.paste(TRACK, (left, bar_top), make_pill((TEXT_WIDTH, thickness)))
    width = max(thickness, round(share.share * TEXT_WIDTH))
    image.paste(STYLE_COLORS[share.style], (left, bar_top), make_pill((width, thickness)))


def _draw_items(image: Image.Image, text: WeekCardText, top: int) -> int:
    """The garments worn most, in one line, as many as fit; returns the lower edge."""
    left, draw, font = MARGIN + INNER, ImageDraw.Draw(image), load_font("body.otf", 40)
    draw.text((left, top + 20), text.items_label, MUTED, load_font("body.otf", 30), anchor="lm")
    names = list(text.items)
    while len(names) > 1 and font.getlength("  ·  ".join(names)) > TEXT_WIDTH:
        names.pop()
    font, lines = fit_text("body.otf", (40, 34, 28), "  ·  ".join(names), (TEXT_WIDTH, 60))
    draw.text((left, top + 70), lines[0].replace(" · ", "  ·  "), TEXT_COLOR, font, anchor="lm")
    return top + 120


def _draw_colors(image: Image.Image, text: WeekCardText, top: int) -> None:
    """The colors worn most, each a dot with its name, as many as fit."""
    left, draw, font = MARGIN + INNER, ImageDraw.Draw(image), load_font("body.otf", 38)
    draw.text((left, top + 20), text.colors_label, MUTED, load_font("body.otf", 30), anchor="lm")
    for color, name in text.colors:
        width = 58 + round(font.getlength(name))
        if left + width > MARGIN + INNER + TEXT_WIDTH:
            break
        _paste_dot(image, (left, top + 48), SWATCHES[color])
        draw.text((left + 58, top + 70), name, TEXT_COLOR, font, anchor="lm")
        left += width + 44


def _paste_dot(image: Image.Image, position: tuple[int, int], stripes: tuple[tuple[int, int, int], ...]) -> None:
    side = 44 * SUPERSAMPLE
    mask = Image.new("L", (side, side))
    ImageDraw.Draw(mask).ellipse((0, 0, side - 1, side - 1), 255)
    dot = Image.new("RGB", (len(stripes), 1))
    dot.putdata(list(stripes))
    image.paste(BUBBLE_BORDER, (position[0] - 2, position[1] - 2), mask.resize((48, 48), Image.Resampling.LANCZOS))
    image.paste(
        dot.resize((44, 44), Image.Resampling.NEAREST), position, mask.resize((44, 44), Image.Resampling.LANCZOS)
    )


def _draw_lines(
    image: Image.Image, words: str, position: tuple[int, int], size: int, color: tuple[int, int, int]
) -> int:
    """Text in at most two lines; returns the lower edge."""
    sizes = (size, size - 4, size - 8)
    font, lines = fit_text("body.otf", sizes, words, (CARD_WIDTH - 2 * MARGIN, round(2.9 * size)))
    step = round(LINE_HEIGHT["body.otf"] * font.size)
    for number, line in enumerate(lines):
        ImageDraw.Draw(image).text(
            (position[0], position[1] + number * step + step // 2), line, color, font, anchor="lm"
        )
    return position[1] + step * len(lines)
