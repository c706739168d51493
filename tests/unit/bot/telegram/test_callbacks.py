from __future__ import annotations

from itertools import product
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.actions import Action, Verb
from bot.telegram.callbacks import LETTERS, decode, encode
from bot.texts import Language
from core.styles import STYLES, Style

LOOK = UUID("019a5f00-0000-7000-8000-000000000001")


@pytest.mark.parametrize(("verb", "look"), list(product(Verb, (None, LOOK, UUID(int=0), UUID(int=2**128 - 1)))))
def test_action_comes_back_from_its_button(verb: Verb, look: UUID | None) -> None:
    for action in (
        Action(verb=verb, look=look),
        *(Action(verb=verb, look=look, style=style) for style in STYLES),
        *(Action(verb=verb, look=look, language=language) for language in Language),
    ):
        data = encode(action)
        assert decode(data) == action
        assert 1 <= len(data.encode()) <= 64


def test_every_verb_has_a_letter_of_its_own() -> None:
    assert len(set(LETTERS.values())) == len(Verb)


def test_buttons_in_old_chats_keep_their_meaning() -> None:
    assert decode("c.AZpfAAAAcACAAAAAAAAAAQ.6") == Action(verb=Verb.CORRECT, look=LOOK, style=Style.CASUAL)
    assert decode("l..ko") == Action(verb=Verb.SPEAK, language=Language.KO)
    assert decode("a") == Action(verb=Verb.ANOTHER)


@pytest.mark.parametrize(
    "data",
    ["", ".", "x", "s.short", "s.AZpfAAAAcACAAAAAAAAAAQ.8", "s.AZpfAAAAcACAAAAAAAAAAQ.fr", "s.a.b.c", "s.한글", "s..²"],
)
def test_forged_data_is_no_action(data: str) -> None:
    assert decode(data) is None


@given(st.text(max_size=64))
def test_no_data_raises(data: str) -> None:
    decode(data)
