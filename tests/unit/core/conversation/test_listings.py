"""Summaries of a person's own looks."""

import pytest

from core.conversation.listings import OwnLooks, most_frequent, own_looks_text
from core.i18n.translations import Language
from core.styles import Style


def test_styles_that_are_equally_frequent_share_the_first_place() -> None:
    assert most_frequent({Style.MODE: 2, Style.RETRO: 2, Style.STREET: 1}) == (Style.MODE, Style.RETRO)
    assert most_frequent({Style.MODE: 2, Style.RETRO: 1}) == (Style.MODE,)
    assert most_frequent({}) == ()


@pytest.mark.parametrize(
    ("styles", "count", "language", "text"),
    [
        ((Style.MODE,), 1, Language.EN, "One photo so far, and I read it as British Mode."),
        ((Style.MODE,), 3, Language.EN, "I've looked at 3 of your photos. The style I saw most: British Mode."),
        (
            (Style.MODE, Style.RETRO),
            4,
            Language.EN,
            "I've looked at 4 of your photos. Equally often, and most: British Mode, 80s Retro.",
        ),
        ((Style.MODE,), 1, Language.KO, "지금까지 한 장 봤어요. 브리티시 모드였어요."),
        (
            (Style.MODE, Style.RETRO),
            4,
            Language.KO,
            "지금까지 4장을 봤어요. 제일 자주 나온 스타일은 똑같이 브리티시 모드, 80s 레트로예요.",
        ),
    ],
)
def test_the_summary_tells_ties(styles: tuple[Style, ...], count: int, language: Language, text: str) -> None:
    own_looks = OwnLooks(count=count, has_pending_guess=False, top_styles=styles, looks=[])
    assert own_looks_text(own_looks, language) == text
