"""Buttons of KakaoTalk: an action travels in a button's `extra` and comes back in the next call."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING
from uuid import UUID

from bot.actions import Action, Verb
from bot.texts import Language, text
from core.styles import Style

if TYPE_CHECKING:
    from bot.kakao.payload import SkillCall

__all__ = ["action_of", "as_extra"]


def as_extra(action: Action) -> dict[str, str]:
    """An action as the `extra` of a button."""
    parts = {"do": action.verb.value, "look": action.look, "style": action.style, "language": action.language}
    return {name: str(part) for name, part in parts.items() if part is not None}


def action_of(call: SkillCall) -> Action | None:
    """What a call asks for: the pressed button's action, or that of a button whose label was typed.

    None where it asks for nothing that a button could. What was typed is about no look in particular.
    """
    extra = call.extra
    try:
        verb = Verb(extra.get("do", ""))
        return Action(
            verb=verb,
            look=UUID(extra["look"]) if "look" in extra else None,
            style=Style(extra["style"]) if "style" in extra else None,
            language=Language(extra["language"]) if "language" in extra else None,
        )
    except ValueError:
        return _typed().get(call.utterance.casefold())


@cache
def _typed() -> dict[str, Action]:
    """The labels of all buttons in both languages. Typed, the last yes only asks: nobody deletes all by a sentence."""
    return {
        text(f"talk.button.{verb}", language).casefold(): Action(verb=Verb.FORGET if verb is Verb.ERASE else verb)
        for language in Language
        for verb in Verb
    }
