"""Share images: layout, text wrapping, and fonts with all characters."""

from io import BytesIO
from itertools import product

import numpy as np
import pytest
from fontTools.ttLib import TTFont
from PIL import Image

from core.conversation.narration import style_name
from core.i18n.translations import Language, translate, variant_keys
from core.images.drawing import BACKGROUND, FONTS, title_font_name, wrap_text
from core.styles import STYLES
from leaderboard_web.share_image import SHARE_IMAGE_SIZE, draw_share_image
from leaderboard_web.urls import STATIC_DIR
from tests.images import encode_image, make_scene
from tools.screenshots import visible_difference
from tools.site_assets import draw_card

VERDICTS = ("verdict.sure", "verdict.clear", "verdict.leaning", "verdict.torn")
LONGEST = "I can't decide between Business Casual (41%) and British Mode (38%), and neither can my best friend."


def open_share_image(card: bytes) -> Image.Image:
    image = Image.open(BytesIO(card))
    assert (image.format, image.mode, image.size) == ("JPEG", "RGB", SHARE_IMAGE_SIZE)
    assert len(card) < 1_000_000
    return image.convert("RGB")


def is_background(image: Image.Image, box: tuple[int, int, int, int]) -> bool:
    """Whether a box shows the background only, within JPEG tolerance."""
    return bool((np.abs(np.asarray(image.crop(box)).astype(int) - BACKGROUND) <= 6).all())


@pytest.mark.parametrize("size", [(480, 1200), (800, 1200), (900, 900), (1280, 500), (70, 64)])
@pytest.mark.parametrize(
    ("title", "line"), [("스트리트", "제 눈엔 스트리트예요."), ("Business Casual", LONGEST), ("걸리시", "네. " * 200)]
)
def test_content_lies_within_the_kakaotalk_crop(size: tuple[int, int], title: str, line: str) -> None:
    image = open_share_image(
        draw_share_image(encode_image(make_scene(*size)), title=title, line=line, version="0123456789")
    )
    width, height = SHARE_IMAGE_SIZE
    for box in ((0, 0, width, 30), (0, height - 30, width, height), (0, 0, 40, height), (width - 40, 0, width, height)):
        assert is_background(image, box)
    assert not is_background(image, (width // 2, 40, width - 60, height // 2))
    assert not is_background(image, (width // 2, height // 2, width - 60, height - 40))


def test_text_wraps_at_spaces_and_inside_long_words() -> None:
    assert wrap_text("one two  three", 7, len) == ["one two", "three"]
    assert wrap_text("abcdefghij kl", 4, len) == ["abcd", "efgh", "ij", "kl"]
    assert wrap_text("", 4, len) == []


@pytest.mark.parametrize("language", Language)
def test_fonts_contain_every_character(language: Language) -> None:
    titles = {style_name(style, language) for style in STYLES} | {translate("page.tagline", language)}
    assert {title_font_name(title) for title in titles} == {"display.ttf"}
    lines = {
        translate(key, language, style=first, second=second, percent=72, second_percent=11)
        for verdict in VERDICTS
        for key in variant_keys(verdict, language)
        for first, second in product([style_name(style, language) for style in STYLES], repeat=2)
    }
    lines.add(translate(variant_keys("page.hello", language)[0], language))
    fonts = [("display.ttf", title) for title in titles] + [("body.otf", line) for line in lines]
    character_maps = {name: TTFont(FONTS / name).getBestCmap() for name in ("display.ttf", "body.otf")}
    for name, line in fonts:
        assert not {character for character in line if ord(character) not in character_maps[name]}, name


@pytest.mark.parametrize("language", Language)
def test_default_share_images_have_the_layout_of_the_others(language: Language) -> None:
    image = open_share_image((STATIC_DIR / f"card-{language}.jpg").read_bytes())
    width, height = SHARE_IMAGE_SIZE
    assert is_background(image, (0, 0, width, 30))
    assert not is_background(image, (width // 2, 40, width - 60, height - 40))


@pytest.mark.parametrize("language", list(Language))
def test_the_card_of_pages_without_a_look_says_what_they_say(language: Language) -> None:
    stored = Image.open(STATIC_DIR / f"card-{language}.jpg")
    assert visible_difference(stored, open_share_image(draw_card(language))) == 0, "run `make site-assets`"
