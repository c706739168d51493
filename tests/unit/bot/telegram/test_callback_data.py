from itertools import product
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.telegram.callback_data import ACTION_CODES, decode_callback_data, encode_callback_data
from core.conversation.actions import Action, ActionType
from core.i18n.translations import Language
from core.styles import STYLES, Style

LOOK = UUID("019a5f00-0000-7000-8000-000000000001")


@pytest.mark.parametrize(("verb", "look"), list(product(ActionType, (None, LOOK, UUID(int=0), UUID(int=2**128 - 1)))))
def test_action_comes_back_from_its_button(verb: ActionType, look: UUID | None) -> None:
    for action in (
        Action(type=verb, look_id=look),
        *(Action(type=verb, look_id=look, style=style) for style in STYLES),
        *(Action(type=verb, look_id=look, language=language) for language in Language),
    ):
        data = encode_callback_data(action)
        assert decode_callback_data(data) == action
        assert 1 <= len(data.encode()) <= 64


def test_every_verb_has_a_letter_of_its_own() -> None:
    assert len(set(ACTION_CODES.values())) == len(ActionType)


def test_buttons_in_old_chats_keep_their_meaning() -> None:
    assert decode_callback_data("c.AZpfAAAAcACAAAAAAAAAAQ.6") == Action(
        type=ActionType.CORRECT, look_id=LOOK, style=Style.CASUAL
    )
    assert decode_callback_data("l..ko") == Action(type=ActionType.SET_LANGUAGE, language=Language.KO)
    assert decode_callback_data("a") == Action(type=ActionType.NEW_PHOTO)


@pytest.mark.parametrize(
    "data",
    ["", ".", "x", "s.short", "s.AZpfAAAAcACAAAAAAAAAAQ.8", "s.AZpfAAAAcACAAAAAAAAAAQ.fr", "s.a.b.c", "s.한글", "s..²"],
)
def test_forged_data_is_no_action(data: str) -> None:
    assert decode_callback_data(data) is None


@given(st.text(max_size=64))
def test_no_data_raises(data: str) -> None:
    decode_callback_data(data)
