"""What Eva says, as Telegram shows it: at most four messages for a verdict, since a chat takes one a second.

opening  |  heat picture, under it verdict and evidence  |  what else there is to say  |  closing, with the buttons
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from telegram import InlineKeyboardMarkup
from telegram.constants import MessageLimit

from bot.text_limits import truncate
from core.conversation.narration import Message, MessageSlot
from core.vision.verdict import ConfidenceBand, Verdict

MAX_TEXT_LENGTH = MessageLimit.MAX_TEXT_LENGTH.value
MAX_CAPTION_LENGTH = MessageLimit.CAPTION_LENGTH.value
MESSAGE_GROUPS = (
    (MessageSlot.OPENING,),
    (MessageSlot.VERDICT, MessageSlot.EVIDENCE),
    (MessageSlot.RUNNER_UP, MessageSlot.ABOUT, MessageSlot.TIP, MessageSlot.HELP),
    (MessageSlot.CLOSING,),
)
"""Which bubbles share a message."""
EVIDENCE_GROUP = MESSAGE_GROUPS[1]
"""The part with the heat picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingMessage:
    """One message to send. Markup is HTML; the limits of Telegram are kept."""

    html: str
    """Text, or the caption of the photo; escaped. Empty only under a photo."""
    photo: bytes | str | None = None
    """A JPEG to upload, or the file_id of one that was sent before."""
    keyboard: InlineKeyboardMarkup | None = None


def text_messages(*sentences: str, keyboard: InlineKeyboardMarkup | None = None) -> tuple[OutgoingMessage, ...]:
    """Sentences as messages, the keyboard under the last."""
    last = len(sentences) - 1
    return tuple(
        OutgoingMessage(html=_escape(sentence, MAX_TEXT_LENGTH), keyboard=keyboard if place == last else None)
        for place, sentence in enumerate(sentences)
    )


def photo_message(photo: bytes | None, caption: str, keyboard: InlineKeyboardMarkup | None = None) -> OutgoingMessage:
    """A picture with some words under it; the words alone where the picture is gone."""
    limit = MAX_TEXT_LENGTH if photo is None else MAX_CAPTION_LENGTH
    return OutgoingMessage(html=_escape(caption, limit), photo=photo, keyboard=keyboard)


def format_verdict(
    messages: Sequence[Message],
    verdict: Verdict,
    *,
    heatmap: bytes | str | None,
    keyboard: InlineKeyboardMarkup | None,
    note: str | None = None,
) -> tuple[OutgoingMessage, ...]:
    """A verdict with its heat picture, and the buttons under the last message.

    Args:
        bubbles: what Eva says about the photo, from `core.conversation.narration.speak`.
        verdict: what she found.
        heat: the heat picture, a JPEG or a file_id; None where it is gone.
        keyboard: what one can do with it.
        note: what to say first, in place of the opening, e.g. that she has seen this photo before.
    """
    seen = verdict.band is not ConfidenceBand.NOT_AN_OUTFIT
    said = {part: [bubble.text for bubble in messages if bubble.slot in part] for part in MESSAGE_GROUPS}
    if note is not None:
        said[MESSAGE_GROUPS[0]] = [note]
    outgoing: list[OutgoingMessage] = []
    for part, sentences in said.items():
        if sentences:
            picture = heatmap if seen and part is EVIDENCE_GROUP else None
            words = _escape("\n".join(sentences), MAX_TEXT_LENGTH if picture is None else MAX_CAPTION_LENGTH)
            outgoing.append(OutgoingMessage(html=words, photo=picture))
    last = outgoing.pop()
    return (*outgoing, OutgoingMessage(html=last.html, photo=last.photo, keyboard=keyboard))


def _escape(text: str, limit: int) -> str:
    """Cut first, since Telegram counts what is read, not what is written for it."""
    return escape(truncate(text, limit), quote=False)
