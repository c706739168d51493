"""All data that is stored about one person, for that person to download (GDPR, article 20).

Reactions of others to a person's looks are included as counts only. Of other people there is no more than everybody
can see: display names and public looks.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, Select, Table, case, cast, literal_column, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import schema
from core.db.look_summaries import HAS_IMAGES
from core.styles import STYLES

RowDict = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedImage:
    """An image whose time is not over."""

    look_id: UUID
    kind: str
    """`photo` or `heatmap`."""
    key: str
    """In the object storage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalData:
    """Everything about a person."""

    tables: dict[str, list[RowDict]]
    """Rows by the name of their table, the oldest first. A row of `follows`, `blocks` or `person_reports` has the
    display name of the other person, and their `person_id`, which is not for the reader."""
    images: list[ExportedImage]


async def get_personal_data(connection: AsyncConnection, person_id: UUID) -> PersonalData:
    """Everything about a person; tables without such rows have an empty list.

    Args:
        connection: a `Database.snapshot`, so that the tables agree with each other.
        person_id: the person.
    """
    tables = {
        name: [dict(row._mapping) for row in await connection.execute(statement)]
        for name, statement in _queries(person_id).items()
    }
    images = [
        ExportedImage(look_id=row["id"], kind=kind, key=row[column])
        for row in tables["looks"]
        for kind, column in (("photo", "photo_key"), ("heatmap", "heatmap_key"))
        if row["has_images"]
    ]
    tables["looks"] = [_humanize(row) for row in tables["looks"]]
    for row in tables["inbox"]:
        row["payload"] = _without_others(row["payload"], row["external_sender_id"])
    return PersonalData(tables=tables, images=images)


def _queries(person_id: UUID) -> dict[str, Select[Any]]:
    """One statement for each table. New columns are included by default, and a test fails for a new table."""
    looks, follows, people, inbox = schema.looks, schema.follows, schema.people, schema.inbox
    blocks, person_reports, limits = schema.blocks, schema.person_reports, schema.rate_limits
    tokens, checkpoints, log = schema.one_time_tokens, schema.job_checkpoints, schema.moderation_log
    own_identities = select(schema.identities.c.provider, schema.identities.c.subject).where(
        schema.identities.c.person_id == person_id
    )
    own_updates = select(inbox.c.id).where(tuple_(inbox.c.channel, inbox.c.external_sender_id).in_(own_identities))
    own_looks = select(looks.c.id).where(looks.c.person_id == person_id)
    return {
        "people": select(people).where(people.c.id == person_id),
        "identities": _owned_rows(schema.identities, person_id).order_by(schema.identities.c.created_at),
        "looks": _owned_rows(looks, person_id)
        .add_columns(HAS_IMAGES.label("has_images"))
        .order_by(looks.c.created_at, looks.c.id),
        "person_style_counts": _owned_rows(schema.person_style_counts, person_id).order_by(
            schema.person_style_counts.c.style
        ),
        "hearts": _owned_rows(schema.hearts, person_id).order_by(schema.hearts.c.created_at),
        "bookmarks": _owned_rows(schema.bookmarks, person_id).order_by(schema.bookmarks.c.created_at),
        "look_guesses": _owned_rows(schema.look_guesses, person_id).order_by(schema.look_guesses.c.created_at),
        "reports": _owned_rows(schema.reports, person_id).order_by(schema.reports.c.created_at),
        "follows": select(people.c.id.label("person_id"), people.c.name, follows.c.created_at)
        .join(people, people.c.id == follows.c.followed_id)
        .where(follows.c.follower_id == person_id)
        .order_by(follows.c.created_at),
        "blocks": select(people.c.id.label("person_id"), people.c.name, blocks.c.created_at)
        .join(people, people.c.id == blocks.c.blocked_id)
        .where(blocks.c.person_id == person_id)
        .order_by(blocks.c.created_at),
        "person_reports": select(
            people.c.id.label("person_id"), people.c.name, person_reports.c.created_at, person_reports.c.reason
        )
        .join(people, people.c.id == person_reports.c.reported_id)
        .where(person_reports.c.person_id == person_id)
        .order_by(person_reports.c.created_at),
        "moderation_log": select(
            log.c.action,
            log.c.created_at,
            case((log.c.look_id.in_(own_looks), log.c.look_id)).label("look_id"),
            (log.c.moderator_id == person_id).label("by_me"),
        )
        .where(or_(log.c.moderator_id == person_id, log.c.person_id == person_id, log.c.look_id.in_(own_looks)))
        .order_by(log.c.created_at, log.c.id),
        "rate_limits": select(
            (literal_column("date '1970-01-01'") + cast(limits.c.period, Integer)).label("day"),
            limits.c["count"].label("photos"),
        )
        .where(limits.c.key == person_id.bytes)
        .order_by(limits.c.period),
        # The hash of a token is a secret, in a file of its owner, too.
        "one_time_tokens": select(tokens.c.expires_at).where(tokens.c.person_id == person_id),
        "inbox": select(inbox).where(inbox.c.id.in_(own_updates)).order_by(inbox.c.id),
        "job_checkpoints": select(checkpoints)
        .where(checkpoints.c.inbox_id.in_(own_updates))
        .order_by(checkpoints.c.inbox_id, checkpoints.c.created_at),
    }


def _owned_rows(table: Table, person_id: UUID) -> Select[Any]:
    return select(*(column for column in table.c if column.name != "person_id")).where(table.c.person_id == person_id)


NOT_EXPORTED = frozenset(
    {"photo_key", "heatmap_key", "has_images", "cam_columns", "private_photo_ttl", "rising_at", "filters"}
)
"""Columns of `looks`."""


def _humanize(row: RowDict) -> RowDict:
    """A row of `looks` with probabilities by style and the activation map as lists, without keys of images.

    `images_end_at` says how long they are kept. Left out as well: `rising_at`, which would tell when others gave their
    hearts, and `filters`, which repeat `things`.
    """
    columns, cam = row["cam_columns"], row["cam"]
    public = {name: value for name, value in row.items() if name not in NOT_EXPORTED}
    return public | {
        "probabilities": dict(zip(STYLES, row["probabilities"], strict=True)),
        "cam": [list(cam[start : start + columns]) for start in range(0, len(cam), columns)],
        "perceptual_hash": row["perceptual_hash"].hex(),
        "embedding": None if row["embedding"] is None else [value - 128 for value in row["embedding"]],
    }


OF_OTHERS = frozenset(
    {
        *("reply_to_message", "external_reply", "quote", "pinned_message", "forward_origin", "sender_chat", "via_bot"),
        *("new_chat_members", "left_chat_member", "title", "user", "contact", "users_shared", "author_signature"),
        # Their former names, which Telegram and other servers of its API still send.
        *("forward_from", "forward_from_chat", "forward_sender_name", "forward_signature"),
        *("new_chat_member", "new_chat_participant", "left_chat_participant"),
    }
)
"""Fields of Telegram's updates with what others wrote, who they are, or the name of their chat."""


def _without_others(value: Any, sender_id: str | None) -> Any:
    """A part of an update without what belongs to other people; an own message that was answered stays.

    Args:
        value: any JSON value.
        sender_id: who sent the update.
    """
    if isinstance(value, list):
        return [_without_others(item, sender_id) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _without_others(item, sender_id)
        for name, item in value.items()
        if name not in OF_OTHERS or _is_of(item, sender_id)
    }


def _is_of(value: object, person_id: str | None) -> bool:
    """Whether a value describes a person, or is a message of theirs."""
    who = value.get("from", value) if isinstance(value, dict) else None
    return isinstance(who, dict) and str(who.get("id")) == person_id
