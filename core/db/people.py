"""People, and the identities by which messengers and logins know them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Row, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from core.confusables import confusable_key
from core.db import schema
from core.db.compiled_statements import CompiledStatement
from core.db.errors import missing_person_as_error, violated_constraint
from core.db.schema import IdentityProvider, PendingQuestion
from core.errors import PersonNotFoundError
from core.i18n.translations import Language
from core.uuid7 import uuid7


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who talks to Eva."""

    id: UUID
    name: str | None
    """The name that the board shows, 1 to 40 characters; None until one was chosen."""
    language: Language
    """Two letters, e.g. `ko`."""
    created_at: datetime
    consented_at: datetime | None
    """When the person agreed that photos are judged, where that is asked."""
    guesses_first: bool
    """Whether the person wants to guess before Eva tells."""
    pending_name_look_id: UUID | None
    """The look for which Eva asked a name: what the person writes next is one."""
    followers: int
    following: int
    banned_at: datetime | None
    """When a moderator decided that nothing of theirs may be on the board."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A name that somebody else has for a person."""

    provider: IdentityProvider
    subject: str
    """The provider's id of the person."""
    person_id: UUID
    created_at: datetime
    """When Eva learned it."""
    blocked_at: datetime | None
    """When the person was found to have blocked Eva or deleted the chat."""
    last_seen_at: datetime
    """Of a browser, when it last did something, to the month; of all others, as `created_at`."""


async def get_or_create_by_identity(
    connection: AsyncConnection, provider: IdentityProvider, subject: str, *, language: str
) -> Person:
    """The person with this identity; a new one at the first meeting, who then speaks `language`.

    Two first meetings at once give one person.
    """
    person = await get_by_identity(connection, provider, subject)
    if person is not None:
        return person
    person_id = uuid7()
    await connection.execute(insert(schema.people).values(id=person_id, language=language))
    linked = await connection.execute(
        upsert(schema.identities)
        .values(provider=provider, subject=subject, person_id=person_id)
        .on_conflict_do_nothing()
        .returning(schema.identities.c.person_id)
    )
    if linked.first() is None:
        # Somebody else met the same person since we looked, and has committed.
        await connection.execute(delete(schema.people).where(schema.people.c.id == person_id))
    met = await get_by_identity(connection, provider, subject)
    if met is None:
        raise PersonNotFoundError
    return met


async def add_identity(connection: AsyncConnection, person_id: UUID, provider: IdentityProvider, subject: str) -> bool:
    """Give a person one more identity; False if it is somebody else's already.

    Raises:
        PersonNotFoundError: the person was forgotten.
    """
    values = {"provider": provider, "subject": subject, "person_id": person_id}
    with missing_person_as_error(schema.identities):
        await connection.execute(upsert(schema.identities).values(**values).on_conflict_do_nothing())
    found = await get_identity(connection, provider, subject)
    return found is not None and found.person_id == person_id


async def delete_identity(connection: AsyncConnection, provider: IdentityProvider, subject: str) -> None:
    """Take an identity from whoever has it."""
    await connection.execute(delete(schema.identities).where(*_identity_matches(provider, subject)))


async def delete_identities(
    connection: AsyncConnection, person_id: UUID, providers: Iterable[IdentityProvider]
) -> None:
    """Take all identities of these providers from a person."""
    table = schema.identities
    chosen = table.c.person_id == person_id, table.c.provider.in_(list(providers))
    await connection.execute(delete(table).where(*chosen))


async def get(connection: AsyncConnection, person_id: UUID) -> Person | None:
    """A person, or None."""
    row = await SELECT_BY_ID.fetch_one(connection, person_id=person_id)
    return None if row is None else to_person(row)


async def get_by_identity(connection: AsyncConnection, provider: IdentityProvider, subject: str) -> Person | None:
    """The person with this identity, or None."""
    row = await SELECT_BY_IDENTITY.fetch_one(connection, provider=provider, subject=subject)
    return None if row is None else to_person(row)


async def get_identity(connection: AsyncConnection, provider: IdentityProvider, subject: str) -> Identity | None:
    """Who somebody is to a provider, or None."""
    row = await SELECT_IDENTITY.fetch_one(connection, provider=provider, subject=subject)
    return None if row is None else _to_identity(row)


async def list_identities(connection: AsyncConnection, person_id: UUID) -> list[Identity]:
    """All identities of a person, the oldest first."""
    table = schema.identities
    found = select(table).where(table.c.person_id == person_id).order_by(table.c.created_at, table.c.provider)
    return [_to_identity(row) for row in await connection.execute(found)]


async def set_display_name(connection: AsyncConnection, person_id: UUID, name: str) -> bool:
    """Choose the name that the board shows, 1 to 40 characters; False if somebody else has it, or one that reads so."""
    table = schema.people
    chosen = update(table).where(table.c.id == person_id).values(name=name, display_name_key=confusable_key(name))
    try:
        async with connection.begin_nested():
            await connection.execute(chosen)
    except IntegrityError as error:
        if violated_constraint(error) == "uq_people_display_name_key":
            return False
        raise
    return True


async def get_by_display_name(connection: AsyncConnection, name: str) -> Person | None:
    """Who has this name, or one that reads so; None if nobody has."""
    row = await SELECT_BY_DISPLAY_NAME.fetch_one(connection, key=confusable_key(name))
    return None if row is None else to_person(row)


async def set_language(connection: AsyncConnection, person_id: UUID, language: str) -> None:
    """Choose the language, two letters."""
    await connection.execute(update(schema.people).where(schema.people.c.id == person_id).values(language=language))


async def set_consent(connection: AsyncConnection, person_id: UUID, *, is_given: bool) -> None:
    """Note that a person agreed that photos are judged, or took that back; the first yes keeps its time."""
    table = schema.people
    when = func.coalesce(table.c.consented_at, func.now()) if is_given else None
    await connection.execute(update(table).where(table.c.id == person_id).values(consented_at=when))


async def set_guesses_first(connection: AsyncConnection, person_id: UUID, *, is_enabled: bool) -> None:
    """Note whether a person wants to guess before Eva tells; if not, she waits for no guess any more."""
    people, looks = schema.people, schema.looks
    await connection.execute(update(people).where(people.c.id == person_id).values(guesses_first=is_enabled))
    if not is_enabled:
        waiting = (looks.c.person_id == person_id, looks.c.pending_question == PendingQuestion.GUESS)
        await connection.execute(update(looks).where(*waiting).values(pending_question=None))


async def set_pending_name_look(connection: AsyncConnection, person_id: UUID, look_id: UUID | None) -> None:
    """Note for which look a person was asked a name; None once that is settled."""
    await connection.execute(
        update(schema.people).where(schema.people.c.id == person_id).values(pending_name_look_id=look_id)
    )


async def get_if_reachable(connection: AsyncConnection, provider: IdentityProvider, subject: str) -> Person | None:
    """The person with this identity, unless messages to it did not arrive; None for a stranger, too."""
    row = await SELECT_IF_REACHABLE.fetch_one(connection, provider=provider, subject=subject)
    return None if row is None else to_person(row)


async def mark_blocked(connection: AsyncConnection, provider: IdentityProvider, subject: str) -> None:
    """Note that messages to this identity do not arrive any more."""
    await connection.execute(
        update(schema.identities).where(*_identity_matches(provider, subject)).values(blocked_at=func.now())
    )


async def mark_unblocked(connection: AsyncConnection, provider: IdentityProvider, subject: str) -> None:
    """Note that this identity has written again."""
    table = schema.identities
    await connection.execute(
        update(table)
        .where(*_identity_matches(provider, subject), table.c.blocked_at.is_not(None))
        .values(blocked_at=None)
    )


async def lock(connection: AsyncConnection, person_id: UUID) -> bool:
    """Let nobody write anything of this person until the unit of work ends; False if there is no such person."""
    found = select(schema.people.c.id).where(schema.people.c.id == person_id).with_for_update()
    return (await connection.execute(found)).first() is not None


async def is_banned(connection: AsyncConnection, person_id: UUID) -> bool:
    """Whether a moderator decided that nothing of theirs may be on the board."""
    found = select(schema.people.c.banned_at).where(schema.people.c.id == person_id)
    return (await connection.execute(found)).scalar_one_or_none() is not None


async def delete_person(connection: AsyncConnection, person_id: UUID) -> None:
    """Delete a person and every row that belongs to them or came from them. Pictures must be gone already."""
    identities, inbox = schema.identities, schema.inbox
    mine = [(row.provider, row.subject) for row in await list_identities(connection, person_id)]
    sent = [(inbox.c.channel == provider) & (inbox.c.external_sender_id == subject) for provider, subject in mine]
    if sent:
        await connection.execute(delete(inbox).where(or_(*sent)))
    await connection.execute(delete(identities).where(identities.c.person_id == person_id))
    await connection.execute(delete(schema.people).where(schema.people.c.id == person_id))


MATCHES_IDENTITY = (
    schema.identities.c.provider == bindparam("provider"),
    schema.identities.c.subject == bindparam("subject"),
)
SELECT_IDENTITY = CompiledStatement(select(schema.identities).where(*MATCHES_IDENTITY))
SELECT_BY_IDENTITY = CompiledStatement(select(schema.people).join(schema.identities).where(*MATCHES_IDENTITY))
SELECT_IF_REACHABLE = CompiledStatement(
    select(schema.people).join(schema.identities).where(*MATCHES_IDENTITY, schema.identities.c.blocked_at.is_(None))
)
SELECT_BY_DISPLAY_NAME = CompiledStatement(
    select(schema.people).where(schema.people.c.display_name_key == bindparam("key"))
)
SELECT_BY_ID = CompiledStatement(select(schema.people).where(schema.people.c.id == bindparam("person_id")))


def _identity_matches(provider: IdentityProvider, subject: str) -> tuple[ColumnElement[bool], ...]:
    return schema.identities.c.provider == provider, schema.identities.c.subject == subject


def to_person(row: Row[tuple[object, ...]]) -> Person:
    """A whole row of the table as a person; for the other repositories."""
    return Person(
        id=row.id,
        name=row.name,
        language=Language(row.language),
        created_at=row.created_at,
        consented_at=row.consented_at,
        guesses_first=row.guesses_first,
        pending_name_look_id=row.pending_name_look_id,
        followers=row.followers,
        following=row.following,
        banned_at=row.banned_at,
    )


def _to_identity(row: Row[tuple[object, ...]]) -> Identity:
    return Identity(
        provider=IdentityProvider(row.provider),
        subject=row.subject,
        person_id=row.person_id,
        created_at=row.created_at,
        blocked_at=row.blocked_at,
        last_seen_at=row.last_seen_at,
    )
