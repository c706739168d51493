"""Summaries of a person's own looks."""

import pytest

from core.clothing import Color, Item
from core.conversation.listings import OwnLooks, format_month, most_frequent, own_looks_text
from core.db.worn_counts import WornCounts
from core.i18n.translations import Language
from core.styles import Style


def test_styles_that_are_equally_frequent_share_the_first_place() -> None:
    assert most_frequent({Style.MODE: 2, Style.RETRO: 2, Style.STREET: 1}) == (Style.MODE, Style.RETRO)
    assert most_frequent({Style.MODE: 2, Style.RETRO: 1}) == (Style.MODE,)
    assert most_frequent({}) == ()


@pytest.mark.parametrize(
    ("styles", "count", "language", "text"),
    [
        ((Style.MODE,), 1, Language.EN, "One photo so far: British Mode."),
        ((Style.MODE,), 3, Language.EN, "I've looked at 3 of your photos. Most of all: British Mode."),
        (
            (Style.MODE, Style.RETRO),
            4,
            Language.EN,
            "I've looked at 4 of your photos. A tie for the most frequent style: British Mode, 80s Retro.",
        ),
        ((Style.MODE,), 1, Language.KO, "지금까지 한 장 봤어요. 브리티시 모드였어요."),
        (
            (Style.MODE, Style.RETRO),
            4,
            Language.KO,
            "지금까지 4장을 봤어요. 브리티시 모드, 80s 레트로가 똑같이 제일 많이 나왔어요.",
        ),
    ],
)
def test_the_summary_tells_ties(styles: tuple[Style, ...], count: int, language: Language, text: str) -> None:
    own_looks = OwnLooks(count=count, has_pending_guess=False, top_styles=styles, looks=[])
    assert own_looks_text(own_looks, language) == text


def test_the_month_is_told_by_style_color_and_garment() -> None:
    worn = WornCounts(
        total=10,
        styles={Style.STREET: 6, Style.CASUAL: 4},
        items={Item.BOOTS: 7, Item.LEATHER: 9, Item.HAT: 1},
        main_colors={Color.BLACK: 5, Color.RED: 1},
    )
    own_looks = OwnLooks(count=12, has_pending_guess=False, top_styles=(Style.STREET,), looks=[], worn=worn)

    assert own_looks_text(own_looks, Language.EN).splitlines()[-1] == (
        "This month: 60% Street. Mostly black. Boots: in 7 of 10 looks."
    )
    assert own_looks_text(own_looks, Language.KO).splitlines()[-1] == (
        "이번 달엔 스트리트가 60%예요. 색은 거의 블랙이었어요. 부츠는 10벌 중 7벌에서 봤어요."
    )


@pytest.mark.parametrize(
    ("colors", "english", "korean"),
    [
        ({Color.RED: 2, Color.BLUE: 1}, "The color I saw most: red.", "색은 레드가 제일 많았어요."),
        ({Color.MULTI: 4}, "Mostly multicolored.", "색은 거의 여러 가지 색이었어요."),
        ({Color.RED: 2, Color.BLUE: 2}, "", ""),
        ({Color.RED: 1}, "", ""),
    ],
)
def test_a_month_has_a_color_only_if_one_is_ahead(colors: dict[Color, int], english: str, korean: str) -> None:
    worn = WornCounts(total=10, styles={Style.STREET: 10}, main_colors=colors, items={})
    assert format_month(worn, Language.EN)[1:] == [english] * bool(english)
    assert format_month(worn, Language.KO)[1:] == [korean] * bool(korean)


def test_a_month_of_one_style_is_whole() -> None:
    worn = WornCounts(total=3, styles={Style.STREET: 3}, main_colors={}, items={})
    assert format_month(worn, Language.EN) == ["This month: 100% Street."]


def test_two_looks_are_no_month_and_a_tie_has_no_first() -> None:
    few = WornCounts(total=2, styles={Style.MODE: 2}, items={Item.HAT: 2}, main_colors={})
    tie = WornCounts(total=4, styles={Style.MODE: 2, Style.RETRO: 2}, items={}, main_colors={})
    for worn in (few, tie):
        own_looks = OwnLooks(count=4, has_pending_guess=False, top_styles=(Style.MODE,), looks=[], worn=worn)
        assert "\n" not in own_looks_text(own_looks, Language.EN)
