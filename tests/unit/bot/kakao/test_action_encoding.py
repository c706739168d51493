import json
from uuid import UUID

import pytest

from bot.kakao.payload import SkillRequest, decode_action, encode_action, parse_request
from core.conversation.actions import Action, ActionType
from core.i18n.translations import Language
from core.styles import Style

LOOK = UUID("019a5f00-0000-7000-8000-000000000001")


def pressed(extra: object, utterance: str = "") -> SkillRequest:
    return parse_request(
        json.dumps({"userRequest": {"utterance": utterance}, "action": {"clientExtra": extra}}).encode(), ()
    )


@pytest.mark.parametrize(
    "action",
    [
        *(Action(type=verb, look_id=LOOK) for verb in ActionType),
        Action(type=ActionType.CORRECT, look_id=LOOK, style=Style.BUSINESS_CASUAL),
        Action(type=ActionType.SET_LANGUAGE, language=Language.KO),
    ],
)
def test_action_comes_back_from_its_button(action: Action) -> None:
    assert decode_action(pressed(encode_action(action))) == action


@pytest.mark.parametrize("typed", ["보드에 올리기", " 다른 사진 ", "Share to board", "SHARE TO BOARD"])
def test_typed_label_counts_as_pressed(typed: str) -> None:
    action = decode_action(pressed(None, typed))

    assert action is not None
    assert action.look_id is None


@pytest.mark.parametrize(
    "extra", [None, {}, [], {"do": "fly"}, {"do": "share", "look": "42"}, {"do": "correct", "style": "goth"}, {"do": 1}]
)
def test_forged_or_foreign_extras_ask_for_nothing(extra: object) -> None:
    assert decode_action(pressed(extra, "안녕")) is None


@pytest.mark.parametrize("typed", ["다 지워 주세요", "네, 지워 주세요", "Yes, delete it"])
def test_typed_wish_to_be_forgotten_asks_first(typed: str) -> None:
    assert decode_action(pressed(None, typed)) == Action(type=ActionType.ASK_ERASE)
