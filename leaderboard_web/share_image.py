"""Share images: 1200 x 630 pixels that other sites show for a link to a look, without its owner's name.

Other services may store these images for good, and a name must be erasable. Everything important lies in the middle
1200 x 600, because KakaoTalk crops images to 2:1.

The version in the JPEG's comment and in its URL covers the text, this module, the one it draws with, and the fonts: any
change of them makes a new image under a new URL, see `leaderboard_web.sharing`.
"""

from io import BytesIO

from PIL import Image, ImageDraw, ImageOps

from core.images.drawing import (
    BACKGROUND,
    LINE_HEIGHT,
    TEXT_COLOR,
    fit_text,
    load_font,
    max_line_width,
    paste_bubble,
    paste_wave,
    rounded_mask,
    title_font_name,
)

SHARE_IMAGE_SIZE = (1200, 630)
JPEG_QUALITY = 88
TOP, BOTTOM, LEFT, RIGHT = 46, 584, 60, 1140
PHOTO_HEIGHT = BOTTOM - TOP
PHOTO_ASPECT_RANGE = (0.62, 1.0)
"""Narrowest and widest crop of a photo, width over height."""
GAP = 56


def draw_share_image(photo: bytes, *, title: str, line: str, version: str) -> bytes:
    """Draw a share image, a JPEG of some 100 KB. Takes tens of milliseconds of a core: never call it on an event loop.

    Args:
        photo: a stored photo.
        title: in large letters, in one or two lines.
        line: Eva's sentence, in a speech bubble.
        version: of the text and of the drawing, for the JPEG's comment.
    """
    image = Image.new("RGB", SHARE_IMAGE_SIZE, BACKGROUND)
    left = _paste_photo(image, photo) + GAP
    width = RIGHT - left
    draw = ImageDraw.Draw(image)
    draw.text((left - 4, TOP - 14), "Eva", TEXT_COLOR, load_font("wordmark.ttf", 92))
    paste_wave(image, (left + 150, TOP + 6), width - 150)
    body_font, body_lines = fit_text("body.otf", (40, 37, 34, 31, 28), line, (width - 72, 230))
    line_step = round(LINE_HEIGHT["body.otf"] * body_font.size)
    bubble_height = line_step * len(body_lines) + 52
    top = BOTTOM - bubble_height
    bubble_width = min(width, max_line_width(body_font, body_lines) + 72)
    paste_bubble(image, (left, top, left + bubble_width, BOTTOM))
    for number, text in enumerate(body_lines):
        y = top + 26 + number * line_step + (line_step - body_font.size) // 2
        draw.text((left + 36, y), text, TEXT_COLOR, body_font, anchor="lt")
    title_top = TOP + 92
    title_face = title_font_name(title)
    title_font, title_lines = fit_text(title_face, (108, 92, 78, 64, 52), title, (width, top - title_top))
    line_step = round(LINE_HEIGHT[title_face] * title_font.size)
    first = title_top + (top - title_top - line_step * len(title_lines)) // 2
    for number, text in enumerate(title_lines):
        y = first + number * line_step + round(0.88 * title_font.size)
        draw.text((left - 2, y), text, TEXT_COLOR, title_font, anchor="ls")
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=JPEG_QUALITY, optimize=True, comment=version.encode())
    return buffer.getvalue()


def _paste_photo(canvas: Image.Image, photo: bytes) -> int:
    """Paste the photo on the left, cropped and with round corners; returns its right edge."""
    image = Image.open(BytesIO(photo)).convert("RGB")
    narrowest, widest = PHOTO_ASPECT_RANGE
    width = round(PHOTO_HEIGHT * min(widest, max(narrowest, image.width / image.height)))
    # Like on the leaderboard, tall photos lose their lower part rather than the head.
    cropped = ImageOps.fit(image, (width, PHOTO_HEIGHT), Image.Resampling.LANCZOS, centering=(0.5, 0.1))
    canvas.paste(cropped, (LEFT, TOP), rounded_mask((width, PHOTO_HEIGHT)))
    return LEFT + width
