from __future__ import annotations

import json
from uuid import UUID

import pytest

from bot.actions import Action, Verb
from bot.kakao.actions import action_of, as_extra
from bot.kakao.payload import SkillCall, read_call
from bot.texts import Language
from core.styles import Style

LOOK = UUID("019a5f00-0000-7000-8000-000000000001")


def pressed(extra: object, utterance: str = "") -> SkillCall:
    return read_call(
        json.dumps({"userRequest": {"utterance": utterance}, "action": {"clientExtra": extra}}).encode(), ()
    )


@pytest.mark.parametrize(
    "action",
    [
        *(Action(verb=verb, look=LOOK) for verb in Verb),
        Action(verb=Verb.CORRECT, look=LOOK, style=Style.BUSINESS_CASUAL),
        Action(verb=Verb.SPEAK, language=Language.KO),
    ],
)
def test_action_comes_back_from_its_button(action: Action) -> None:
    assert action_of(pressed(as_extra(action))) == action


@pytest.mark.parametrize("typed", ["보드에 올리기", " 다른 사진 ", "Share to board", "SHARE TO BOARD"])
def test_typed_label_counts_as_pressed(typed: str) -> None:
    action = action_of(pressed(None, typed))

    assert action is not None
    assert action.look is None


@pytest.mark.parametrize(
    "extra", [None, {}, [], {"do": "fly"}, {"do": "share", "look": "42"}, {"do": "correct", "style": "goth"}, {"do": 1}]
)
def test_forged_or_foreign_extras_ask_for_nothing(extra: object) -> None:
    assert action_of(pressed(extra, "안녕")) is None


@pytest.mark.parametrize("typed", ["다 지워 주세요", "네, 지워 주세요", "Yes, delete it"])
def test_typed_wish_to_be_forgotten_asks_first(typed: str) -> None:
    assert action_of(pressed(None, typed)) == Action(verb=Verb.FORGET)
