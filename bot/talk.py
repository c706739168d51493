"""What Eva says beside her verdicts, for any messenger: about a guess, and where there is no photo to look at."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from bot.texts import text
from bot.voice import choose, style_name
from core.vision.verdict import Band

if TYPE_CHECKING:
    from bot.actions import Action
    from bot.texts import Language
    from core.styles import Style
    from core.vision.verdict import Verdict

__all__ = ["Oddity", "comment", "label", "receive"]


class Oddity(StrEnum):
    """Something that people send and Eva cannot judge; the value is the end of its text's key, `talk.kind.<value>`."""

    STICKER = "sticker"
    VIDEO = "video"
    ANIMATION = "animation"
    VOICE = "voice"
    FILE = "file"
    OTHER = "other"


def receive(oddity: Oddity, language: Language) -> str:
    """What she says to something that is no photo."""
    return text(f"talk.kind.{oddity}", language)


def comment(guess: Style, verdict: Verdict, *, photo: str, language: Language) -> str:
    """What she says about a person's guess.

    Args:
        guess: the style that the person named.
        verdict: what she found herself.
        photo: a stable hash of the photo's bytes, as text; it chooses the words.
        language: the language she speaks.
    """
    names = {"guess": style_name(guess, language), "style": style_name(verdict.style, language)}
    return text(choose(f"talk.guess.{_quality(guess, verdict)}", photo, language), language, **names)


def label(action: Action, language: Language) -> str:
    """The label of a button, at most 14 letters: the style or language that it names, else what it does."""
    if action.style is not None:
        return text(f"talk.style.{action.style}", language)
    if action.language is not None:
        return text(f"talk.language.{action.language}", language)
    return text(f"talk.button.{action.verb}", language)


def _quality(guess: Style, verdict: Verdict) -> str:
    if verdict.band is Band.NOT_AN_OUTFIT:
        return "nothing"
    if guess is verdict.style:
        return "right"
    return "near" if guess is verdict.runner_up else "wrong"
