"""The weekly style card on Telegram: as a photo in the private chat, and offered to a chat that its person chooses."""

from datetime import timedelta

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, InlineQueryResult, InlineQueryResultPhoto, User
from telegram.constants import ChatAction

from bot.telegram.deep_links import private_chat_url
from bot.telegram.delivery import UpdateDelivery
from bot.telegram.formatting import photo_message, text_messages
from core.conversation.service import ConversationService
from core.conversation.week_cards import draw_week, few_looks_sentence, get_week
from core.db.people import Person
from core.i18n.translations import Language, translate
from core.images.result_card import CARD_WIDTH, HEIGHTS, CardShape
from core.urls import site_url, week_picture_path

CARD_URL_LIFETIME = timedelta(hours=1)
"""Telegram downloads the card when it is chosen, and keeps a copy."""


async def send_week(delivery: UpdateDelivery, conversation: ConversationService, person: Person) -> None:
    """Send the card of a person's last seven days to their private chat, or how many looks are missing.

    Raises:
        EvaError: see `UpdateDelivery.send_all`.
    """
    language = delivery.language
    async with delivery.resources.database.connection() as connection:
        week = await get_week(connection, person.id)
    if not week.has_card:
        await delivery.send_all("week", text_messages(few_looks_sentence(week, language)))
        return
    async with delivery.chat_action(ChatAction.UPLOAD_PHOTO):
        card = await draw_week(delivery.resources, week, language, CardShape.POST)
        can_be_sent = conversation.settings.public_url is not None and delivery.client.has_inline_mode
        keyboard = delivery.keyboards.week_card() if can_be_sent else None
        await delivery.send_all("week", [photo_message(card, translate("talk.week.ready", language), keyboard)])


def build_week_results(person: Person, conversation: ConversationService, me: User) -> list[InlineQueryResult]:
    """The card of a person with enough looks as the only choice; nothing without a public URL."""
    signer, language = conversation.resources.url_signer, person.language
    path = week_picture_path(signer, person.id, language, CardShape.POST, CARD_URL_LIFETIME)
    url = site_url(conversation.settings, path)
    return [] if url is None else [_result(url, me, language)]


def _result(url: str, me: User, language: Language) -> InlineQueryResultPhoto:
    label, chat_url = translate("telegram.button.card_ask", language), private_chat_url(me.username or "", "inline")
    return InlineQueryResultPhoto(
        "week",
        url,
        url,
        photo_width=CARD_WIDTH,
        photo_height=HEIGHTS[CardShape.POST],
        title=translate("talk.button.week", language),
        caption=translate("week.text", language),
        reply_markup=InlineKeyboardMarkup([[InlineKeyboardButton(label, url=chat_url)]]),
    )
