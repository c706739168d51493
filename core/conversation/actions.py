"""Actions that buttons trigger, the same in every channel; each channel has its own encoding of them."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID
from zlib import crc32

from core.i18n.translations import Language
from core.styles import Style


class ActionType(StrEnum):
    """Kind of an action; the value is part of the key of its button's label, `talk.button.<value>`."""

    SHARE = "share"
    """Put the look on the leaderboard."""
    KEEP_PRIVATE = "keep"
    """Leave the look private."""
    UNSHARE = "unshare"
    """Take the look off the leaderboard."""
    GUESS = "guess"
    """Guess the style before the verdict; without a look, enable guessing for all photos to come."""
    REVEAL_FIRST = "tell"
    """Disable guessing for all photos to come."""
    SHOW_DETAILS = "more"
    """Show the details of the verdict: the runner-up and the probabilities of the most likely styles."""
    SHOW_REASON = "why"
    """Show why Eva named the style."""
    SHOW_SWAP = "swap"
    """Show what exchange of one item would change the style."""
    SHOW_SIMILAR = "similar"
    """Show public looks of others that resemble the look."""
    CORRECT = "correct"
    """Correct the verdict; without a style, ask for the style."""
    NEW_PHOTO = "another"
    """Send another photo."""
    SHOW_RESULT = "result"
    """Show the verdict on a photo that took longer, or on a look without a guess."""
    GRANT_CONSENT = "agree"
    """Agree that photos of people are judged."""
    DECLINE_CONSENT = "decline"
    """Decline that photos of people are judged."""
    SET_LANGUAGE = "speak"
    """Change the language; without a language, ask for it."""
    OPEN_ACCOUNT = "enter"
    """Open the account page on the site."""
    SHOW_LEADERBOARD = "board"
    """Show today's top looks of the leaderboard."""
    SHOW_HISTORY = "history"
    """Show the person's own looks."""
    SHOW_WEEK = "week"
    """Show the card of the person's last seven days."""
    SHOW_PRIVACY = "privacy"
    """Show the privacy notice."""
    ACCEPT_NAME = "take"
    """Share under the suggested name."""
    CONFIRM_NAME = "post"
    """Share under the name that was shown back."""
    CANCEL_NAME = "nopost"
    """Share nothing, and forget the name that was shown back."""
    ALLOW_LEARNING = "learn"
    """Agree that Eva learns from the photos that the person corrects."""
    DECLINE_LEARNING = "nolearn"
    """Decline that, or take an earlier consent back."""
    START_DAILY_NEWS = "news"
    """Get a message on days with news."""
    STOP_DAILY_NEWS = "nonews"
    """Get no such message any more."""
    ASK_ERASE = "forget"
    """Ask for confirmation before the account is erased."""
    CONFIRM_ERASE = "erase"
    """Erase the person and all of their data."""
    CANCEL = "stay"
    """Cancel the erasure; with a look, cancel the correction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """A pressed button or a typed wish. The content may be forged: the service checks that the look is the person's."""

    type: ActionType
    look_id: UUID | None = None
    """The look; for `SHOW_RESULT` also the photo that is being judged."""
    style: Style | None = None
    """The guessed or corrected style."""
    language: Language | None = None
    """The language to use from now on."""
    name_tag: str | None = None
    """For `CONFIRM_NAME`, the tag of the name that was shown above the button; see `tag_name`."""
    is_typed: bool = False
    """Whether it was written instead of pressed: then it shares nothing before a button confirms it."""

    @property
    def choice(self) -> Style | Language | ActionType:
        """What its button is named after: the style or the language that it chooses, or else what it does."""
        return self.style or self.language or self.type


def tag_name(name: str | None) -> str:
    """Eight hexadecimal digits that tell whether a name is still the one that a button was sent with."""
    return f"{crc32((name or '').encode()):08x}"
