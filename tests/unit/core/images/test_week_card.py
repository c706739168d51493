"""Weekly style cards: what they say, their format and free edges, in both languages and with long names."""

from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from core.clothing import Color, Item
from core.conversation.week_card_texts import Week, week_card_text
from core.db.worn_counts import WornCounts
from core.i18n.translations import Language
from core.images.result_card import CARD_WIDTH, EDGES, HEIGHTS, MARGIN, CardShape
from core.images.week_card import STYLE_COLORS, draw_week_card
from core.styles import Style
from tests.unit.core.images.test_result_card import has_no_details

WORN = WornCounts(
    total=8,
    styles={Style.BUSINESS_CASUAL: 4, Style.STREET: 2, Style.RETRO: 1, Style.MODE: 1},
    items={Item.BOOTS: 5, Item.LEATHER: 6, Item.TRADITIONAL: 4, Item.BLAZER: 3, Item.HAT: 1},
    main_colors={Color.NAVY: 4, Color.MULTI: 2, Color.WHITE: 1, Color.RED: 1},
)
BEFORE = WornCounts(total=4, styles={Style.BUSINESS_CASUAL: 1, Style.STREET: 3}, items={}, main_colors={})
NOW = datetime(2026, 3, 3, 16, tzinfo=UTC)
WEEK = Week(now=NOW, current=WORN, previous=BEFORE)


def test_card_says_shares_changes_and_what_was_worn_most() -> None:
    text = week_card_text(WEEK, Language.EN)
    assert text.heading == "My week, February 26 to March 4 · 8 looks"
    assert (text.title, text.percent) == ("Business Casual", "50%")
    assert text.change == "Business Casual is up 25 points on the week before."
    assert [each.label for each in text.shares] == ["50%", "25%", "12%", "12%"]
    assert text.items[0] == "boots ×5"
    assert len(text.items) == 3
    assert text.colors[0] == (Color.NAVY, "navy")
    assert "25%p 늘었어요" in week_card_text(WEEK, Language.KO).change


def test_a_tie_has_no_first_and_few_looks_before_are_not_compared() -> None:
    tie = replace(WORN, total=4, styles={Style.MODE: 2, Style.RETRO: 2})
    text = week_card_text(Week(now=NOW, current=tie, previous=BEFORE), Language.EN)
    assert (text.title, text.percent, text.change) == ("A bit of everything", "", "")
    few = replace(BEFORE, total=2, styles={Style.STREET: 2})
    assert week_card_text(Week(now=NOW, current=WORN, previous=few), Language.EN).change == ""


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("shape", CardShape)
def test_card_has_its_format_free_edges_and_bars(language: Language, shape: CardShape) -> None:
    text = week_card_text(WEEK, language)
    long = replace(
        text,
        title="Business Casual and more",
        items=("very long double-breasted wool blazer with buttons ×12", *text.items),
        colors=(*text.colors, (Color.PURPLE, "an unusually long name of a color")),
        line=text.line * 3,
    )
    for each in (text, long):
        card = draw_week_card(each, shape)
        image = Image.open(BytesIO(card))
        width, height, edge = CARD_WIDTH, HEIGHTS[shape], EDGES[shape]
        assert (image.format, image.size) == ("JPEG", (width, height))
        assert len(card) < 400_000
        assert has_no_details(image, (0, 0, width, edge - 12))
        assert has_no_details(image, (0, height - edge + 12, width, height))
        assert has_no_details(image, (0, 0, MARGIN - 14, height))
        assert has_no_details(image, (width - MARGIN + 14, 0, width, height))
        pixels = np.asarray(image).astype(int)
        widths = [
            (np.abs(pixels - STYLE_COLORS[style]) <= 6).all(axis=2).sum(axis=1).max()
            for style in (Style.BUSINESS_CASUAL, Style.STREET)
        ]
        assert widths[0] > 350
        # A card with long texts has fewer bars.
        if each is text:
            assert widths[0] == pytest.approx(2 * widths[1], rel=0.1)
