"""Inline mode: a person's own looks, those that they shared, for any chat in which they type Eva's name."""

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
from bot.telegram.commands import LOOK_PARAMETER_PREFIX
from bot.telegram.parsing import InlineQuery
from core.conversation.narration import percent, style_name
from core.conversation.service import ConversationService
from core.conversation.smalltalk import find_style_name
from core.db import looks, people
from core.db.looks import Look
from core.db.schema import IdentityProvider
from core.i18n.translations import Language, negotiate_language, translate
from core.resources import Resources
from core.urls import look_url, signed_image_url

SEARCH_LIMIT = 100
"""A person's latest looks among which the shared ones are found."""
MAX_RESULTS = 20
IMAGE_URL_LIFETIME = timedelta(hours=1)
"""How long the links in the results are good: Telegram fetches them when one is chosen, and keeps a copy."""


async def answer_inline_query(
    client: TelegramClient, conversation: ConversationService, me: User, query: InlineQuery
) -> None:
    """Offer a person their shared looks; those of one style if they type its name.

    Raises:
        DeliveryError: Telegram could not be reached.
    """
    language, found = await _find_shared_looks(conversation.resources, query)
    style = find_style_name(query.text)
    chosen = [look for look in found if style is None or look.verdict.style is style][:MAX_RESULTS]
    button = None
    if not found:
        button = InlineQueryResultsButton(translate("telegram.inline.nothing", language), start_parameter="inline")
    await client.answer_inline_query(
        query.query_id, [_build_result(look, conversation, me, language) for look in chosen], button=button
    )


async def _find_shared_looks(resources: Resources, query: InlineQuery) -> tuple[Language, list[Look]]:
    async with resources.database.transaction() as connection:
        identity = await people.get_identity(connection, IdentityProvider.TELEGRAM, str(query.user_id))
        person = await people.get(connection, identity.person_id) if identity is not None else None
        if person is None:
            return negotiate_language(query.language_code), []
        latest = await looks.list_for_person(connection, person.id, limit=SEARCH_LIMIT)
    return person.language, [look for look in latest if look.is_public]


def _build_result(look: Look, conversation: ConversationService, me: User, language: Language) -> InlineQueryResult:
    style, share = style_name(look.verdict.style, language), percent(look.verdict.confidence)
    words = translate("telegram.inline.look", language, style=style, percent=share)
    address = (
        look_url(conversation.settings, look) or f"https://t.me/{me.username}?start={LOOK_PARAMETER_PREFIX}{look.id}"
    )
    page = InlineKeyboardMarkup([[InlineKeyboardButton(translate("talk.button.page", language), url=address)]])
    memory, title = conversation.resources, f"{style} {share}%"
    url = (
        signed_image_url(conversation.settings, memory.url_signer, look.photo_key, IMAGE_URL_LIFETIME)
        if look.photo_key
        else None
    )
    if url is None:
        return InlineQueryResultArticle(
            str(look.id), title, InputTextMessageContent(words), reply_markup=page, description=words
        )
    return InlineQueryResultPhoto(
        str(look.id),
        url,
        url,
        photo_width=look.width,
        photo_height=look.height,
        title=title,
        description=words,
        caption=words,
        reply_markup=page,
    )
