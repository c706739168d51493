"""Messages that are sent on Telegram: a text, or a photo with a caption."""

from dataclasses import dataclass, replace
from typing import Self

from telegram import InlineKeyboardMarkup
from telegram.constants import MessageLimit

MAX_TEXT_LENGTH = MessageLimit.MAX_TEXT_LENGTH.value
MAX_CAPTION_LENGTH = MessageLimit.CAPTION_LENGTH.value


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
