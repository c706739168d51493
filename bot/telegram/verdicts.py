"""The verdict on a look as messages of Telegram, and who sees its picture.

A verdict is sent in at most two messages, since a chat receives one a second and the buttons are under the first:

    heatmap, captioned with verdict and evidence  |  style, tip and closing

The opening is left out, and the remark on the runner-up too unless the two are too close to call: it is one of the
details that a button shows.
"""

from collections.abc import Sequence
from dataclasses import replace

from telegram import InlineKeyboardMarkup

from bot.telegram.delivery import UpdateDelivery
from bot.telegram.outgoing_messages import MAX_CAPTION_LENGTH, OutgoingMessage, text_messages
from core.conversation.narration import Message, MessageSlot, verdict_messages
from core.conversation.service import ConversationService
from core.db.looks import Look
from core.db.people import Person
from core.i18n.translations import utf16_length
from core.vision.verdict import ConfidenceBand, Verdict

CAPTION_SLOTS = {MessageSlot.VERDICT, MessageSlot.EVIDENCE}
"""What the caption under the heatmap says."""
REMARK_SLOTS = {MessageSlot.ABOUT, MessageSlot.TIP, MessageSlot.CLOSING}
"""What the second message says."""


async def send_verdict(
    delivery: UpdateDelivery,
    conversation: ConversationService,
    person: Person,
    look: Look,
    *,
    heatmap: bytes | None = None,
    note: str | None = None,
    step: str = "verdict",
) -> None:
    """Send the verdict on a look that does not wait for a guess any more, with its heatmap and its buttons.

    In a group a look from another chat has neither: its picture may differ from the one that was sent to the group.

    Args:
        delivery: sends the messages.
        conversation: has the settings.
        person: the owner of the look.
        look: the look.
        heatmap: its heatmap as a JPEG; None to load it from the object storage.
        note: said first.
        step: see `UpdateDelivery.send_all`.

    Raises:
        EvaError: see `UpdateDelivery.send_all` and `UpdateDelivery.load_image`.
    """
    if shows_picture(delivery, look):
        picture = heatmap or await delivery.load_image(look.heatmap_key)
        keyboard = delivery.keyboards.look(look, conversation.settings, guesses_first=person.guesses_first)
    else:
        picture, keyboard = None, delivery.keyboards.private_look(look.id)
    messages = format_verdict(
        verdict_messages(look.verdict, seed=look.variant_seed, language=delivery.language),
        look.verdict,
        heatmap=picture,
        keyboard=keyboard,
        note=note,
    )
    await delivery.send_all(step, messages, look_id=look.id)


def shows_picture(delivery: UpdateDelivery, look: Look) -> bool:
    """Whether everybody in the chat may see the picture of a look: it was sent there, or the chat is private."""
    return delivery.is_private or look.source_message_id.startswith(f"{delivery.chat_id}:")


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
