"""What happened since the last visit, in words."""

from core.conversation.intents import Intent, find_intent
from core.db.database import Database
from core.db.news import News
from core.db.people import Person
from core.i18n.translations import Language, translate
from core.services import news_visits


def news_sentences(news: News, language: Language, *, is_daily: bool = False) -> list[str]:
    """One sentence for what others did, and one for the place on today's leaderboard; empty if nothing happened.

    Args:
        news: what happened.
        language: of the sentences.
        is_daily: whether it happened in the last day, and is told as such, not as since the last visit.
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


async def take_news(database: Database, person: Person, message: str, language: Language) -> list[str]:
    """The news of a visit that follow the reply to a message, once; empty for a message that is no time for them.

    Args:
        database: where the visit is marked as seen.
        person: who wrote the message.
        message: as it was typed; one about self-harm is no time for news.
        language: of the sentences.
    """
    if find_intent(message) is Intent.SELF_HARM or (news := await news_visits.find_news(database, person)) is None:
        return []
    await news_visits.mark_seen(database, person.id)
    return news_sentences(news, language)
