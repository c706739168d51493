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

from bot.telegram.cards import build_card_results, build_week_results
from bot.telegram.client import TelegramClient
from bot.telegram.deep_links import WEEK_QUERY, look_argument, parse_card_query, private_chat_url
from bot.telegram.updates import InlineQuery
from core.conversation.narration import format_percent, style_name
from core.conversation.result_card_texts import can_have_card
from core.conversation.service import ConversationService
from core.conversation.style_names import find_style_name
from core.conversation.week_card_texts import Week, get_week
from core.db import looks, people
from core.db.looks import Look
from core.db.schema import IdentityProvider, PendingQuestion
from core.i18n.translations import Language, negotiate_language, translate
from core.urls import look_url, signed_image_url

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
    results, hint = await _find_results(conversation, me, query)
    button = None if results else InlineQueryResultsButton(hint, start_parameter="inline")
    await client.answer_inline_query(query.query_id, results, button=button)


async def _find_results(
    conversation: ConversationService, me: User, query: InlineQuery
) -> tuple[list[InlineQueryResult], str]:
    """The choices, and what fits if there are none."""
    card_id, language = parse_card_query(query.text), negotiate_language(query.language_code)
    async with conversation.resources.database.connection() as connection:
        person = await people.get_by_identity(connection, IdentityProvider.TELEGRAM, str(query.user_id))
        if person is None:
            return [], translate("telegram.inline.first", language)
        language = person.language
        if query.text == WEEK_QUERY:
            week = await get_week(connection, person.id)
            if not week.has_card:
                return [], _few_looks_hint(week, language)
            return build_week_results(person, conversation, me), translate("telegram.inline.unreachable", language)
        if card_id is not None:
            look = await looks.get(connection, card_id)
            return _find_card(look if look and look.person_id == person.id else None, conversation, me, language)
        style = find_style_name(query.text)
        chosen = await looks.list_for_person(connection, person.id, limit=MAX_RESULTS, public_only=True, style=style)
        hint = translate("telegram.inline.nothing", language)
        if not chosen and style and await looks.list_for_person(connection, person.id, limit=1, public_only=True):
            hint = translate("telegram.inline.no_style", language, style=style_name(style, language))
    return [_build_result(look, conversation, me, language) for look in chosen], hint


def _find_card(
    look: Look | None, conversation: ConversationService, me: User, language: Language
) -> tuple[list[InlineQueryResult], str]:
    """The card of a person's own look, and what fits if there is none."""
    if look is None:
        return [], translate("telegram.inline.not_yours", language)
    if can_have_card(look):
        results = build_card_results(look, conversation, me, language)
        return results, translate("telegram.inline.unreachable", language)
    is_guessing = look.pending_question is PendingQuestion.GUESS
    return [], translate("telegram.inline.guess" if is_guessing else "telegram.inline.no_card", language)


def _few_looks_hint(week: Week, language: Language) -> str:
    if week.missing_looks == 1:
        return translate("telegram.inline.week.one", language)
    return translate("telegram.inline.week", language, count=week.missing_looks)


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
