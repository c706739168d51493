"""What a button asks of Eva, the same for every messenger; how it is written down is each messenger's own affair."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from core.i18n.translations import Language
from core.styles import Style


class ActionType(StrEnum):
    """What is asked; the value is also the end of its label's key, `talk.button.<value>`."""

    SHARE = "share"
    """Put the look on the board."""
    KEEP_PRIVATE = "keep"
    """Leave the look private."""
    UNSHARE = "unshare"
    """Take the look off the board."""
    GUESS = "guess"
    """Guess the style before Eva names it; without a look, guess first from now on."""
    REVEAL_FIRST = "tell"
    """Have Eva tell first again."""
    CORRECT = "correct"
    """Say that Eva is wrong; without a style, ask which it is."""
    NEW_PHOTO = "another"
    """Show another photo."""
    SHOW_RESULT = "result"
    """Bring the verdict: on a photo that took longer, or without a guess."""
    GRANT_CONSENT = "agree"
    """Agree that photos of people are judged."""
    DECLINE_CONSENT = "decline"
    """Do not agree."""
    SET_LANGUAGE = "speak"
    """Change the language; without one, ask which."""
    OPEN_ACCOUNT = "enter"
    """Open one's own page on the site."""
    SHOW_LEADERBOARD = "board"
    """See today's looks of the board."""
    SHOW_HISTORY = "history"
    """See one's own looks."""
    SHOW_PRIVACY = "privacy"
    """Hear what becomes of photos."""
    ACCEPT_NAME = "take"
    """Be shown on the board under the name that Eva made up."""
    ASK_ERASE = "forget"
    """Be asked whether everything of theirs shall be deleted."""
    CONFIRM_ERASE = "erase"
    """Delete the person and everything of theirs, after they were asked."""
    CANCEL = "stay"
    """Do not delete anything; with a look, do not correct it after all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One press of a button. It may be forged: whether the look is the presser's is for the service to check."""

    type: ActionType
    look_id: UUID | None = None
    """The look it is about; under `RESULT` the photo that is being judged."""
    style: Style | None = None
    """The style that a guess or a correction names."""
    language: Language | None = None
    """The language to speak from now on."""
