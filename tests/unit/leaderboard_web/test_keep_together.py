"""Line breaks in sentences with percentages and double names, and between sentences."""

import pytest

from core.i18n.translations import Language
from leaderboard_web.templating import get_environment, keep_together
from tests.html import texts


@pytest.mark.parametrize(
    ("sentence", "html"),
    [
        ("걸리시, 44%쯤이에요.", '걸리시, <span class="nowrap">44%쯤이에요</span>.'),
        ("스트리트(35%)랑 캐주얼(29%), 둘", '스트리트(<span class="nowrap">35%)랑</span> 캐주얼(29%), 둘'),
        ("이건 포크·전통이라고 봤어요.", '이건 <span class="nowrap">포크·전통이라고</span> 봤어요.'),
        ("1%" + 20 * "가", f'<span class="nowrap">1%{8 * "가"}</span>{12 * "가"}'),
        ("Girlish, 44%. <b>", "Girlish, 44%. &lt;b&gt;"),
    ],
)
def test_percentages_and_double_names_stay_together(sentence: str, html: str) -> None:
    assert str(keep_together(sentence)) == html


def test_a_message_is_divided_into_sentences() -> None:
    template = get_environment(Language.EN).from_string(
        '{% call common.message("So 1.5 it is. Is it?") %}{% endcall %}'
    )
    assert texts(template.render(), "h1 .sentence") == ["So 1.5 it is.", "Is it?"]
