"""Inline mode: a person's own public looks, offered in any chat in which they type the bot's name."""

from datetime import timedelta

from telegram import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResult,
    InlineQueryResultArticle,
    InlineQueryResultPhoto,
    InlineQueryResultsButton,
    InputTextMessageContent,
    User,
)

from bot.telegram.client import TelegramClient
from bot.telegram.deep_links import WEEK_QUERY, look_argument, parse_card_query, private_chat_url
from bot.telegram.parsing import InlineQuery
from bot.telegram.result_cards import build_card_results
from bot.telegram.week_cards import build_week_results
from core.conversation.narration import format_percent, style_name
from core.conversation.result_cards import can_have_card
from core.conversation.service import ConversationService
from core.conversation.style_names import find_style_name
from core.db import looks, people
from core.db.looks import Look
from core.db.schema import IdentityProvider
from core.i18n.translations import Language, negotiate_language, translate
from core.urls import look_url, signed_image_url

SEARCH_LIMIT = 100
"""Number of a person's latest looks among which public ones are searched."""
MAX_RESULTS = 20
IMAGE_URL_LIFETIME = timedelta(hours=1)
"""Validity of image URLs in the results: Telegram downloads the chosen one and keeps a copy."""


async def answer_inline_query(
    client: TelegramClient, conversation: ConversationService, me: User, query: InlineQuery
) -> None:
    """Offer the public looks of a person, or only those of one style if the query names one.

    A query for a result card offers the card alone, also that of a private look: its owner sends it to a chat. So
    does a query for the weekly card, which is always that of the person who asks.

    Args:
        client: answers the query.
        conversation: has the resources and the settings.
        me: the bot itself, from `getMe`.
        query: the query.

    Raises:
        DeliveryError: Telegram could not be reached.
    """
    card_id, latest, card_look = parse_card_query(query.text), [], None
    async with conversation.resources.database.connection() as connection:
        person = await people.get_by_identity(connection, IdentityProvider.TELEGRAM, str(query.user_id))
        if person is not None and card_id is not None:
            card_look = await looks.get(connection, card_id)
        elif person is not None and query.text != WEEK_QUERY:
            latest = await looks.list_for_person(connection, person.id, limit=SEARCH_LIMIT)
    language = negotiate_language(query.language_code) if person is None else person.language
    if card_id is not None or query.text == WEEK_QUERY:
        cards: list[InlineQueryResult] = []
        if card_id is None:
            cards = await build_week_results(person, conversation, me)
        elif person and card_look and card_look.person_id == person.id and can_have_card(card_look):
            cards = build_card_results(card_look, conversation, me, language)
        label = translate("telegram.card.gone", language)
        gone = InlineQueryResultsButton(label, start_parameter="inline")
        await client.answer_inline_query(query.query_id, cards, button=None if cards else gone)
        return
    public_looks = [look for look in latest if look.is_public]
    style = find_style_name(query.text)
    chosen = [look for look in public_looks if style is None or look.verdict.style is style][:MAX_RESULTS]
    button = None
    if not public_looks:
        button = InlineQueryResultsButton(translate("telegram.inline.nothing", language), start_parameter="inline")
    results = [_build_result(look, conversation, me, language) for look in chosen]
    await client.answer_inline_query(query.query_id, results, button=button)


def _build_result(look: Look, conversation: ConversationService, me: User, language: Language) -> InlineQueryResult:
    """One choice: the photo with a caption, or only text without a public URL for the image."""
    settings, signer = conversation.settings, conversation.resources.url_signer
    style, confidence = style_name(look.verdict.style, language), format_percent(look.verdict.confidence)
    title = f"{style} {confidence}%"
    text = translate("telegram.inline.look", language, style=style, percent=confidence)
    page_url = look_url(settings, look) or private_chat_url(me.username or "", look_argument(look.id))
    page_button = InlineKeyboardButton(translate("talk.button.page", language), url=page_url)
    keyboard = InlineKeyboardMarkup([[page_button]])
    image_url = None
    if look.photo_key is not None:
        image_url = signed_image_url(settings, signer, look, look.photo_key, IMAGE_URL_LIFETIME)
    if image_url is None:
        content = InputTextMessageContent(text)
        return InlineQueryResultArticle(str(look.id), title, content, reply_markup=keyboard, description=text)
    return InlineQueryResultPhoto(
        str(look.id),
        image_url,
        image_url,
        photo_width=look.width,
        photo_height=look.height,
        title=title,
        description=text,
        caption=text,
        reply_markup=keyboard,
    )
