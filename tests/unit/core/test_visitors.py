from __future__ import annotations

import pytest

from core.links import Links
from core.visitors import Visitors

VISITORS = Visitors(b"secret")


def test_a_token_names_the_same_visitor_each_time() -> None:
    token = VISITORS.new()
    key = VISITORS.key_of(token)
    assert key is not None
    assert key == Visitors(b"secret").key_of(token)
    assert key != VISITORS.key_of(VISITORS.new())


@pytest.mark.parametrize("change", [str.swapcase, lambda token: token[1:], lambda token: token + "=", lambda _: ""])
def test_a_token_that_eva_did_not_make_is_nobodys(change: object) -> None:
    assert VISITORS.key_of(change(VISITORS.new())) is None  # type: ignore[operator]


@pytest.mark.parametrize("token", [None, "", ".", "한글.서명", f"{'a' * 22}.{'b' * 43}", f"{'a' * 22}.{'b' * 43}\n"])
def test_nonsense_is_nobodys(token: str | None) -> None:
    assert VISITORS.key_of(token) is None


def test_other_keys_and_other_purposes_do_not_count() -> None:
    token = VISITORS.new()
    assert Visitors(b"another").key_of(token) is None
    key = token.partition(".")[0]
    signature = Links(b"secret")._signature("1", key)
    assert VISITORS.key_of(f"{key}.{signature}") is None
