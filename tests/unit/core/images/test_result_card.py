"""Result cards: format, free edges, and that nothing is cut off in any language, style or shape of photo."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from core.conversation.narration import style_name
from core.i18n.translations import Language
from core.images.drawing import BUBBLE_FILL, fit_text, load_font, wrap_text
from core.images.result_card import CARD_WIDTH, EDGES, HEIGHTS, MARGIN, CardShape, CardText, draw_result_card
from core.styles import STYLES
from tests.images import encode_image, make_scene

LONG = CardText(
    title="Business Casual",
    percent="72%",
    things=("dark green double-breasted wool blazer with a very long name", "white cotton shirt"),
    line="Business Casual, and I would wear it to a meeting and straight on to dinner with my whole family. " * 3,
)


def has_no_details(image: Image.Image, box: tuple[int, int, int, int]) -> bool:
    """Whether a box shows the smooth ground only."""
    pixels = np.asarray(image.crop(box)).astype(int)
    return bool((np.abs(np.diff(pixels, axis=1)) <= 8).all())


@pytest.mark.parametrize("shape", CardShape)
@pytest.mark.parametrize("size", [(300, 1200), (800, 1200), (1500, 500)])
def test_card_has_its_format_and_free_edges(shape: CardShape, size: tuple[int, int]) -> None:
    card = draw_result_card(encode_image(make_scene(*size)), text=LONG, shape=shape)
    image = Image.open(BytesIO(card))
    width, height, edge = CARD_WIDTH, HEIGHTS[shape], EDGES[shape]

    assert (image.format, image.size) == ("JPEG", (width, height))
    assert len(card) < 700_000
    assert has_no_details(image, (0, 0, width, edge - 12))
    assert has_no_details(image, (0, height - edge + 12, width, height))
    assert has_no_details(image, (0, 0, MARGIN - 14, height))
    # The print lies above the texts and is as large as they allow.
    middle = np.asarray(image.crop((width // 2, edge + 90, width // 2 + 1, height - edge))).astype(int)[:, 0]
    assert (np.abs(middle - BUBBLE_FILL) <= 4).all(axis=1).any()


@pytest.mark.parametrize("language", Language)
def test_no_style_is_cut_off_or_broken_inside_a_word(language: Language) -> None:
    for style in STYLES:
        name = style_name(style, language)
        font, lines = fit_text("display.ttf", (116, 102, 90, 78), name, (690, 300))
        assert " ".join(lines) == name
        assert max(font.getlength(line) for line in lines) <= 690


def test_balanced_lines_keep_their_words() -> None:
    font = load_font("display.ttf", 116)
    lines = wrap_text("Business Casual", 700, font.getlength)
    assert fit_text("display.ttf", (116,), "Business Casual", (700, 300))[1] == lines == ["Business", "Casual"]
