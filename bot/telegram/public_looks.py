"""Messages with looks of the leaderboard: a single one, and those that resemble one of the person's own."""

from uuid import UUID

from bot.telegram.delivery import UpdateDelivery
from bot.telegram.outgoing_messages import OutgoingMessage, text_messages
from core.conversation.listings import leaderboard_line, list_similar
from core.conversation.service import ConversationService
from core.db.look_summaries import LeaderboardEntry
from core.db.people import Person
from core.i18n.translations import translate
from core.urls import look_url


async def public_look_message(
    delivery: UpdateDelivery, conversation: ConversationService, entry: LeaderboardEntry
) -> OutgoingMessage:
    """A public look with its owner and its hearts."""
    keyboard = delivery.keyboards.page(look_url(conversation.settings, entry.look))
    photo = await delivery.load_image(entry.look.photo_key)
    return OutgoingMessage(text=leaderboard_line(entry, delivery.language), photo=photo, keyboard=keyboard)


async def send_similar_looks(
    delivery: UpdateDelivery, conversation: ConversationService, person: Person, look_id: UUID | None
) -> None:
    """Public looks of others that resemble a look of the person, or why there are none.

    Args:
        delivery: sends the messages.
        conversation: has the settings, for the URLs of pages.
        person: who asks.
        look_id: the look; None for the one shown last.

    Raises:
        EvaError: see `UpdateDelivery.send_all` and `UpdateDelivery.load_image`.
    """
    similar = await list_similar(delivery.resources.database, person, look_id)
    keyboard = None if similar.guess_look_id is None else delivery.keyboards.guess(similar.guess_look_id)
    text = translate(similar.similarity, delivery.language)
    await delivery.send_all("similar", text_messages(text, keyboard=keyboard))
    for entry in similar.entries:
        message = await public_look_message(delivery, conversation, entry)
        await delivery.send_all(f"similar.{entry.look.id}", [message])
