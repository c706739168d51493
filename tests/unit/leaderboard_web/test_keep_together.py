"""Numbers keep their particles, and names stay text."""

import pytest

from leaderboard_web.templating import keep_together


@pytest.mark.parametrize(
    ("words", "written"),
    [
        ("걸리시, 44%쯤이에요.", '걸리시, <span class="nowrap">44%쯤이에요</span>.'),
        ("스트리트(35%)랑 캐주얼(29%), 둘", '스트리트(<span class="nowrap">35%)랑</span> 캐주얼(29%), 둘'),
        ("Girlish, 44%. <b>", "Girlish, 44%. &lt;b&gt;"),
    ],
)
def test_a_percentage_keeps_its_particle(words: str, written: str) -> None:
    assert str(keep_together(words)) == written
