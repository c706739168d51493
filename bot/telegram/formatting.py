"""Formatting of texts and verdicts as Telegram messages.

A verdict is sent in at most four messages, since a chat receives one a second:

    opening  |  heatmap, captioned with verdict and evidence  |  further remarks  |  closing, with the buttons
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
EVIDENCE_GROUP = (MessageSlot.VERDICT, MessageSlot.EVIDENCE)
"""The slots of the caption under the heatmap."""
MESSAGE_GROUPS = (
    (MessageSlot.OPENING,),
    EVIDENCE_GROUP,
    (MessageSlot.RUNNER_UP, MessageSlot.ABOUT, MessageSlot.TIP, MessageSlot.HELP),
    (MessageSlot.CLOSING,),
)
"""The slots that share a message, in the order of the messages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingMessage:
    """One message to send, within Telegram's limits."""

    html: str
    """Text, or caption of the photo, escaped. Empty only for a photo."""
    photo: bytes | None = None
    """A JPEG to upload."""
    keyboard: InlineKeyboardMarkup | None = None


def text_messages(*sentences: str, keyboard: InlineKeyboardMarkup | None = None) -> tuple[OutgoingMessage, ...]:
    """One message for each sentence, the keyboard under the last."""
    last = len(sentences) - 1
    return tuple(
        photo_message(None, sentence, keyboard if number == last else None) for number, sentence in enumerate(sentences)
    )


def photo_message(photo: bytes | None, caption: str, keyboard: InlineKeyboardMarkup | None = None) -> OutgoingMessage:
    """A photo with a caption; the text alone if the photo is None because it was deleted."""
    # Truncated before it is escaped: Telegram counts the characters after parsing the markup.
    text = truncate(caption, MAX_TEXT_LENGTH if photo is None else MAX_CAPTION_LENGTH)
    return OutgoingMessage(html=escape(text, quote=False), photo=photo, keyboard=keyboard)


def format_verdict(
    messages: Sequence[Message],
    verdict: Verdict,
    *,
    heatmap: bytes | None,
    keyboard: InlineKeyboardMarkup | None,
    note: str | None = None,
) -> tuple[OutgoingMessage, ...]:
    """A verdict with its heatmap, and the buttons under the last message.

    Args:
        messages: from `core.conversation.narration.verdict_messages`.
        verdict: the verdict; without an outfit there is no heatmap.
        heatmap: a JPEG; None if it was deleted.
        keyboard: the buttons.
        note: replaces the opening, e.g. to say that the photo is a duplicate.
    """
    has_outfit = verdict.band is not ConfidenceBand.NOT_AN_OUTFIT
    texts = {group: [message.text for message in messages if message.slot in group] for group in MESSAGE_GROUPS}
    if note is not None:
        texts[MESSAGE_GROUPS[0]] = [note]
    filled = [group for group in MESSAGE_GROUPS if texts[group]]
    return tuple(
        photo_message(
            heatmap if has_outfit and group is EVIDENCE_GROUP else None,
            "\n".join(texts[group]),
            keyboard if group is filled[-1] else None,
        )
        for group in filled
    )
