"""Inline mode: a person's own looks, those that they shared, for any chat in which they type Eva's name."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from telegram import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InlineQueryResultPhoto,
    InlineQueryResultsButton,
    InputTextMessageContent,
)

from bot.links import picture_url
from bot.talk import named
from bot.telegram.shelf import LINK
from bot.texts import Language, negotiate, text
from bot.voice import percent, style_name
from core.db import looks, people
from core.db.tables import Provider

if TYPE_CHECKING:
    from telegram import InlineQueryResult, User

    from bot.stylist import Stylist
    from bot.telegram.incoming import Inline
    from bot.telegram.sender import Sender
    from core.db.looks import Look
    from core.memory import Memory

__all__ = ["answer_inline"]

SEARCHED = 100
"""A person's latest looks among which the shared ones are found."""
MOST = 20
LIFETIME = timedelta(hours=1)
"""How long the links in the results are good: Telegram fetches them when one is chosen, and keeps a copy."""


async def answer_inline(sender: Sender, stylist: Stylist, me: User, inline: Inline) -> None:
    """Offer a person their shared looks; those of one style if they type its name.

    Raises:
        NotDelivered: Telegram could not be reached.
    """
    language, found = await _looks_of(stylist.memory, inline)
    style = named(inline.words)
    chosen = [look for look in found if style is None or look.verdict.style is style][:MOST]
    button = None
    if not found:
        button = InlineQueryResultsButton(text("telegram.inline.nothing", language), start_parameter="inline")
    await sender.answer_inline(inline.query, [_result(look, stylist, me, language) for look in chosen], button=button)


async def _looks_of(memory: Memory, inline: Inline) -> tuple[Language, list[Look]]:
    async with memory.database.begin() as connection:
        identity = await people.identity_of(connection, Provider.TELEGRAM, str(inline.person))
        person = await people.get(connection, identity.person_id) if identity is not None else None
        if person is None:
            return negotiate(inline.language), []
        latest = await looks.of_person(connection, person.id, limit=SEARCHED)
    return Language(person.language), [look for look in latest if look.on_board]


def _result(look: Look, stylist: Stylist, me: User, language: Language) -> InlineQueryResult:
    style, share = style_name(look.verdict.style, language), percent(look.verdict.confidence)
    words = text("telegram.inline.look", language, style=style, percent=share)
    address = stylist.page_url(look) or f"https://t.me/{me.username}?start={LINK}{look.id}"
    page = InlineKeyboardMarkup([[InlineKeyboardButton(text("talk.button.page", language), url=address)]])
    memory, title = stylist.memory, f"{style} {share}%"
    url = picture_url(stylist.settings, memory.links, look.photo_key, LIFETIME) if look.photo_key else None
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
