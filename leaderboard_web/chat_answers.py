"""What Eva answers in the chat of the site to messages that are about no verdict."""

from collections.abc import Sequence
from uuid import UUID

from core.conversation.intents import Intent, find_intent
from core.conversation.listings import get_own_looks, leaderboard_line, list_similar, own_looks_text
from core.conversation.news_visits import record_news_visit
from core.conversation.smalltalk import is_understood, reply_to_text
from core.conversation.week_card_texts import MIN_LOOKS, few_looks_sentence, get_week
from core.db import looks
from core.db.people import Person
from core.i18n.translations import Language, translate
from leaderboard_web.chat_view import ChatItem, ChatLine, eva_lines, linked_line
from leaderboard_web.dependencies import AppState
from leaderboard_web.urls import url_for
from leaderboard_web.view_models import build_week_card

VISITORS = UUID(int=0)
"""Stands for all visitors without a session in the count of replies."""
SITE_PAGES = {
    Intent.ACCURACY: ("site.nav.model", "model"),
    Intent.ACCOUNT: ("site.nav.me", "account"),
    Intent.HISTORY: ("site.nav.me", "account"),
    Intent.HOW: ("page.how_title", "about"),
    Intent.LEADERBOARD: ("site.nav.board", "leaderboard"),
    Intent.NEWS: ("me.nav.settings", "account_settings"),
    Intent.PHOTOS: ("site.nav.privacy", "privacy"),
    Intent.REPORT: ("site.nav.board", "leaderboard"),
    Intent.SHARE: ("site.nav.board", "leaderboard"),
    Intent.STYLES: ("page.styles_title", "styles"),
}
"""The label and the route of the page that a reply speaks of."""


def answer_visitor(state: AppState, message: str, language: Language) -> Sequence[ChatItem]:
    """The answer to a visitor without looks."""
    intent = find_intent(message)
    if intent is Intent.WEEK:
        return eva_lines([translate("week.few.line", language, count=MIN_LOOKS)])
    if intent in {Intent.DELETE, Intent.DELETE_ONE}:
        return eva_lines([translate("talk.me.nothing", language)])
    seed = state.conversation.reply_turns.next_seed(VISITORS)
    return _small_talk(intent, reply_to_text(message, seed, language), language)


async def answer_person(state: AppState, person: Person, message: str, look_id: UUID | None) -> Sequence[ChatItem]:
    """The weekly card, similar looks, the person's looks in numbers, the page that deletes, or small talk.

    Args:
        state: of the application.
        person: who writes.
        message: what they write.
        look_id: the look on their screen, if any.
    """
    database, language = state.resources.database, person.language
    intent = find_intent(message)
    match intent:
        case Intent.WEEK:
            return await _show_week(state, person)
        case Intent.SIMILAR:
            similar = await list_similar(database, person, look_id)
            lines = [leaderboard_line(entry, language) for entry in similar.entries]
            text = "\n".join([translate(similar.similarity, language), *lines])
            urls = tuple(url_for("look", look_id=entry.look.id) for entry in similar.entries)
            return [ChatLine(sender="eva", text=text, urls=urls)]
        case Intent.HISTORY:
            return eva_lines([own_looks_text(await get_own_looks(database, person), language)])
        case Intent.DELETE:
            url = url_for("confirm_erase_account")
            return [linked_line(translate("try.forget", language), translate("me.forget", language), url)]
        case Intent.DELETE_ONE:
            return await _offer_deletion(state, person, look_id)
        case _:
            seed = state.conversation.reply_turns.next_seed(person.id)
            news = await record_news_visit(database, person, message, language)
            look = None if is_understood(message) else await state.conversation.get_look_in_talk(person, look_id)
            answer = reply_to_text(message, seed, language, look=look)
            return [*_small_talk(intent, answer, language), *eva_lines(news)]


def _small_talk(intent: Intent | None, answer: str, language: Language) -> Sequence[ChatItem]:
    """An answer with a link to the page that it speaks of, if any."""
    if intent is Intent.LANGUAGE:
        other = next(known for known in Language if known is not language)
        label, url = f"page.language_{other}", url_for("chat", query={"lang": other})
    elif intent in SITE_PAGES:
        label, url = SITE_PAGES[intent][0], url_for(SITE_PAGES[intent][1])
    else:
        return eva_lines([answer])
    return [linked_line(answer, translate(label, language), url)]


async def _offer_deletion(state: AppState, person: Person, look_id: UUID | None) -> Sequence[ChatItem]:
    """The link to the page that deletes the look on the screen; nothing is deleted by a message."""
    language = person.language
    async with state.resources.database.connection() as connection:
        look = await looks.get_current(connection, person.id, look_id)
    if look is None:
        return eva_lines([translate("talk.me.nothing", language)])
    url = url_for("confirm_delete_look", look_id=look.id)
    return [linked_line(translate("try.delete", language), translate("me.delete", language), url)]


async def _show_week(state: AppState, person: Person) -> Sequence[ChatItem]:
    """What Eva says about the last seven days, and their card if there are enough looks."""
    async with state.resources.database.connection() as connection:
        week = await get_week(connection, person.id)
    if not week.has_card:
        return eva_lines([few_looks_sentence(week, person.language)])
    card = build_week_card(state.resources.url_signer, person.id, person.language)
    return [*eva_lines([translate("talk.week.ready", person.language)]), card]
