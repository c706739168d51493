import json
from uuid import UUID

import pytest

from bot.kakao.payload import SkillRequest, decode_action, encode_action, parse_request
from core.conversation.actions import Action, ActionType
from core.i18n.translations import Language
from core.styles import Style

LOOK = UUID("019a5f00-0000-7000-8000-000000000001")


def make_request(extra: object, utterance: str = "") -> SkillRequest:
    return parse_request(
        json.dumps({"userRequest": {"utterance": utterance}, "action": {"clientExtra": extra}}).encode(), ()
    )


@pytest.mark.parametrize(
    "action",
    [
        *(Action(type=action_type, look_id=LOOK) for action_type in ActionType),
        Action(type=ActionType.CORRECT, look_id=LOOK, style=Style.BUSINESS_CASUAL),
        Action(type=ActionType.SET_LANGUAGE, language=Language.KO),
    ],
)
def test_encoded_action_is_decoded_unchanged(action: Action) -> None:
    assert decode_action(make_request(encode_action(action))) == action


@pytest.mark.parametrize("typed", ["보드에 올리기", " 다른 사진 ", "Share to board", "SHARE TO BOARD"])
def test_typed_label_is_decoded_like_its_button(typed: str) -> None:
    action = decode_action(make_request(None, typed))

    assert action is not None
    assert action.look_id is None


@pytest.mark.parametrize(
    "extra", [None, {}, [], {"do": "fly"}, {"do": "share", "look": "42"}, {"do": "correct", "style": "goth"}, {"do": 1}]
)
def test_invalid_extra_is_no_action(extra: object) -> None:
    assert decode_action(make_request(extra, "안녕")) is None


@pytest.mark.parametrize("typed", ["다 지워 주세요", "네, 지워 주세요", "Yes, delete it"])
def test_typed_erasure_asks_for_confirmation(typed: str) -> None:
    assert decode_action(make_request(None, typed)) == Action(type=ActionType.ASK_ERASE)
