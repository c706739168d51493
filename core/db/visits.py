"""Visits: who looks at a page, and what they have put on what it shows, in one question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Uuid, any_, bindparam, exists, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from core.db import tables
from core.db.reading import Question

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from sqlalchemy import ColumnElement, Table

    from core.db.reading import Connection
    from core.db.tables import Provider

__all__ = ["STRANGER", "Visit", "of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Somebody on a page."""

    person_id: UUID | None
    """Who it is; None for somebody whom Eva does not know."""
    hearts: frozenset[UUID] = frozenset()
    """Looks of the page that have their heart."""
    scraps: frozenset[UUID] = frozenset()
    """Looks of the page that they keep."""
    follows: bool = False
    """Whether they follow the person whom the page is about."""


STRANGER = Visit(person_id=None)


async def of(
    connection: Connection, provider: Provider, subject: str, *, look_ids: Iterable[UUID], owner: UUID
) -> Visit:
    """The visit of whoever a provider knows by this id.

    Args:
        connection: a reader, or a unit of work.
        provider: who knows them.
        subject: the provider's id of them.
        look_ids: the looks that the page shows.
        owner: the person whom the page is about.
    """
    row = await VISIT.first(connection, provider=provider, subject=subject, look_ids=list(look_ids), owner=owner)
    if row is None:
        return STRANGER
    return Visit(
        person_id=row.person_id, hearts=frozenset(row.hearts), scraps=frozenset(row.scraps), follows=row.follows
    )


def _put_on(table: Table) -> ColumnElement[list[UUID]]:
    """The looks of the page on which they put a mark of this kind."""
    one_of = table.c.look_id == any_(bindparam("look_ids", type_=ARRAY(Uuid)))
    found = select(table.c.look_id).where(table.c.person_id == tables.identities.c.person_id, one_of)
    return func.array(found.correlate(tables.identities).scalar_subquery(), type_=ARRAY(Uuid)).label(table.name)


VISIT = Question(
    select(
        tables.identities.c.person_id,
        _put_on(tables.hearts),
        _put_on(tables.scraps),
        exists()
        .where(
            tables.follows.c.person_id == tables.identities.c.person_id,
            tables.follows.c.followed_id == bindparam("owner", type_=Uuid),
        )
        .correlate(tables.identities)
        .label("follows"),
    ).where(tables.identities.c.provider == bindparam("provider"), tables.identities.c.subject == bindparam("subject"))
)
