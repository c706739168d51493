"""Formatting of texts and verdicts as Telegram messages.

A verdict is sent in at most two messages, since a chat receives one a second and the buttons are under the first:

    heatmap, captioned with verdict and evidence  |  style, tip and closing

The opening is left out, and the remark on the runner-up too unless the two are too close to call: it is one of the
details that a button shows.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from telegram import InlineKeyboardMarkup
from telegram.constants import MessageLimit

from core.conversation.narration import Message, MessageSlot
from core.i18n.translations import utf16_length
from core.vision.verdict import ConfidenceBand, Verdict

MAX_TEXT_LENGTH = MessageLimit.MAX_TEXT_LENGTH.value
MAX_CAPTION_LENGTH = MessageLimit.CAPTION_LENGTH.value
CAPTION_SLOTS = {MessageSlot.VERDICT, MessageSlot.EVIDENCE}
"""What the caption under the heatmap says."""
REMARK_SLOTS = {MessageSlot.ABOUT, MessageSlot.TIP, MessageSlot.CLOSING}
"""What the second message says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingMessage:
    """One message to send."""

    text: str
    """Without markup; the caption if there is a photo. Empty only for a photo."""
    photo: bytes | None = None
    """A JPEG to upload."""
    keyboard: InlineKeyboardMarkup | None = None
    is_covered: bool = False
    """Whether the photo is covered until it is tapped."""
    text_without_photo: str | None = None
    """Text in place of a photo that the chat does not take, if it differs from the caption."""

    @property
    def without_photo(self) -> Self | None:
        """The message for a chat that does not take its photo; None if it has no photo, or nothing but a photo."""
        if self.photo is None or not self.text:
            return None
        return replace(self, photo=None, text=self.text_without_photo or self.text)


def text_messages(*sentences: str, keyboard: InlineKeyboardMarkup | None = None) -> tuple[OutgoingMessage, ...]:
    """One message for each sentence, the keyboard under the last."""
    last = len(sentences) - 1
    return tuple(
        OutgoingMessage(text=sentence, keyboard=keyboard if number == last else None)
        for number, sentence in enumerate(sentences)
    )


def format_verdict(
    messages: Sequence[Message],
    verdict: Verdict,
    *,
    heatmap: bytes | None,
    keyboard: InlineKeyboardMarkup | None,
    note: str | None = None,
) -> tuple[OutgoingMessage, ...]:
    """A verdict with its heatmap and its buttons, and remarks on it; a single message for a photo without an outfit.

    Args:
        messages: from `core.conversation.narration.verdict_messages`.
        verdict: the verdict; without an outfit there is no heatmap.
        heatmap: a JPEG; None if it was deleted.
        keyboard: the buttons.
        note: said first, e.g. that the photo is a duplicate; in the second message if a caption has no room for it.
    """
    if verdict.band is ConfidenceBand.NOT_AN_OUTFIT:
        help_texts = [message.text for message in messages if message.slot is not MessageSlot.OPENING]
        return text_messages("\n".join([*filter(None, [note]), *help_texts]), keyboard=keyboard)
    remark_slots = REMARK_SLOTS | ({MessageSlot.RUNNER_UP} if verdict.band is ConfidenceBand.AMBIGUOUS else set())
    caption = [message.text for message in messages if message.slot in CAPTION_SLOTS]
    remarks = [message.text for message in messages if message.slot in remark_slots]
    noted_caption = "\n".join([*filter(None, [note]), *caption])
    if note is not None and heatmap is not None and utf16_length(noted_caption) > MAX_CAPTION_LENGTH:
        # The verdict would be cut off by a summary of an album in which much went wrong.
        remarks.insert(0, note)
        noted_caption = "\n".join(caption)
    first = OutgoingMessage(text=noted_caption, photo=heatmap, keyboard=keyboard)
    marks = [message.text for message in messages if message.slot in CAPTION_SLOTS and message.needs_picture]
    if marks:
        unmarked = "\n".join(line for line in noted_caption.split("\n") if line not in marks)
        first = replace(first, text=unmarked) if heatmap is None else replace(first, text_without_photo=unmarked)
    return (first, OutgoingMessage(text="\n".join(remarks))) if remarks else (first,)
