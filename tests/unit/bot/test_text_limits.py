import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.i18n.translations import truncate, utf16_length


@pytest.mark.parametrize(("text", "length"), [("", 0), ("abc", 3), ("가나다", 3), ("🙂", 2), ("a🙂", 3), ("☕", 1)])
def test_length_counts_utf_16_code_units(text: str, length: int) -> None:
    assert utf16_length(text) == length == len(text.encode("utf-16-le")) // 2


def test_short_text_is_unchanged() -> None:
    assert truncate("다섯 글자", 5) == "다섯 글자"


def test_text_is_truncated_between_words_if_possible() -> None:
    assert truncate("one two three", 10) == "one two…"
    assert truncate("unbreakable", 5) == "unbr…"


@given(st.text(), st.integers(1, 40))
def test_truncated_text_fits(text: str, limit: int) -> None:
    assert utf16_length(truncate(text, limit)) <= limit
