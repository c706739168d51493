"""The daily message on Telegram about news, for people who switched it on: who gets it next, each once a day."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import schema
from core.db.schema import IdentityProvider
from core.i18n.translations import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """A person who wants the message."""

    person_id: UUID
    language: Language
    telegram_id: str | None
    """None for a person without a chat, or who blocked the bot."""
    news_seen_at: datetime
    """Since when the news count."""


async def claim_next_recipient(
    connection: AsyncConnection, day: date, *, after: UUID | None = None
) -> Recipient | None:
    """The next person whose message of a day is sent now; None if all have got theirs.

    From here on no other process sends it, also if this process dies: one at a time, so that no others miss theirs.

    Args:
        connection: the transaction, to be committed before anything is sent.
        day: in Seoul.
        after: id of the recipient before, so that not all who have got theirs are read again.
    """
    people, identities = schema.people, schema.identities
    is_due = [people.c.daily_news, or_(people.c.daily_news_on.is_(None), people.c.daily_news_on < day)]
    if after is not None:
        is_due.append(people.c.id > after)
    due = select(people.c.id).where(*is_due).order_by(people.c.id).limit(1).with_for_update(skip_locked=True)
    claimed = (
        update(people)
        .where(people.c.id.in_(due.scalar_subquery()))
        .values(daily_news_on=day)
        .returning(people.c.id, people.c.language, people.c.news_seen_at)
        .cte("claimed")
    )
    is_chat = (
        identities.c.person_id == claimed.c.id,
        identities.c.provider == IdentityProvider.TELEGRAM,
        identities.c.blocked_at.is_(None),
    )
    # A merged account may have two chats.
    chat = select(identities.c.subject).where(*is_chat).order_by(identities.c.created_at).limit(1).scalar_subquery()
    statement = select(claimed.c.id, claimed.c.language, claimed.c.news_seen_at, chat.label("chat"))
    row = (await connection.execute(statement)).first()
    if row is None:
        return None
    return Recipient(
        person_id=row.id, language=Language(row.language), telegram_id=row.chat, news_seen_at=row.news_seen_at
    )


async def release(connection: AsyncConnection, person_ids: Collection[UUID]) -> None:
    """Take back the claims on people whose message could not be sent, so that a later run sends it."""
    people = schema.people
    await connection.execute(update(people).where(people.c.id.in_(person_ids)).values(daily_news_on=None))


async def update_daily_news(connection: AsyncConnection, person_id: UUID, *, is_wanted: bool) -> None:
    """Switch the daily message on or off."""
    people = schema.people
    await connection.execute(update(people).where(people.c.id == person_id).values(daily_news=is_wanted))
