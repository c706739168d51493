"""Everything that Eva remembers of one person, as it lies in the tables, for that person to take away.

What others did with a person's looks is there as numbers alone: who gave a heart or wrote a report is theirs, not the
person's. Of those whom the person has to do with, names and looks are there only as far as everybody sees them.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import schema
from core.styles import STYLES

RowDict = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedImage:
    """A picture that is still kept."""

    look_id: UUID
    kind: str
    """`photo`, or `warmth` for the one with the warm colours."""
    key: str
    """Where it lies in the storage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalData:
    """What there is of a person."""

    tables: dict[str, list[RowDict]]
    """Rows by the name of their table, the oldest first; under `follows` a row holds, beside the name that the
    followed person chose, their id in `person_id`: it is not the reader's to see."""
    images: list[ExportedImage]


async def get_personal_data(connection: AsyncConnection, person_id: UUID) -> PersonalData:
    """Everything of a person, in one unit of work; tables without a row of theirs have an empty list."""
    found = {
        name: [dict(row._mapping) for row in await connection.execute(query)]
        for name, query in _queries(person_id).items()
    }
    pictures = [
        ExportedImage(look_id=row["id"], kind=kind, key=row[column])
        for row in found["looks"]
        for kind, column in (("photo", "photo_key"), ("heatmap", "heatmap_key"))
        if row[column] is not None and row["images_stored_at"] is not None
    ]
    found["looks"] = [_humanize(row) for row in found["looks"]]
    return PersonalData(tables=found, images=pictures)


def _queries(person_id: UUID) -> dict[str, Select[Any]]:
    """What to read, by the name of its table. New columns come along by themselves, new tables by their test."""
    looks, follows, people, inbox = schema.looks, schema.follows, schema.people, schema.inbox
    mine = select(schema.identities.c.provider, schema.identities.c.subject).where(
        schema.identities.c.person_id == person_id
    )
    messages = select(inbox.c.id).where(tuple_(inbox.c.channel, inbox.c.external_sender_id).in_(mine))
    acts = schema.moderation_log
    own_looks = select(looks.c.id).where(looks.c.person_id == person_id)
    return {
        "people": select(people).where(people.c.id == person_id),
        "identities": _owned_rows(schema.identities, person_id).order_by(schema.identities.c.created_at),
        "looks": _owned_rows(looks, person_id).order_by(looks.c.created_at, looks.c.id),
        "person_style_counts": _owned_rows(schema.person_style_counts, person_id).order_by(
            schema.person_style_counts.c.style
        ),
        "hearts": _owned_rows(schema.hearts, person_id).order_by(schema.hearts.c.created_at),
        "bookmarks": _owned_rows(schema.bookmarks, person_id).order_by(schema.bookmarks.c.created_at),
        "reports": _owned_rows(schema.reports, person_id).order_by(schema.reports.c.created_at),
        "follows": select(people.c.id.label("person_id"), people.c.name, follows.c.created_at)
        .join(people, people.c.id == follows.c.followed_id)
        .where(follows.c.follower_id == person_id)
        .order_by(follows.c.created_at),
        "moderation_log": select(
            acts.c.action,
            acts.c.created_at,
            _null_unless(acts.c.look_id.in_(own_looks), acts.c.look_id),
            (acts.c.moderator_id == person_id).label("by_me"),
        )
        .where(or_(acts.c.moderator_id == person_id, acts.c.person_id == person_id, acts.c.look_id.in_(own_looks)))
        .order_by(acts.c.created_at, acts.c.id),
        # What a ticket opens with is a secret even in a file of its owner's.
        "one_time_tokens": select(schema.one_time_tokens.c.expires_at).where(
            schema.one_time_tokens.c.person_id == person_id
        ),
        "inbox": select(inbox).where(inbox.c.id.in_(messages)).order_by(inbox.c.id),
        "job_checkpoints": select(schema.job_checkpoints)
        .where(schema.job_checkpoints.c.inbox_id.in_(messages))
        .order_by(schema.job_checkpoints.c.inbox_id, schema.job_checkpoints.c.created_at),
    }


def _owned_rows(table: Any, person_id: UUID) -> Select[Any]:
    return select(*(column for column in table.c if column.name != "person_id")).where(table.c.person_id == person_id)


def _null_unless(condition: ColumnElement[bool], column: ColumnElement[Any]) -> ColumnElement[Any]:
    return case((condition, column)).label("look_id")


def _humanize(row: RowDict) -> RowDict:
    """A look's row with words for its numbers, and without the places of its pictures."""
    columns, cam = row["cam_columns"], row["cam"]
    kept = {name: value for name, value in row.items() if name not in {"photo_key", "heatmap_key", "cam_columns"}}
    return kept | {
        "probabilities": dict(zip(STYLES, row["probabilities"], strict=True)),
        "cam": [list(cam[at : at + columns]) for at in range(0, len(cam), columns)],
        "perceptual_hash": row["perceptual_hash"].hex(),
    }
