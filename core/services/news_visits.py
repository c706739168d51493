"""News in chats: once for each visit, and only what the person has not seen on the site either."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from core.db import news
from core.db.database import Database
from core.db.news import News
from core.db.people import Person

VISIT_GAP = timedelta(hours=6)
"""Time without a look at the news after which a message counts as another visit."""


async def find_news(database: Database, person: Person) -> News | None:
    """What happened since the person last saw the news; None during the same visit, and if nobody did anything."""
    if datetime.now(UTC) - person.news_seen_at < VISIT_GAP:
        return None
    async with database.connection() as connection:
        found = await news.get_news(connection, person.id, person.news_seen_at)
    return found or None


async def mark_seen(database: Database, person_id: UUID) -> None:
    """Record that the person was told the news."""
    async with database.connection() as connection:
        await news.start_visit(connection, person_id)
