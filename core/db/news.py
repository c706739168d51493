"""What happened to a person's public looks since their last visit: hearts, bookmarks, followers, a place of honor.

Only numbers: who gave a heart or a bookmark stays private. `people.news_seen_at` is the end of the last visit to
the news; `people.news_since` is that of the visit before, from which the news count, so that they stay for `VISIT`.

People who switched it on get a daily message on Telegram about them, each once a day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Table, bindparam, case, exists, func, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import schema
from core.db.database import CompiledStatement
from core.db.look_summaries import SUMMARY_COLUMNS, LookSummary, to_summary
from core.db.public_looks import select_viewer_id
from core.db.schema import IdentityProvider
from core.i18n.translations import Language
from core.seoul_time import start_of_day

VISIT = timedelta(minutes=30)
"""How long one visit lasts."""
MAX_COUNT = 1000
"""Where counting ends."""
MAX_PLACE = 10
"""The last place of today's leaderboard that is news."""
LOOKS_SHOWN = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """Numbers since a time."""

    hearts: int
    """From others, on public looks."""
    bookmarks: int
    followers: int
    """New ones who still follow, at most `MAX_COUNT`."""
    place: int | None
    """The best place of a look shared today on today's leaderboard, 1 to `MAX_PLACE`; None without hearts of others."""

    def __bool__(self) -> bool:
        """Whether anything happened."""
        return bool(self.hearts or self.bookmarks or self.followers)


@dataclass(frozen=True, slots=True, kw_only=True)
class LookNews:
    """What happened to one look."""

    look: LookSummary
    hearts: int
    bookmarks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """A person who wants the message."""

    person_id: UUID
    language: Language
    telegram_id: str | None
    """None for a person without a chat, or who blocked the bot."""
    news_seen_at: datetime
    """Since when the news count."""


async def get_news(connection: AsyncConnection, person_id: UUID, since: datetime) -> News:
    """The news of a person since a time."""
    (row,) = await SELECT_NEWS.fetch(connection, person_id=person_id, since=since, day=start_of_day().date())
    place = row.higher + 1 if row.best_hearts and row.higher < MAX_PLACE else None
    return News(hearts=int(row.hearts), bookmarks=int(row.bookmarks), followers=row.followers, place=place)


async def list_look_news(connection: AsyncConnection, person_id: UUID, since: datetime) -> Sequence[LookNews]:
    """The looks that got hearts or bookmarks since a time, most of them first; at most `LOOKS_SHOWN`."""
    looks = schema.looks
    hearts, bookmarks = (_count_on_look(table, since, person_id) for table in (schema.hearts, schema.bookmarks))
    counted = (
        select(*SUMMARY_COLUMNS, hearts.label("new_hearts"), bookmarks.label("new_bookmarks"))
        .where(looks.c.person_id == person_id, looks.c.is_public)
        .subquery()
    )
    total = counted.c.new_hearts + counted.c.new_bookmarks
    statement = select(counted).where(total > 0).order_by(total.desc(), counted.c.id.desc()).limit(LOOKS_SHOWN)
    rows = await connection.execute(statement)
    return [LookNews(look=to_summary(row), hearts=row.new_hearts, bookmarks=row.new_bookmarks) for row in rows]


async def has_unseen(connection: AsyncConnection, viewer_key: str) -> bool:
    """Whether there are news that the viewer has not seen.

    Args:
        connection: to execute on.
        viewer_key: of the viewer's browser session.
    """
    rows = await SELECT_HAS_UNSEEN.fetch(connection, viewer_key=viewer_key)
    return any(row.has_unseen for row in rows)


async def record_visit(connection: AsyncConnection, person_id: UUID) -> datetime | None:
    """Record that a person sees the news now; since when they count, or None if the person was deleted."""
    people = schema.people
    is_new_visit = people.c.news_seen_at < func.now() - VISIT
    statement = (
        update(people)
        .where(people.c.id == person_id)
        .values(
            news_since=case((is_new_visit, people.c.news_seen_at), else_=people.c.news_since), news_seen_at=func.now()
        )
        .returning(people.c.news_since)
    )
    since: datetime | None = (await connection.execute(statement)).scalar_one_or_none()
    return since


async def claim_next_recipient(
    connection: AsyncConnection, day: date, *, after: UUID | None = None, until: UUID | None = None
) -> Recipient | None:
    """The next person whose message of a day is sent now; None if all have got theirs.

    From here on no other process sends it, also if this process dies: one at a time, so that no others miss theirs.

    Args:
        connection: the transaction, to be committed before anything is sent.
        day: in Seoul.
        after: id of the recipient before, so that not all who have got theirs are read again.
        until: id of the last person to ask for.
    """
    people, identities = schema.people, schema.identities
    is_due = [people.c.daily_news, or_(people.c.daily_news_on.is_(None), people.c.daily_news_on < day)]
    if after is not None:
        is_due.append(people.c.id > after)
    if until is not None:
        is_due.append(people.c.id <= until)
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


async def release_recipient(connection: AsyncConnection, person_id: UUID) -> None:
    """Take back the claim on a person whose message could not be sent, so that a later run sends it."""
    people = schema.people
    await connection.execute(update(people).where(people.c.id == person_id).values(daily_news_on=None))


async def update_daily_news(connection: AsyncConnection, person_id: UUID, *, is_wanted: bool) -> None:
    """Switch the daily message on or off."""
    people = schema.people
    await connection.execute(update(people).where(people.c.id == person_id).values(daily_news=is_wanted))


def _by_others(
    table: Table, since: datetime | ColumnElement[datetime], person_id: UUID | ColumnElement[UUID]
) -> tuple[ColumnElement[bool], ...]:
    return table.c.created_at > since, table.c.person_id != person_id


def _new_rows(table: Table, since: ColumnElement[datetime], person_id: ColumnElement[UUID]) -> Select[Any]:
    """New hearts or bookmarks of others on a person's public looks."""
    looks = schema.looks
    is_new = looks.c.person_id == person_id, looks.c.is_public, *_by_others(table, since, person_id)
    return select(literal(1)).select_from(looks.join(table, table.c.look_id == looks.c.id)).where(*is_new)


def _new_followers(since: ColumnElement[datetime], person_id: ColumnElement[UUID]) -> Select[Any]:
    follows = schema.follows
    return select(literal(1)).where(follows.c.followed_id == person_id, follows.c.created_at > since)


def _count(rows: Select[Any], limit: int = MAX_COUNT) -> ColumnElement[int]:
    return select(func.count()).select_from(rows.limit(limit).subquery()).scalar_subquery()


def _count_on_look(
    table: Table, since: datetime | ColumnElement[datetime], person_id: UUID | ColumnElement[UUID]
) -> ColumnElement[int]:
    """New hearts or bookmarks of others on the look of the row."""
    looks = schema.looks
    is_new = table.c.look_id == looks.c.id, *_by_others(table, since, person_id)
    return select(func.count()).where(*is_new).correlate(looks).scalar_subquery()


def _count_on_looks(table: Table, since: ColumnElement[datetime], person_id: ColumnElement[UUID]) -> ColumnElement[int]:
    """New hearts or bookmarks, counted for each look, so that only the new rows are read."""
    looks, count = schema.looks, _count_on_look(table, since, person_id)
    is_own = looks.c.person_id == person_id, looks.c.is_public
    return select(func.coalesce(func.sum(count), 0)).select_from(looks).where(*is_own).scalar_subquery()


def _select_news() -> CompiledStatement:
    since: ColumnElement[datetime] = bindparam("since", type_=schema.people.c.created_at.type)
    person_id: ColumnElement[UUID] = bindparam("person_id", type_=schema.people.c.id.type)
    day: ColumnElement[date] = bindparam("day", type_=schema.looks.c.shared_day.type)
    own, others = schema.looks.alias("own"), schema.looks.alias("others")
    hearts = schema.hearts
    has_heart = exists().where(hearts.c.look_id == own.c.id, hearts.c.person_id != person_id)
    best = (
        select(own.c.hearts, own.c.id)
        .where(own.c.person_id == person_id, own.c.is_public, own.c.shared_day == day, has_heart)
        .order_by(own.c.hearts.desc(), own.c.id.desc())
        .limit(1)
        .cte("best")
    )
    place = func.row(select(best.c.hearts).scalar_subquery(), select(best.c.id).scalar_subquery())
    is_higher = others.c.is_public, others.c.shared_day == day, func.row(others.c.hearts, others.c.id) > place
    higher = select(literal(1)).where(*is_higher)
    statement: Select[Any] = select(
        _count_on_looks(schema.hearts, since, person_id).label("hearts"),
        _count_on_looks(schema.bookmarks, since, person_id).label("bookmarks"),
        _count(_new_followers(since, person_id)).label("followers"),
        select(best.c.hearts).scalar_subquery().label("best_hearts"),
        _count(higher, MAX_PLACE).label("higher"),
    )
    return CompiledStatement(statement)


def _select_has_unseen() -> CompiledStatement:
    people = schema.people
    since, person_id = people.c.news_seen_at, people.c.id
    parts = (
        _new_rows(schema.hearts, since, person_id),
        _new_rows(schema.bookmarks, since, person_id),
        _new_followers(since, person_id),
    )
    return CompiledStatement(
        select(or_(*(exists(part.correlate(people)) for part in parts)).label("has_unseen")).where(
            people.c.id == select_viewer_id()
        )
    )


SELECT_NEWS = _select_news()
SELECT_HAS_UNSEEN = _select_has_unseen()
