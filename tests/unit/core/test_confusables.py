from hashlib import sha256

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


def test_a_rule_that_has_changed_comes_with_a_migration() -> None:
    """The keys of people are stored. After the migration that recomputes them, replace the digest."""
    blocks = ((0x20, 0x530), (0x1100, 0x1200), (0x2000, 0x2070), (0x3000, 0x3400), (0xAC00, 0xAD00), (0xFF00, 0xFFF0))
    keys = [f"{chr(code)} {confusable_key(chr(code))}" for block in blocks for code in range(*block)]
    assert sha256("\n".join(keys).encode()).hexdigest()[:16] == "511fc5bffa1e3f94"
