"""What Eva says, as Telegram shows it: one message for each bubble, the heat picture with the evidence under it."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from telegram import InlineKeyboardMarkup
from telegram.constants import MessageLimit

from bot.measure import cut
from bot.telegram.keyboards import look_keyboard
from bot.voice import Slot
from core.vision.verdict import Band

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from bot.texts import Language
    from bot.voice import Bubble
    from core.vision.verdict import Verdict

__all__ = ["Outgoing", "say", "show_verdict"]

MOST_TEXT = MessageLimit.MAX_TEXT_LENGTH.value
MOST_CAPTION = MessageLimit.CAPTION_LENGTH.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One message to send. Markup is HTML; the limits of Telegram are kept."""

    html: str
    """Text, or the caption of the photo; escaped. Empty only under a photo."""
    photo: bytes | str | None = None
    """A JPEG to upload, or the file_id of one that was sent before."""
    keyboard: InlineKeyboardMarkup | None = None


def say(*sentences: str, keyboard: InlineKeyboardMarkup | None = None) -> tuple[Outgoing, ...]:
    """Sentences as messages, the keyboard under the last."""
    last = len(sentences) - 1
    return tuple(
        Outgoing(html=_escaped(sentence, MOST_TEXT), keyboard=keyboard if place == last else None)
        for place, sentence in enumerate(sentences)
    )


def show_verdict(
    bubbles: Sequence[Bubble],
    verdict: Verdict,
    *,
    look: UUID,
    language: Language,
    heat: bytes | str | None,
    page_url: str | None = None,
    shared: bool = False,
    note: str | None = None,
) -> tuple[Outgoing, ...]:
    """A verdict with its heat picture, one message for each bubble.

    Args:
        bubbles: what Eva says about the photo, from `bot.voice.speak`.
        verdict: what she found.
        look: the look that the buttons are about.
        language: the language of `bubbles`.
        heat: the heat picture, a JPEG or a file_id; None where there is nothing to show.
        page_url: the look's page, if the person may open it.
        shared: whether the look is on the board.
        note: a sentence to say first, e.g. that she has seen this photo before.
    """
    seen = verdict.band is not Band.NOT_AN_OUTFIT
    keyboard = look_keyboard(look, language, seen=seen, shared=shared, page_url=page_url)
    messages = list(say(note)) if note else []
    for place, bubble in enumerate(bubbles):
        picture = heat if seen and bubble.slot is Slot.EVIDENCE else None
        messages.append(
            Outgoing(
                html=_escaped(bubble.text, MOST_TEXT if picture is None else MOST_CAPTION),
                photo=picture,
                keyboard=keyboard if place == len(bubbles) - 1 else None,
            )
        )
    return tuple(messages)


def _escaped(words: str, limit: int) -> str:
    """Cut first, since Telegram counts what is read, not what is written for it."""
    return escape(cut(words, limit), quote=False)
