"""Line breaks in sentences with percentages."""

import pytest

from leaderboard_web.templating import keep_together


@pytest.mark.parametrize(
    ("sentence", "html"),
    [
        ("걸리시, 44%쯤이에요.", '걸리시, <span class="nowrap">44%쯤이에요</span>.'),
        ("스트리트(35%)랑 캐주얼(29%), 둘", '스트리트(<span class="nowrap">35%)랑</span> 캐주얼(29%), 둘'),
        ("Girlish, 44%. <b>", "Girlish, 44%. &lt;b&gt;"),
    ],
)
def test_percentages_stay_with_their_particle(sentence: str, html: str) -> None:
    assert str(keep_together(sentence)) == html
