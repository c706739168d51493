import random
from itertools import islice
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.conversation.display_names import (
    ATTEMPTS_PER_LENGTH,
    MAX_NAME_LENGTH,
    generated_name,
    generated_name_candidates,
    is_generated,
    normalize_display_name,
)
from core.i18n.translations import Language


@given(st.uuids())
def test_a_made_up_name_could_have_been_chosen(person: UUID) -> None:
    for language in Language:
        name = generated_name(person, language)
        assert normalize_display_name(name) == name
        assert generated_name(person, language) == name
        others = list(islice(generated_name_candidates(person, language), 5 * ATTEMPTS_PER_LENGTH))
        assert others[0] == name
        assert len(set(others)) == len(others)
        assert all(normalize_display_name(each) == each for each in others[: 2 * ATTEMPTS_PER_LENGTH])
        assert max(map(len, others)) <= 40
        assert all(is_generated(each, person) for each in others)
        assert not is_generated(name.rpartition(" ")[0], person)


def test_people_get_different_names() -> None:
    dice = random.Random(1)
    names = {generated_name(UUID(int=dice.getrandbits(128)), Language.KO) for _ in range(500)}
    assert len(names) > 480


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("미나", "미나"),
        ("  Mina   Kim ", "Mina Kim"),
        ("ＭＩＮＡ", "MINA"),
        ("e\u0301lan", "élan"),
        ("민아 2", "민아 2"),
        ("a" * MAX_NAME_LENGTH, "a" * MAX_NAME_LENGTH),
    ],
)
def test_a_name_is_kept_as_typed(words: str, name: str) -> None:
    assert normalize_display_name(words) == name


@pytest.mark.parametrize(
    "words",
    [
        "",
        "   ",
        "12345",
        "a" * (MAX_NAME_LENGTH + 1),
        "<b>me</b>",
        "mi\u200bna",
        "@eva",
        "http://x.y",
        "a\u202eb",
        "💃",
        "a\0b",
        "\u3164\u3164",
        "mi\ufe0fna",
        "mina\u034f",
    ],
)
def test_what_is_no_name_is_refused(words: str) -> None:
    assert normalize_display_name(words) is None


@pytest.mark.parametrize(
    "words",
    [
        *("Eva", "e v a", "ЕVА", "Éva", "ｅｖａ", "에바", "에 바", "Admin", "ADM1N", "관리자", "운영자"),
        *("fuck you", "FUСK", "xxnigger99", "씨발", "씨 발 놈", "병신아", "ㅅㅂ", "Hitler 88"),
    ],
)
def test_nobody_is_called_like_eva_or_by_an_insult(words: str) -> None:
    assert normalize_display_name(words) is None


@pytest.mark.parametrize(
    "words",
    [
        "Evangeline",
        "Eva Kim",
        "에바라",
        "Essex",
        "Matsushita",
        "Peacock",
        "Nazim",
        "바보지만",
        "혼자지만",
        "시발점",
        "Badminton",
        "Grape",
    ],
)
def test_honest_names_that_hold_a_bad_word_are_let_be(words: str) -> None:
    assert normalize_display_name(words) == words
