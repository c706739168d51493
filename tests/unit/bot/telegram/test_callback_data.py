from dataclasses import replace
from itertools import product
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.telegram.keyboards import ACTION_CODES, CallbackData, decode_callback_data, encode_callback_data
from core.conversation.actions import Action, ActionType, tag_name
from core.i18n.translations import Language
from core.styles import STYLES, Style

LOOK_ID = UUID("019a5f00-0000-7000-8000-000000000001")


@pytest.mark.parametrize(
    ("action_type", "look_id"), list(product(ActionType, (None, LOOK_ID, UUID(int=0), UUID(int=2**128 - 1))))
)
def test_encoded_action_is_decoded(action_type: ActionType, look_id: UUID | None) -> None:
    actions = [Action(type=action_type, look_id=look_id)]
    if action_type is ActionType.CONFIRM_NAME:
        actions += [replace(actions[0], name_tag=tag_name(name)) for name in (None, "민트", "Mina 1")]
    else:
        actions += [replace(actions[0], style=style) for style in STYLES]
        actions += [replace(actions[0], language=language) for language in Language]
    for action in actions:
        for owner_id, asked_at in ((None, None), (42, None), (2**52 - 1, 4_102_444_800)):
            data = CallbackData(action=action, owner_id=owner_id, asked_at=asked_at)
            encoded = encode_callback_data(data)
            assert decode_callback_data(encoded) == data
            assert 1 <= len(encoded.encode()) <= 64


def test_every_action_type_has_its_own_code() -> None:
    assert len(set(ACTION_CODES.values())) == len(ActionType)


def test_codes_keep_their_meaning() -> None:
    correction = Action(type=ActionType.CORRECT, look_id=LOOK_ID, style=Style.CASUAL)
    assert decode_callback_data("c.AZpfAAAAcACAAAAAAAAAAQ.6~42") == CallbackData(action=correction, owner_id=42)
    language = Action(type=ActionType.SET_LANGUAGE, language=Language.KO)
    assert decode_callback_data("l..ko") == CallbackData(action=language)
    erasure = Action(type=ActionType.CONFIRM_ERASE)
    assert decode_callback_data("e~42.1764365000") == CallbackData(action=erasure, owner_id=42, asked_at=1_764_365_000)


@pytest.mark.parametrize(
    "data",
    [
        *(
            "",
            ".",
            "z",
            "s.short",
            "s.AZpfAAAAcACAAAAAAAAAAQ.8",
            "s.AZpfAAAAcACAAAAAAAAAAQ.fr",
            "s.a.b.c",
            "s.한글",
            "s..²",
        ),
        *("e~x", "e~-1", "e~1.2.3", "e~²"),
    ],
)
def test_invalid_data_is_no_action(data: str) -> None:
    assert decode_callback_data(data) is None


@given(st.text(max_size=64))
def test_any_text_is_an_action_or_none(data: str) -> None:
    decoded = decode_callback_data(data)
    assert decoded is None or decode_callback_data(encode_callback_data(decoded)) == decoded
