"""News in chats: once for each visit, only what the person has not seen on the site either, and in words."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from core.conversation.intents import SERIOUS, find_intent
from core.db import news
from core.db.database import Database
from core.db.news import News
from core.db.people import Person
from core.i18n.translations import Language, translate

VISIT_GAP = timedelta(hours=6)
"""Time without a look at the news after which a message counts as another visit."""


def news_sentences(news: News, language: Language, *, is_daily: bool = False) -> list[str]:
    """One sentence for what others did, and one for the place on today's leaderboard; empty if nothing happened.

    Args:
        news: what happened.
        language: of the sentences.
        is_daily: whether it happened in the last day, and is described so, not as since the last visit.
    """
    counts = {"hearts": news.hearts, "bookmarks": news.bookmarks, "followers": news.followers}
    parts = [
        translate(f"news.{name}.one" if count == 1 else f"news.{name}", language, count=count)
        for name, count in counts.items()
        if count
    ]
    sentences = []
    if parts:
        *most, last = parts
        listed = translate("news.and", language, first=", ".join(most), last=last) if most else last
        sentences.append(translate("news.day" if is_daily else "news.since", language, what=listed))
    if news.place is not None:
        sentences.append(translate("news.first" if news.place == 1 else "news.place", language, place=news.place))
    return sentences


async def record_news_visit(database: Database, person: Person, message: str, language: Language) -> list[str]:
    """The news of a visit that follow the reply to a message, once; empty for a message that is no time for them.

    Args:
        database: where the visit is marked as seen.
        person: who wrote the message.
        message: as it was typed; one about self-harm or a hardship is no time for news.
        language: of the sentences.
    """
    if find_intent(message) in SERIOUS or (unseen := await find_unseen_news(database, person)) is None:
        return []
    await mark_news_seen(database, person.id)
    return news_sentences(unseen, language)


async def find_unseen_news(database: Database, person: Person) -> News | None:
    """What happened since the person last saw the news; None during the same visit, and if nothing happened."""
    if datetime.now(UTC) - person.news_seen_at < VISIT_GAP:
        return None
    async with database.connection() as connection:
        return await news.get_news(connection, person.id, person.news_seen_at) or None


async def mark_news_seen(database: Database, person_id: UUID) -> None:
    """Record that the person was told the news."""
    async with database.connection() as connection:
        await news.record_visit(connection, person_id)
