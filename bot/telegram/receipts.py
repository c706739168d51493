"""What became of a message that was sent to Telegram."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Outcome", "Receipt"]


class Outcome(StrEnum):
    """What became of a message."""

    SENT = "sent"
    UNSURE = "unsure"
    """Telegram did not answer in time; the message may have arrived."""
    GONE = "gone"
    """The person blocked Eva, or the chat is no more."""
    MOVED = "moved"
    """The group has another id now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What became of a message, and what is needed to go on."""

    outcome: Outcome
    message: int | None = None
    """Its id, if it was sent."""
    photo: str | None = None
    """file_id of its photo, to send it again without uploading it."""
    moved_to: int | None = None
    """The group's new id."""
