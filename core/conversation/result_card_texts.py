"""Result cards of looks: what they say, and the drawing.

Everybody who has an address, see `core.urls.card_path`, sees the card until the address ends, the photo is deleted, or
its time is over.

See ADR 0032.
"""

from functools import partial

from anyio import to_thread

from core.conversation.narration import MessageSlot, format_percent, style_name, verdict_messages
from core.db.looks import Look
from core.db.schema import PendingQuestion
from core.errors import ObjectNotFoundError
from core.i18n.clothing_names import name_whole_things
from core.i18n.translations import Language
from core.images.result_card import CardShape, CardText, draw_result_card
from core.resources import Resources
from core.vision.verdict import ConfidenceBand

MAX_THINGS = 2
"""Seen things on a card."""


def can_have_card(look: Look) -> bool:
    """Whether there is a card: of an outfit whose picture still exists and whose verdict is told."""
    return (
        look.verdict.band is not ConfidenceBand.NOT_AN_OUTFIT
        and look.heatmap_key is not None
        and look.pending_question is not PendingQuestion.GUESS
    )


def card_text(look: Look, language: Language) -> CardText:
    """What the card of a look says."""
    verdict = look.verdict
    messages = verdict_messages(verdict, seed=look.variant_seed, language=language)
    return CardText(
        title=style_name(verdict.style, language),
        percent=f"{format_percent(verdict.probabilities[verdict.style])}%",
        things=tuple(whole.name for whole in name_whole_things(verdict, language)[:MAX_THINGS]),
        line=next(message.text for message in messages if message.slot is MessageSlot.ABOUT),
    )


async def draw_card(resources: Resources, look: Look, language: Language, shape: CardShape) -> bytes:
    """Draw the card of a look, a JPEG. It is not stored.

    Args:
        resources: the object storage, and the limiter of the processor.
        look: one that can have a card.
        language: of the words on it.
        shape: its format.

    Raises:
        ObjectNotFoundError: there is no card, see `can_have_card`, or its picture was deleted.
        StorageUnavailableError: the object storage does not answer.
    """
    if look.heatmap_key is None or not can_have_card(look):
        raise ObjectNotFoundError
    picture = await resources.storage.get(look.heatmap_key)
    draw = partial(draw_result_card, picture, text=card_text(look, language), shape=shape)
    return await to_thread.run_sync(draw, limiter=resources.cpu_limiter)
