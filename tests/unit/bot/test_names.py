from __future__ import annotations

import random
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.names import MOST_LETTERS, made_up, tidy
from bot.texts import Language


@given(st.uuids())
def test_a_made_up_name_could_have_been_chosen(person: UUID) -> None:
    for language in Language:
        name = made_up(person, language)
        assert tidy(name) == name
        assert made_up(person, language) == name


def test_people_get_different_names() -> None:
    dice = random.Random(1)
    names = {made_up(UUID(int=dice.getrandbits(128)), Language.KO) for _ in range(500)}
    assert len(names) > 480


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("미나", "미나"),
        ("  Mina   Kim ", "Mina Kim"),
        ("ＭＩＮＡ", "MINA"),
        ("e\u0301lan", "élan"),
        ("민아 2", "민아 2"),
        ("a" * MOST_LETTERS, "a" * MOST_LETTERS),
    ],
)
def test_a_name_is_kept_as_typed(words: str, name: str) -> None:
    assert tidy(words) == name


@pytest.mark.parametrize(
    "words",
    [
        "",
        "   ",
        "12345",
        "a" * (MOST_LETTERS + 1),
        "<b>me</b>",
        "mi\u200bna",
        "@eva",
        "http://x.y",
        "a\u202eb",
        "💃",
        "a\0b",
    ],
)
def test_what_is_no_name_is_refused(words: str) -> None:
    assert tidy(words) is None
