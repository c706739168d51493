import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.confusables import confusable_key


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("Mina", "mina"),
        ("Mina Kim", "minakim"),
        ("Mina", "Мina"),
        ("Mina", "Mіna"),
        ("Mina", "mιnα"),
        ("Mina", "Mína"),
        ("Mina", "Ｍｉｎａ"),
        ("Mina", "M\u0331ina"),
        ("Mina", "mi\u200bna"),
        ("Noah", "N0ah"),
        ("Ill", "1ll"),
        ("Ian", "lan"),
        ("STRASSE", "straße"),
        ("미나", "미 나"),
        ("Mina", "m.i_na."),
        ("미나", "\u1106\u1175\u1102\u1161"),
        ("미나", "미\u3164나"),
    ],
)
def test_look_alike_names_share_a_key(name: str, other: str) -> None:
    assert confusable_key(name) == confusable_key(other)


@pytest.mark.parametrize(
    ("name", "other"),
    [("Mina", "Nina"), ("미나", "민아"), ("Mina 2", "Mina 3"), ("かな", "がな")],
)
def test_different_names_have_different_keys(name: str, other: str) -> None:
    assert confusable_key(name) != confusable_key(other)


@given(st.text(max_size=20))
def test_key_is_idempotent_and_ignores_surrounding_spaces(name: str) -> None:
    key = confusable_key(name)
    assert confusable_key(key) == key
    assert confusable_key(f" {name} ") == key
    assert not any(character.isspace() for character in key)
