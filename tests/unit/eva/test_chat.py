"""What `eva chat` reads."""

from io import BytesIO, TextIOWrapper

import pytest

from eva.chat import _read_line


@pytest.mark.parametrize("errors", ["strict", "surrogateescape"])
def test_a_line_that_is_not_utf_8_is_read(monkeypatch: pytest.MonkeyPatch, errors: str) -> None:
    lines = BytesIO("안녕 ".encode() + b"\xff\nwhy?\n")
    monkeypatch.setattr("sys.stdin", TextIOWrapper(lines, "utf-8", errors=errors))
    assert [_read_line(), _read_line(), _read_line()] == ["안녕 \N{REPLACEMENT CHARACTER}", "why?", None]


def test_a_closed_input_ends_the_chat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    assert _read_line() is None
