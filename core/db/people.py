"""People: their names and the question for one, languages and consents; found by an identity, locked and deleted."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Row, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from core.confusables import confusable_key
from core.db import schema
from core.db.database import CompiledStatement
from core.db.errors import find_violated_constraint
from core.db.identities import MATCHES_IDENTITY, list_identities
from core.db.schema import IdentityProvider, PendingQuestion
from core.errors import PersonNotFoundError
from core.i18n.translations import Language

NAME_QUESTION_LIFETIME = timedelta(minutes=10)
"""How long the question for a display name is open, which a person is asked before their first look is shared."""
NO_NAME_QUESTION = {
    "pending_name_look_id": None,
    "pending_name_chat": None,
    "pending_name_asked_at": None,
    "pending_name": None,
}
"""Values of a row without a question for a display name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person who uses Eva."""

    id: UUID
    name: str | None
    """The display name on the leaderboard, 1 to 40 characters; None until the person chose one, or was offered one."""
    language: Language
    """Of replies and pages."""
    created_at: datetime
    consented_at: datetime | None
    """When the person consented to the processing of photos, where the channel asks for it."""
    guesses_first: bool
    """Whether the person guesses the style before the verdict is revealed."""
    pending_name_look_id: UUID | None
    """The look to be shared for which a name was asked; None once `NAME_QUESTION_LIFETIME` is over."""
    pending_name_chat: str | None
    """The chat in which the name was asked; only there a message answers the question."""
    pending_name: str | None
    """The name that the person wrote and has still to confirm."""
    learning_consent: bool | None
    """Whether Eva may learn from the photos that the person corrects; None before they answered."""
    learning_asked_at: datetime | None
    """When the person was asked for that; they are asked once."""
    news_since: datetime
    """Since when the news count, see `core.db.news`."""
    news_seen_at: datetime
    """When the person last saw the news."""
    daily_news: bool
    """Whether the person wants a message on Telegram on days with news, one at most."""
    followers: int
    following: int
    banned_at: datetime | None
    """When the person was banned from the leaderboard, by a moderator or by a merge with a banned one."""

    @property
    def owes_learning_answer(self) -> bool:
        """Whether the person was asked if Eva may learn from their corrections, and has not answered."""
        return self.learning_asked_at is not None and self.learning_consent is None


async def get_or_create_by_identity(
    connection: AsyncConnection, provider: IdentityProvider, subject: str, *, language: Language
) -> Person:
    """The person with this identity, created if there is none; concurrent calls create one person.

    Args:
        connection: the transaction.
        provider: of the identity.
        subject: the provider's id of the person.
        language: of a new person.

    Raises:
        PersonNotFoundError: the person was deleted at the same time.
    """
    person = await get_by_identity(connection, provider, subject)
    if person is not None:
        return person
    person_id = uuid7()
    await connection.execute(insert(schema.people).values(id=person_id, language=language))
    inserted = await connection.execute(
        upsert(schema.identities)
        .values(provider=provider, subject=subject, person_id=person_id)
        .on_conflict_do_nothing()
        .returning(schema.identities.c.person_id)
    )
    if inserted.first() is None:
        # A concurrent transaction has created the identity and committed.
        await connection.execute(delete(schema.people).where(schema.people.c.id == person_id))
    person = await get_by_identity(connection, provider, subject)
    if person is None:
        raise PersonNotFoundError
    return person


async def get(connection: AsyncConnection, person_id: UUID) -> Person | None:
    """A person, or None."""
    rows = await SELECT_BY_ID.fetch(connection, person_id=person_id)
    return to_person(rows[0]) if rows else None


async def get_by_identity(connection: AsyncConnection, provider: IdentityProvider, subject: str) -> Person | None:
    """The person with this identity, or None."""
    rows = await SELECT_BY_IDENTITY.fetch(connection, provider=provider, subject=subject)
    return to_person(rows[0]) if rows else None


async def update_display_name(connection: AsyncConnection, person_id: UUID, name: str) -> bool:
    """Set the display name, 1 to 40 characters; False if another person has it, or one that looks the same."""
    table = schema.people
    statement = update(table).where(table.c.id == person_id).values(name=name, display_name_key=confusable_key(name))
    try:
        async with connection.begin_nested():
            await connection.execute(statement)
    except IntegrityError as error:
        if find_violated_constraint(error) == "uq_people_display_name_key":
            return False
        raise
    return True


async def record_name_question(
    connection: AsyncConnection, person_id: UUID, look_id: UUID, *, chat: str, proposed_name: str | None = None
) -> None:
    """Record that a display name is asked for now, or shown back to be confirmed.

    Args:
        connection: to execute on.
        person_id: who is asked.
        look_id: the look to be shared under the name.
        chat: where the question is asked.
        proposed_name: the name to confirm, 1 to 40 characters; None while there is none.
    """
    values = {
        "pending_name_look_id": look_id,
        "pending_name_chat": chat,
        "pending_name_asked_at": func.now(),
        "pending_name": proposed_name,
    }
    await connection.execute(update(schema.people).where(schema.people.c.id == person_id).values(values))


async def delete_name_question(connection: AsyncConnection, person_id: UUID) -> None:
    """Close the question for a display name, and forget a name that was not confirmed."""
    await connection.execute(update(schema.people).where(schema.people.c.id == person_id).values(NO_NAME_QUESTION))


async def delete_expired_name_questions(connection: AsyncConnection) -> None:
    """Close all questions for a display name whose time is over."""
    is_expired = schema.people.c.pending_name_asked_at < func.now() - NAME_QUESTION_LIFETIME
    await connection.execute(update(schema.people).where(is_expired).values(NO_NAME_QUESTION))


async def get_by_display_name(connection: AsyncConnection, name: str) -> Person | None:
    """The person with this display name, or one that looks the same; or None."""
    rows = await SELECT_BY_DISPLAY_NAME.fetch(connection, key=confusable_key(name))
    return to_person(rows[0]) if rows else None


async def update_language(connection: AsyncConnection, person_id: UUID, language: Language) -> None:
    """Set the language of replies and pages."""
    await connection.execute(update(schema.people).where(schema.people.c.id == person_id).values(language=language))


async def record_consent(connection: AsyncConnection, person_id: UUID, *, is_given: bool) -> None:
    """Record that a person gave or withdrew consent; the time of the first consent is preserved."""
    table = schema.people
    consented_at = func.coalesce(table.c.consented_at, func.now()) if is_given else None
    await connection.execute(update(table).where(table.c.id == person_id).values(consented_at=consented_at))


async def update_guesses_first(connection: AsyncConnection, person_id: UUID, *, is_enabled: bool) -> None:
    """Set whether a person guesses first; if not, their looks stop waiting for a guess."""
    people, looks = schema.people, schema.looks
    await connection.execute(update(people).where(people.c.id == person_id).values(guesses_first=is_enabled))
    if not is_enabled:
        waits_for_guess = (looks.c.person_id == person_id, looks.c.pending_question == PendingQuestion.GUESS)
        await connection.execute(update(looks).where(*waits_for_guess).values(pending_question=None))


async def mark_learning_asked(connection: AsyncConnection, person_id: UUID) -> bool:
    """Record that a person is asked whether Eva may learn from their corrections; False if they were before."""
    table = schema.people
    result = await connection.execute(
        update(table)
        .where(table.c.id == person_id, table.c.learning_asked_at.is_(None))
        .values(learning_asked_at=func.now())
    )
    return result.rowcount == 1


async def record_learning_consent(connection: AsyncConnection, person_id: UUID, *, is_given: bool) -> None:
    """Record whether Eva may learn from the photos that a person corrects, and when they said so."""
    table = schema.people
    values = {
        "learning_consent": is_given,
        "learning_asked_at": func.coalesce(table.c.learning_asked_at, func.now()),
        "learning_answered_at": func.now(),
    }
    await connection.execute(update(table).where(table.c.id == person_id).values(values))


async def get_if_reachable(connection: AsyncConnection, provider: IdentityProvider, subject: str) -> Person | None:
    """The person with this identity, unless it is marked as blocked; or None."""
    rows = await SELECT_IF_REACHABLE.fetch(connection, provider=provider, subject=subject)
    return to_person(rows[0]) if rows else None


async def lock(connection: AsyncConnection, *person_ids: UUID) -> set[UUID]:
    """Lock people until the transaction ends, in the order of their ids; the ids of those who exist."""
    table = schema.people
    statement = select(table.c.id).where(table.c.id.in_(person_ids)).order_by(table.c.id).with_for_update()
    return set((await connection.execute(statement)).scalars())


async def prevent_erasure(connection: AsyncConnection, *person_ids: UUID | ColumnElement[UUID]) -> None:
    """Let erasures and blocks of people wait until the transaction ends."""
    table = schema.people
    statement = select(table.c.id).where(table.c.id.in_(person_ids)).order_by(table.c.id)
    await connection.execute(statement.with_for_update(read=True, key_share=True))


async def is_banned(connection: AsyncConnection, person_id: UUID) -> bool:
    """Whether a person is banned from the leaderboard."""
    statement = select(schema.people.c.banned_at).where(schema.people.c.id == person_id)
    return (await connection.execute(statement)).scalar_one_or_none() is not None


async def delete_person(connection: AsyncConnection, person_id: UUID) -> None:
    """Delete a person with all rows that belong to them; images must be deleted from the object storage before."""
    identities, inbox = schema.identities, schema.inbox
    is_sent_by_person = [
        (inbox.c.channel == identity.provider) & (inbox.c.external_sender_id == identity.subject)
        for identity in await list_identities(connection, person_id)
    ]
    if is_sent_by_person:
        await connection.execute(delete(inbox).where(or_(*is_sent_by_person)))
    await connection.execute(delete(identities).where(identities.c.person_id == person_id))
    await connection.execute(delete(schema.people).where(schema.people.c.id == person_id))


SELECT_BY_IDENTITY = CompiledStatement(select(schema.people).join(schema.identities).where(*MATCHES_IDENTITY))
SELECT_IF_REACHABLE = CompiledStatement(
    select(schema.people).join(schema.identities).where(*MATCHES_IDENTITY, schema.identities.c.blocked_at.is_(None))
)
SELECT_BY_DISPLAY_NAME = CompiledStatement(
    select(schema.people).where(schema.people.c.display_name_key == bindparam("key"))
)
SELECT_BY_ID = CompiledStatement(select(schema.people).where(schema.people.c.id == bindparam("person_id")))


def to_person(row: Row[tuple[object, ...]]) -> Person:
    """Convert a row with all columns of the table; for the other repositories."""
    asked_at = row.pending_name_asked_at
    is_name_pending = (
        row.pending_name_look_id is not None
        and asked_at is not None
        and datetime.now(UTC) - asked_at < NAME_QUESTION_LIFETIME
    )
    return Person(
        id=row.id,
        name=row.name,
        language=Language(row.language),
        created_at=row.created_at,
        consented_at=row.consented_at,
        guesses_first=row.guesses_first,
        pending_name_look_id=row.pending_name_look_id if is_name_pending else None,
        pending_name_chat=row.pending_name_chat if is_name_pending else None,
        pending_name=row.pending_name if is_name_pending else None,
        learning_consent=row.learning_consent,
        learning_asked_at=row.learning_asked_at,
        news_since=row.news_since,
        news_seen_at=row.news_seen_at,
        daily_news=row.daily_news,
        followers=row.followers,
        following=row.following,
        banned_at=row.banned_at,
    )
