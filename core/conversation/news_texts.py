"""What happened since the last visit, in words."""

from core.db.news import News
from core.i18n.translations import Language, translate


def news_sentences(news: News, language: Language) -> list[str]:
    """One sentence for what others did, and one for the place on today's leaderboard; empty if nothing happened."""
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
        sentences.append(translate("news.since", language, what=listed))
    if news.place is not None:
        sentences.append(translate("news.first" if news.place == 1 else "news.place", language, place=news.place))
    return sentences
