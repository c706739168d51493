"""Result and weekly cards on Telegram: as a photo in the chat, and offered to a chat that their person chooses."""

from datetime import timedelta

from telegram import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResult,
    InlineQueryResultPhoto,
    User,
)
from telegram.constants import ChatAction

from bot.telegram.deep_links import private_chat_url
from bot.telegram.delivery import UpdateDelivery
from bot.telegram.outgoing_messages import OutgoingMessage, text_messages
from core.conversation.narration import format_percent, style_name
from core.conversation.result_card_texts import draw_card
from core.conversation.service import ConversationService
from core.conversation.week_card_texts import draw_week, few_looks_sentence, get_week
from core.db.looks import Look
from core.db.people import Person
from core.errors import ObjectNotFoundError, StorageUnavailableError
from core.i18n.translations import Language, translate
from core.images.result_card import CARD_WIDTH, HEIGHTS, CardShape
from core.urls import card_path, site_url, week_picture_path

CARD_URL_LIFETIME = timedelta(hours=1)
"""Telegram downloads the card when it is chosen, and keeps a copy."""


async def send_card(
    delivery: UpdateDelivery, conversation: ConversationService, look: Look, caption: str, *, if_missing: str
) -> None:
    """Send the result card of a look with a button that sends it to a friend.

    Args:
        delivery: sends the message.
        conversation: has the settings.
        look: whose card it is.
        caption: of the card.
        if_missing: the message where its picture cannot be drawn.

    Raises:
        EvaError: see `UpdateDelivery.send_all`.
    """
    async with delivery.chat_action(ChatAction.UPLOAD_PHOTO):
        try:
            card = await draw_card(delivery.resources, look, delivery.language, CardShape.POST)
        except (ObjectNotFoundError, StorageUnavailableError):
            card = None
        has_card = card is not None and conversation.settings.public_url is not None and delivery.client.has_inline_mode
        keyboard = delivery.keyboards.card(look.id) if has_card else None
        messages = [OutgoingMessage(text=caption if card is not None else if_missing, photo=card, keyboard=keyboard)]
        await delivery.send_all("reply", messages, look_id=look.id)


def build_card_results(
    look: Look, conversation: ConversationService, me: User, language: Language
) -> list[InlineQueryResult]:
    """The result card as the only choice; nothing without a public URL.

    Args:
        look: whose card it is.
        conversation: signs the URL of the card.
        me: the bot, to whose chat the button leads.
        language: of the card and its caption.
    """
    path = card_path(conversation.resources.url_signer, look, language, CardShape.POST, CARD_URL_LIFETIME)
    url = site_url(conversation.settings, path)
    if url is None:
        return []
    style, percent = style_name(look.verdict.style, language), format_percent(look.verdict.confidence)
    label, chat_url = translate("telegram.button.card_ask", language), private_chat_url(me.username or "", "inline")
    return [
        InlineQueryResultPhoto(
            f"card-{look.id}",
            url,
            url,
            photo_width=CARD_WIDTH,
            photo_height=HEIGHTS[CardShape.POST],
            title=f"{style} {percent}%",
            caption=translate("telegram.card.caption", language, style=style, percent=percent),
            reply_markup=InlineKeyboardMarkup([[InlineKeyboardButton(label, url=chat_url)]]),
        )
    ]


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
        text = translate("talk.week.ready", language)
        await delivery.send_all("week", [OutgoingMessage(text=text, photo=card, keyboard=keyboard)])


def build_week_results(person: Person, conversation: ConversationService, me: User) -> list[InlineQueryResult]:
    """The card of a person with enough looks as the only choice; nothing without a public URL."""
    signer, language = conversation.resources.url_signer, person.language
    path = week_picture_path(signer, person.id, language, CardShape.POST, CARD_URL_LIFETIME)
    url = site_url(conversation.settings, path)
    return [] if url is None else [_week_result(url, me, language)]


def _week_result(url: str, me: User, language: Language) -> InlineQueryResultPhoto:
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
