"""Everything that Eva remembers of one person, as it lies in the tables, for that person to take away.

What others did with a person's looks is there as numbers alone: who gave a heart or wrote a report is theirs, not the
person's. Of those whom the person has to do with, names and looks are there only as far as everybody sees them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import case, or_, select, tuple_

from core.db import tables
from core.styles import STYLES

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.ext.asyncio import AsyncConnection

__all__ = ["Export", "Picture", "of_person"]

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture that is still kept."""

    look: UUID
    kind: str
    """`photo`, or `warmth` for the one with the warm colours."""
    key: str
    """Where it lies in the storage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """What there is of a person."""

    tables: dict[str, list[Row]]
    """Rows by the name of their table, the oldest first; under `follows` a row holds, beside the name that the
    followed person chose, their id in `person_id`: it is not the reader's to see."""
    pictures: list[Picture]


async def of_person(connection: AsyncConnection, person_id: UUID) -> Export:
    """Everything of a person, in one unit of work; tables without a row of theirs have an empty list."""
    found = {
        name: [dict(row._mapping) for row in await connection.execute(query)]
        for name, query in _queries(person_id).items()
    }
    pictures = [
        Picture(look=row["id"], kind=kind, key=row[column])
        for row in found["looks"]
        for kind, column in (("photo", "photo_key"), ("warmth", "cam_key"))
        if row[column] is not None and row["stored_at"] is not None
    ]
    found["looks"] = [_readable(row) for row in found["looks"]]
    return Export(tables=found, pictures=pictures)


def _queries(me: UUID) -> dict[str, Select[Any]]:
    """What to read, by the name of its table. New columns come along by themselves, new tables by their test."""
    looks, follows, people, inbox = tables.looks, tables.follows, tables.people, tables.inbox
    mine = select(tables.identities.c.provider, tables.identities.c.subject).where(tables.identities.c.person_id == me)
    messages = select(inbox.c.id).where(tuple_(inbox.c.platform, inbox.c.sender).in_(mine))
    acts = tables.moderation
    own_looks = select(looks.c.id).where(looks.c.person_id == me)
    return {
        "people": select(people).where(people.c.id == me),
        "identities": _of(tables.identities, me).order_by(tables.identities.c.created_at),
        "looks": _of(looks, me).order_by(looks.c.created_at, looks.c.id),
        "person_styles": _of(tables.person_styles, me).order_by(tables.person_styles.c.style),
        "hearts": _of(tables.hearts, me).order_by(tables.hearts.c.created_at),
        "scraps": _of(tables.scraps, me).order_by(tables.scraps.c.created_at),
        "reports": _of(tables.reports, me).order_by(tables.reports.c.created_at),
        "follows": select(people.c.id.label("person_id"), people.c.name, follows.c.created_at)
        .join(people, people.c.id == follows.c.followed_id)
        .where(follows.c.person_id == me)
        .order_by(follows.c.created_at),
        "moderation": select(
            acts.c.act,
            acts.c.created_at,
            _if(acts.c.look_id.in_(own_looks), acts.c.look_id),
            (acts.c.moderator_id == me).label("by_me"),
        )
        .where(or_(acts.c.moderator_id == me, acts.c.person_id == me, acts.c.look_id.in_(own_looks)))
        .order_by(acts.c.created_at, acts.c.id),
        # What a ticket opens with is a secret even in a file of its owner's.
        "tickets": select(tables.tickets.c.expires_at).where(tables.tickets.c.person_id == me),
        "inbox": select(inbox).where(inbox.c.id.in_(messages)).order_by(inbox.c.id),
        "deliveries": select(tables.deliveries)
        .where(tables.deliveries.c.inbox_id.in_(messages))
        .order_by(tables.deliveries.c.inbox_id, tables.deliveries.c.sent_at),
    }


def _of(table: Any, me: UUID) -> Select[Any]:
    return select(*(column for column in table.c if column.name != "person_id")).where(table.c.person_id == me)


def _if(condition: ColumnElement[bool], column: ColumnElement[Any]) -> ColumnElement[Any]:
    return case((condition, column)).label("look_id")


def _readable(row: Row) -> Row:
    """A look's row with words for its numbers, and without the places of its pictures."""
    columns, cam = row["cam_columns"], row["cam"]
    kept = {name: value for name, value in row.items() if name not in {"photo_key", "cam_key", "cam_columns"}}
    return kept | {
        "probabilities": dict(zip(STYLES, row["probabilities"], strict=True)),
        "cam": [list(cam[at : at + columns]) for at in range(0, len(cam), columns)],
        "fingerprint": row["fingerprint"].hex(),
    }
