"""People, and the identities by which messengers and logins know them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError

from core.db import tables
from core.db.direct import Statement
from core.db.errors import missing_person_as_error, violated_constraint
from core.db.tables import Asked, Provider
from core.errors import PersonGone
from core.ids import uuid7
from core.names import name_key

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import ColumnElement, Row
    from sqlalchemy.ext.asyncio import AsyncConnection


__all__ = [
    "Identity",
    "Person",
    "as_person",
    "by_name",
    "get",
    "identities_of",
    "identity_of",
    "is_banned",
    "known",
    "link",
    "lock",
    "mark_reachable",
    "mark_unreachable",
    "meet",
    "reachable",
    "remove",
    "set_consent",
    "set_guesses_first",
    "set_language",
    "set_name",
    "set_naming",
    "unlink",
    "unlink_all",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who talks to Eva."""

    id: UUID
    name: str | None
    """The name that the board shows, 1 to 40 characters; None until one was chosen."""
    language: str
    """Two letters, e.g. `ko`."""
    created_at: datetime
    consented_at: datetime | None
    """When the person agreed that photos are judged, where that is asked."""
    guesses_first: bool
    """Whether the person wants to guess before Eva tells."""
    naming: UUID | None
    """The look for which Eva asked a name: what the person writes next is one."""
    followers: int
    following: int
    banned_at: datetime | None
    """When a moderator decided that nothing of theirs may be on the board."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A name that somebody else has for a person."""

    provider: Provider
    subject: str
    """The provider's id of the person."""
    person_id: UUID
    created_at: datetime
    """When Eva learned it."""
    unreachable_at: datetime | None
    """When the person was found to have blocked Eva or deleted the chat."""
    used_at: datetime
    """Of a browser, when it last did something, to the month; of all others, as `created_at`."""


async def meet(connection: AsyncConnection, provider: Provider, subject: str, *, language: str) -> Person:
    """The person with this identity; a new one at the first meeting, who then speaks `language`.

    Two first meetings at once give one person.
    """
    person = await known(connection, provider, subject)
    if person is not None:
        return person
    person_id = uuid7()
    await connection.execute(insert(tables.people).values(id=person_id, language=language))
    linked = await connection.execute(
        upsert(tables.identities)
        .values(provider=provider, subject=subject, person_id=person_id)
        .on_conflict_do_nothing()
        .returning(tables.identities.c.person_id)
    )
    if linked.first() is None:
        # Somebody else met the same person since we looked, and has committed.
        await connection.execute(delete(tables.people).where(tables.people.c.id == person_id))
    met = await known(connection, provider, subject)
    if met is None:
        raise PersonGone
    return met


async def link(connection: AsyncConnection, person_id: UUID, provider: Provider, subject: str) -> bool:
    """Give a person one more identity; False if it is somebody else's already.

    Raises:
        PersonGone: the person was forgotten.
    """
    values = {"provider": provider, "subject": subject, "person_id": person_id}
    with missing_person_as_error(tables.identities):
        await connection.execute(upsert(tables.identities).values(**values).on_conflict_do_nothing())
    found = await identity_of(connection, provider, subject)
    return found is not None and found.person_id == person_id


async def unlink(connection: AsyncConnection, provider: Provider, subject: str) -> None:
    """Take an identity from whoever has it."""
    await connection.execute(delete(tables.identities).where(*_is(provider, subject)))


async def unlink_all(connection: AsyncConnection, person_id: UUID, providers: Iterable[Provider]) -> None:
    """Take all identities of these providers from a person."""
    table = tables.identities
    chosen = table.c.person_id == person_id, table.c.provider.in_(list(providers))
    await connection.execute(delete(table).where(*chosen))


async def get(connection: AsyncConnection, person_id: UUID) -> Person | None:
    """A person, or None."""
    row = await ONE.first(connection, person_id=person_id)
    return None if row is None else as_person(row)


async def known(connection: AsyncConnection, provider: Provider, subject: str) -> Person | None:
    """The person with this identity, or None."""
    row = await KNOWN.first(connection, provider=provider, subject=subject)
    return None if row is None else as_person(row)


async def identity_of(connection: AsyncConnection, provider: Provider, subject: str) -> Identity | None:
    """Who somebody is to a provider, or None."""
    row = await IDENTITY.first(connection, provider=provider, subject=subject)
    return None if row is None else _identity(row)


async def identities_of(connection: AsyncConnection, person_id: UUID) -> list[Identity]:
    """All identities of a person, the oldest first."""
    table = tables.identities
    found = select(table).where(table.c.person_id == person_id).order_by(table.c.created_at, table.c.provider)
    return [_identity(row) for row in await connection.execute(found)]


async def set_name(connection: AsyncConnection, person_id: UUID, name: str) -> bool:
    """Choose the name that the board shows, 1 to 40 characters; False if somebody else has it, or one that reads so."""
    table = tables.people
    chosen = update(table).where(table.c.id == person_id).values(name=name, name_key=name_key(name))
    try:
        async with connection.begin_nested():
            await connection.execute(chosen)
    except IntegrityError as error:
        if violated_constraint(error) == "uq_people_name_key":
            return False
        raise
    return True


async def by_name(connection: AsyncConnection, name: str) -> Person | None:
    """Who has this name, or one that reads so; None if nobody has."""
    row = await NAMED.first(connection, key=name_key(name))
    return None if row is None else as_person(row)


async def set_language(connection: AsyncConnection, person_id: UUID, language: str) -> None:
    """Choose the language, two letters."""
    await connection.execute(update(tables.people).where(tables.people.c.id == person_id).values(language=language))


async def set_consent(connection: AsyncConnection, person_id: UUID, *, given: bool) -> None:
    """Note that a person agreed that photos are judged, or took that back; the first yes keeps its time."""
    table = tables.people
    when = func.coalesce(table.c.consented_at, func.now()) if given else None
    await connection.execute(update(table).where(table.c.id == person_id).values(consented_at=when))


async def set_guesses_first(connection: AsyncConnection, person_id: UUID, *, first: bool) -> None:
    """Note whether a person wants to guess before Eva tells; if not, she waits for no guess any more."""
    people, looks = tables.people, tables.looks
    await connection.execute(update(people).where(people.c.id == person_id).values(guesses_first=first))
    if not first:
        waiting = (looks.c.person_id == person_id, looks.c.asked == Asked.GUESS)
        await connection.execute(update(looks).where(*waiting).values(asked=None))


async def set_naming(connection: AsyncConnection, person_id: UUID, look_id: UUID | None) -> None:
    """Note for which look a person was asked a name; None once that is settled."""
    await connection.execute(update(tables.people).where(tables.people.c.id == person_id).values(naming=look_id))


async def reachable(connection: AsyncConnection, provider: Provider, subject: str) -> Person | None:
    """The person with this identity, unless messages to it did not arrive; None for a stranger, too."""
    row = await REACHABLE.first(connection, provider=provider, subject=subject)
    return None if row is None else as_person(row)


async def mark_unreachable(connection: AsyncConnection, provider: Provider, subject: str) -> None:
    """Note that messages to this identity do not arrive any more."""
    await connection.execute(update(tables.identities).where(*_is(provider, subject)).values(unreachable_at=func.now()))


async def mark_reachable(connection: AsyncConnection, provider: Provider, subject: str) -> None:
    """Note that this identity has written again."""
    table = tables.identities
    await connection.execute(
        update(table).where(*_is(provider, subject), table.c.unreachable_at.is_not(None)).values(unreachable_at=None)
    )


async def lock(connection: AsyncConnection, person_id: UUID) -> bool:
    """Let nobody write anything of this person until the unit of work ends; False if there is no such person."""
    found = select(tables.people.c.id).where(tables.people.c.id == person_id).with_for_update()
    return (await connection.execute(found)).first() is not None


async def is_banned(connection: AsyncConnection, person_id: UUID) -> bool:
    """Whether a moderator decided that nothing of theirs may be on the board."""
    found = select(tables.people.c.banned_at).where(tables.people.c.id == person_id)
    return (await connection.execute(found)).scalar_one_or_none() is not None


async def remove(connection: AsyncConnection, person_id: UUID) -> None:
    """Delete a person and every row that belongs to them or came from them. Pictures must be gone already."""
    identities, inbox = tables.identities, tables.inbox
    mine = [(row.provider, row.subject) for row in await identities_of(connection, person_id)]
    sent = [(inbox.c.platform == provider) & (inbox.c.sender == subject) for provider, subject in mine]
    if sent:
        await connection.execute(delete(inbox).where(or_(*sent)))
    await connection.execute(delete(identities).where(identities.c.person_id == person_id))
    await connection.execute(delete(tables.people).where(tables.people.c.id == person_id))


BY_IDENTITY = (
    tables.identities.c.provider == bindparam("provider"),
    tables.identities.c.subject == bindparam("subject"),
)
IDENTITY = Statement(select(tables.identities).where(*BY_IDENTITY))
KNOWN = Statement(select(tables.people).join(tables.identities).where(*BY_IDENTITY))
REACHABLE = Statement(
    select(tables.people).join(tables.identities).where(*BY_IDENTITY, tables.identities.c.unreachable_at.is_(None))
)
NAMED = Statement(select(tables.people).where(tables.people.c.name_key == bindparam("key")))
ONE = Statement(select(tables.people).where(tables.people.c.id == bindparam("person_id")))


def _is(provider: Provider, subject: str) -> tuple[ColumnElement[bool], ...]:
    return tables.identities.c.provider == provider, tables.identities.c.subject == subject


def as_person(row: Row[tuple[object, ...]]) -> Person:
    """A whole row of the table as a person; for the other repositories."""
    return Person(
        id=row.id,
        name=row.name,
        language=row.language,
        created_at=row.created_at,
        consented_at=row.consented_at,
        guesses_first=row.guesses_first,
        naming=row.naming,
        followers=row.followers,
        following=row.following,
        banned_at=row.banned_at,
    )


def _identity(row: Row[tuple[object, ...]]) -> Identity:
    return Identity(
        provider=Provider(row.provider),
        subject=row.subject,
        person_id=row.person_id,
        created_at=row.created_at,
        unreachable_at=row.unreachable_at,
        used_at=row.used_at,
    )
