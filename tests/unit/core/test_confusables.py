import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.confusables import confusable_key


@pytest.mark.parametrize(
    ("one", "other"),
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
        ("미나", "\u1106\u1175\u1102\u1161"),
        ("미나", "미\u3164나"),
    ],
)
def test_names_that_look_the_same_are_the_same(one: str, other: str) -> None:
    assert confusable_key(one) == confusable_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Mina", "Nina"), ("미나", "민아"), ("Mina 2", "Mina 3"), ("かな", "がな")],
)
def test_names_that_look_different_are_different(one: str, other: str) -> None:
    assert confusable_key(one) != confusable_key(other)


@given(st.text(max_size=20))
def test_a_key_is_its_own_key_and_knows_no_case_or_space(name: str) -> None:
    key = confusable_key(name)
    assert confusable_key(key) == key
    assert confusable_key(f" {name} ") == key
    assert not any(each.isspace() for each in key)
