"""Checkpoints of replies: a repeated job restores its reply instead of executing the action again."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from core.conversation.display_names import normalize_display_name
from core.conversation.reply import STORED_FIELDS, Reply, ReplyKind
from core.db import looks, people
from core.db.people import Person
from core.i18n.translations import Language

ReplyRecorder = Callable[[AsyncConnection, Reply], Awaitable[None]]
"""Stores the checkpoint of a reply in the transaction of its action, so that neither exists without the other."""


async def record_nothing(connection: AsyncConnection, reply: Reply) -> None:
    """The recorder of channels that repeat no action."""


async def restore_reply(
    connection: AsyncConnection, person: Person, checkpoint: dict[str, Any], message: str | None = None
) -> Reply:
    """Rebuild the reply of an earlier attempt, with the look and the display name as they are now.

    Args:
        connection: to execute on.
        person: the recipient.
        checkpoint: from `Reply.to_checkpoint`.
        message: the message that was replied to, if the reply was to one.
    """
    look_id = checkpoint.get("look")
    look = None if look_id is None else await looks.get(connection, UUID(look_id))
    current = await people.get(connection, person.id)
    kind = ReplyKind(checkpoint["kind"])
    name = None if current is None else current.name
    if kind is ReplyKind.NAME_CONFIRMATION:
        name = (current and current.pending_name) or normalize_display_name(message or "") or name
    elif kind is ReplyKind.NAME_UNCLEAR:
        name = (current and current.pending_name) or name
    rejected_name = normalize_display_name(message or "") if kind is ReplyKind.NAME_TAKEN else None
    if kind is ReplyKind.NAME_TAKEN and rejected_name is None:
        # A button confirmed the name, which is stored nowhere any more: only the question for another one is left.
        kind = ReplyKind.NAME_PROMPT
    return Reply(
        kind=kind,
        language=Language(checkpoint["language"]),
        look=look,
        name=name,
        rejected_name=rejected_name,
        **{field: parse(checkpoint[field]) for field, parse in STORED_FIELDS.items() if field in checkpoint},
    )
