"""What Eva says, as Telegram shows it: at most four messages for a verdict, since a chat takes one a second.

opening  |  heat picture, under it verdict and evidence  |  what else there is to say  |  closing, with the buttons
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from telegram import InlineKeyboardMarkup
from telegram.constants import MessageLimit

from bot.measure import cut
from bot.voice import Slot
from core.vision.verdict import Band

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.voice import Bubble
    from core.vision.verdict import Verdict

__all__ = ["Outgoing", "say", "show_picture", "show_verdict"]

MOST_TEXT = MessageLimit.MAX_TEXT_LENGTH.value
MOST_CAPTION = MessageLimit.CAPTION_LENGTH.value
PARTS = (
    (Slot.OPENING,),
    (Slot.VERDICT, Slot.EVIDENCE),
    (Slot.RUNNER_UP, Slot.ABOUT, Slot.TIP, Slot.HELP),
    (Slot.CLOSING,),
)
"""Which bubbles share a message."""
FOUND = PARTS[1]
"""The part with the heat picture."""


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


def show_picture(photo: bytes | None, caption: str, keyboard: InlineKeyboardMarkup | None = None) -> Outgoing:
    """A picture with some words under it; the words alone where the picture is gone."""
    limit = MOST_TEXT if photo is None else MOST_CAPTION
    return Outgoing(html=_escaped(caption, limit), photo=photo, keyboard=keyboard)


def show_verdict(
    bubbles: Sequence[Bubble],
    verdict: Verdict,
    *,
    heat: bytes | str | None,
    keyboard: InlineKeyboardMarkup | None,
    note: str | None = None,
) -> tuple[Outgoing, ...]:
    """A verdict with its heat picture, and the buttons under the last message.

    Args:
        bubbles: what Eva says about the photo, from `bot.voice.speak`.
        verdict: what she found.
        heat: the heat picture, a JPEG or a file_id; None where it is gone.
        keyboard: what one can do with it.
        note: what to say first, in place of the opening, e.g. that she has seen this photo before.
    """
    seen = verdict.band is not Band.NOT_AN_OUTFIT
    said = {part: [bubble.text for bubble in bubbles if bubble.slot in part] for part in PARTS}
    if note is not None:
        said[PARTS[0]] = [note]
    messages = []
    for part, sentences in said.items():
        if sentences:
            picture = heat if seen and part is FOUND else None
            words = _escaped("\n".join(sentences), MOST_TEXT if picture is None else MOST_CAPTION)
            messages.append(Outgoing(html=words, photo=picture))
    last = messages.pop()
    return (*messages, Outgoing(html=last.html, photo=last.photo, keyboard=keyboard))


def _escaped(words: str, limit: int) -> str:
    """Cut first, since Telegram counts what is read, not what is written for it."""
    return escape(cut(words, limit), quote=False)
