import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text_limits import truncate, utf16_length


@pytest.mark.parametrize(("text", "length"), [("", 0), ("abc", 3), ("가나다", 3), ("🙂", 2), ("a🙂", 3), ("☕", 1)])
def test_units_are_utf_16(text: str, length: int) -> None:
    assert utf16_length(text) == length == len(text.encode("utf-16-le")) // 2


def test_text_that_fits_stays() -> None:
    assert truncate("다섯 글자", 5) == "다섯 글자"


def test_cut_is_between_words_where_it_can_be() -> None:
    assert truncate("one two three", 10) == "one two…"
    assert truncate("unbreakable", 5) == "unbr…"


@given(st.text(), st.integers(1, 40))
def test_cut_always_fits(text: str, limit: int) -> None:
    assert utf16_length(truncate(text, limit)) <= limit
