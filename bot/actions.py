"""What a button asks of Eva, the same for every messenger; how it is written down is each messenger's own affair."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uuid import UUID

    from bot.texts import Language
    from core.styles import Style

__all__ = ["Action", "Verb"]


class Verb(StrEnum):
    """What is asked; the value is also the end of its label's key, `talk.button.<value>`."""

    SHARE = "share"
    """Put the look on the board."""
    KEEP = "keep"
    """Leave the look private."""
    UNSHARE = "unshare"
    """Take the look off the board."""
    GUESS = "guess"
    """Guess the style before Eva names it; without a look, guess first from now on."""
    TELL = "tell"
    """Have Eva tell first again."""
    CORRECT = "correct"
    """Say that Eva is wrong; without a style, ask which it is."""
    ANOTHER = "another"
    """Show another photo."""
    RESULT = "result"
    """Bring the verdict: on a photo that took longer, or without a guess."""
    AGREE = "agree"
    """Agree that photos of people are judged."""
    DECLINE = "decline"
    """Do not agree."""
    SPEAK = "speak"
    """Change the language; without one, ask which."""
    ENTER = "enter"
    """Open one's own page on the site."""
    BOARD = "board"
    """See today's looks of the board."""
    HISTORY = "history"
    """See one's own looks."""
    PRIVACY = "privacy"
    """Hear what becomes of photos."""
    TAKE = "take"
    """Be shown on the board under the name that Eva made up."""
    FORGET = "forget"
    """Be asked whether everything of theirs shall be deleted."""
    ERASE = "erase"
    """Delete the person and everything of theirs, after they were asked."""
    STAY = "stay"
    """Do not delete anything; with a look, do not correct it after all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One press of a button. It may be forged: whether the look is the presser's is for the service to check."""

    verb: Verb
    look: UUID | None = None
    """The look it is about; under `RESULT` the photo that is being judged."""
    style: Style | None = None
    """The style that a guess or a correction names."""
    language: Language | None = None
    """The language to speak from now on."""
