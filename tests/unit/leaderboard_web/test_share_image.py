"""The share card: its form, what fits into it, and letters for everything that can be on it."""

from io import BytesIO
from itertools import product

import numpy as np
import pytest
from fontTools.ttLib import TTFont
from PIL import Image

from core.conversation.narration import style_name
from core.i18n.translations import Language, translate, variant_keys
from core.styles import STYLES
from leaderboard_web.share_image import BACKGROUND, FONTS, SHARE_IMAGE_SIZE, draw_share_image, wrap_text
from leaderboard_web.static_files import STATIC_DIR
from tests.images import encode_image, make_scene

VERDICTS = ("verdict.sure", "verdict.clear", "verdict.leaning", "verdict.torn")
LONGEST = "I can't decide between Business Casual (41%) and British Mode (38%), and neither can my best friend."


def opened(card: bytes) -> Image.Image:
    image = Image.open(BytesIO(card))
    assert (image.format, image.mode, image.size) == ("JPEG", "RGB", SHARE_IMAGE_SIZE)
    assert len(card) < 1_000_000
    return image.convert("RGB")


def is_paper(image: Image.Image, box: tuple[int, int, int, int]) -> bool:
    """Whether nothing is drawn there; JPEG may change a colour a little."""
    return bool((np.abs(np.asarray(image.crop(box)).astype(int) - BACKGROUND) <= 6).all())


@pytest.mark.parametrize("size", [(480, 1200), (800, 1200), (900, 900), (1280, 500), (70, 64)])
@pytest.mark.parametrize(
    ("title", "line"), [("스트리트", "제 눈엔 스트리트예요."), ("Business Casual", LONGEST), ("걸리시", "네. " * 200)]
)
def test_everything_lies_where_kakaotalk_does_not_cut(size: tuple[int, int], title: str, line: str) -> None:
    image = opened(draw_share_image(encode_image(make_scene(*size)), title=title, line=line))
    width, height = SHARE_IMAGE_SIZE
    for box in ((0, 0, width, 30), (0, height - 30, width, height), (0, 0, 40, height), (width - 40, 0, width, height)):
        assert is_paper(image, box)
    assert not is_paper(image, (width // 2, 40, width - 60, height // 2))
    assert not is_paper(image, (width // 2, height // 2, width - 60, height - 40))


def test_lines_break_at_spaces_and_long_words_anywhere() -> None:
    assert wrap_text("one two  three", 7, len) == ["one two", "three"]
    assert wrap_text("abcdefghij kl", 4, len) == ["abcd", "efgh", "ij", "kl"]
    assert wrap_text("", 4, len) == []


@pytest.mark.parametrize("language", Language)
def test_the_fonts_have_every_letter(language: Language) -> None:
    titles = {style_name(style, language) for style in STYLES} | {translate("page.tagline", language)}
    lines = {
        translate(key, language, style=one, second=other, percent=72, second_percent=11)
        for verdict in VERDICTS
        for key in variant_keys(verdict, language)
        for one, other in product([style_name(style, language) for style in STYLES], repeat=2)
    }
    lines.add(translate(variant_keys("page.hello", language)[0], language))
    for name, words in (("display.ttf", titles), ("body.otf", lines)):
        has = TTFont(FONTS / name).getBestCmap()
        assert not {letter for each in words for letter in each if ord(letter) not in has}, name


@pytest.mark.parametrize("language", Language)
def test_pages_without_a_look_have_a_card_of_their_own(language: Language) -> None:
    opened((STATIC_DIR / f"card-{language}.jpg").read_bytes())
