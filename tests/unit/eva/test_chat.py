"""What `eva chat` reads."""

from io import BytesIO, TextIOWrapper

import pytest

from eva.chat import _read_line


def test_a_line_that_is_not_utf_8_has_question_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = BytesIO("안녕 ".encode() + b"\xff\nwhy?\n")
    monkeypatch.setattr("sys.stdin", TextIOWrapper(lines, "utf-8", errors="surrogateescape"))
    assert [_read_line(), _read_line(), _read_line()] == ["안녕 ?", "why?", None]


def test_a_closed_input_ends_the_chat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    assert _read_line() is None
