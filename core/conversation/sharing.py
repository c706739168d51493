"""Sharing of looks on the leaderboard, and the display name under which it happens.

Nothing is shared without the press of a button: a typed name and a typed label are shown back to be confirmed.
"""

from dataclasses import replace
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from core.conversation.actions import ActionType
from core.conversation.display_names import generated_name_candidates, is_generated, normalize_display_name
from core.conversation.reply import Reply, ReplyKind
from core.db import looks, people, public_looks
from core.db.looks import Look
from core.db.people import Person
from core.errors import PersonNotFoundError
from core.vision.verdict import ConfidenceBand

SAMPLE_SOURCE_PREFIX = "sample:"
"""Start of the source of a look whose photo is one of Eva's own samples."""


async def propose_name(
    connection: AsyncConnection, person: Person, look_id: UUID, raw_name: str | None, chat: str
) -> Reply:
    """Show a typed name back; see `ConversationService.propose_name`.

    Args:
        connection: the transaction.
        person: the owner of the look.
        look_id: the look to be shared.
        raw_name: the name as typed; None to explain what it is for and to ask again.
        chat: where it was typed, and the confirmation is asked.

    Raises:
        PersonNotFoundError: the person was erased meanwhile.
    """
    if not await people.lock(connection, person.id):
        raise PersonNotFoundError
    look = await looks.lock(connection, look_id)
    if look is None or look.person_id != person.id:
        return Reply(kind=ReplyKind.LOOK_NOT_FOUND, language=person.language)
    if (refusal := _refuse_sharing(person, look)) is not None:
        return refusal
    if raw_name is None:
        return replace(await _ask_name(connection, person, look, chat), kind=ReplyKind.NAME_EXPLAINED)
    name = normalize_display_name(raw_name)
    owner = None if name is None else await people.get_by_display_name(connection, name)
    if name is not None and (owner is None or owner.id == person.id):
        return await _ask_confirmation(connection, person, look, name, chat)
    return await _ask_other_name(connection, person, look, chat, rejected=name)


async def end_sharing(connection: AsyncConnection, person: Person, look: Look, action_type: ActionType) -> Reply:
    """Take a look off the leaderboard, or leave it private; `CANCEL_NAME` never takes a shared look off.

    Args:
        connection: the transaction.
        person: the owner of the look.
        look: the look.
        action_type: `UNSHARE`, `KEEP_PRIVATE` or `CANCEL_NAME`.

    Returns:
        `UNSHARED`, `KEPT_PRIVATE`, or `SHARED` for a canceled name of a look that is on the leaderboard.
    """
    language = person.language
    if action_type is ActionType.CANCEL_NAME:
        await people.delete_name_question(connection, person.id)
        if look.shared_at is not None:
            return _shared_reply(person, look, person.name)
        return Reply(kind=ReplyKind.KEPT_PRIVATE, language=language, look=look)
    await looks.unshare(connection, look.id)
    kind = ReplyKind.KEPT_PRIVATE if look.shared_at is None else ReplyKind.UNSHARED
    return Reply(kind=kind, language=language, look=await looks.get(connection, look.id) or look)


async def change_sharing(
    connection: AsyncConnection,
    person: Person,
    look: Look,
    action_type: ActionType,
    chat: str,
    *,
    is_typed: bool = False,
) -> Reply:
    """Put a look on the leaderboard, or ask for the name or its confirmation first.

    Args:
        connection: the transaction.
        person: the owner of the look.
        look: the look.
        action_type: `SHARE`, `ACCEPT_NAME` or `CONFIRM_NAME`.
        chat: where a question is asked.
        is_typed: whether the action was written instead of pressed, or confirms another name than the one that was
            shown; it shares nothing.
    """
    needs_confirmation = is_typed or action_type is ActionType.CONFIRM_NAME
    if (refusal := _refuse_sharing(person, look)) is not None:
        return refusal
    if look.shared_at is not None and needs_confirmation:
        await people.delete_name_question(connection, person.id)
        shared = _shared_reply(person, look, person.name)
        return replace(shared, kind=ReplyKind.ALREADY_SHARED) if is_typed and look.is_public else shared
    if needs_confirmation and person.pending_name is not None and person.pending_name_look_id == look.id:
        answer = _ask_confirmation if is_typed else _share_as_proposed
        reply = await answer(connection, person, look, person.pending_name, chat)
        is_yes = is_typed and action_type is ActionType.SHARE
        return replace(reply, kind=ReplyKind.NAME_UNCLEAR) if is_yes else reply
    if action_type is not ActionType.ACCEPT_NAME and await _needs_name_prompt(connection, person):
        return await _ask_name(connection, person, look, chat)
    name = await _suggested_name(connection, person)
    if needs_confirmation:
        return await _ask_confirmation(connection, person, look, name, chat)
    return await _share_look(connection, person, look.id, name)


async def offer_unsharing(
    connection: AsyncConnection, person: Person, look_id: UUID | None, *, is_question: bool = False
) -> Reply:
    """The look that a wish to take one off the leaderboard means, with its buttons; nothing is taken off.

    Args:
        connection: to execute on.
        person: whose wish it is.
        look_id: the look on their screen, if the channel knows it; else the one shown last, or shared last.
        is_question: whether it is only asked if the look is there.
    """
    look = await looks.get_current(connection, person.id, look_id)
    if is_question and look is not None and look.shared_at is None:
        return Reply(kind=ReplyKind.NOT_SHARED, language=person.language, look=look)
    if look is None or look.shared_at is None:
        entries = await public_looks.list_for_person(connection, person.id, limit=1)
        look = await looks.get(connection, entries[0].look.id) if entries else None
    if look is None:
        return Reply(kind=ReplyKind.NOTHING_SHARED, language=person.language)
    return Reply(kind=ReplyKind.UNSHARE_OFFER, language=person.language, look=look, style=look.accepted_style)


def is_sample(look: Look) -> bool:
    """Whether the photo of a look is one of Eva's own samples, which cannot be shared."""
    return look.source_message_id.startswith(SAMPLE_SOURCE_PREFIX)


def _refuse_sharing(person: Person, look: Look) -> Reply | None:
    """The reply for a look that cannot be shared under any name; None if it can."""
    if is_sample(look):
        return Reply(kind=ReplyKind.SAMPLE, language=person.language, look=look)
    if look.verdict.band is ConfidenceBand.NOT_AN_OUTFIT:
        return Reply(kind=ReplyKind.NO_OUTFIT, language=person.language, look=look)
    if person.banned_at is not None:
        return Reply(kind=ReplyKind.BANNED, language=person.language, look=look)
    return Reply(kind=ReplyKind.LOOK_NOT_FOUND, language=person.language) if look.photo_key is None else None


async def _ask_name(connection: AsyncConnection, person: Person, look: Look, chat: str) -> Reply:
    """Ask for a name with a suggestion."""
    await people.record_name_question(connection, person.id, look.id, chat=chat)
    return Reply(
        kind=ReplyKind.NAME_PROMPT,
        language=person.language,
        look=look,
        prompt=ActionType.ACCEPT_NAME,
        name=await _suggested_name(connection, person),
    )


async def _share_as_proposed(
    connection: AsyncConnection, person: Person, look: Look, proposed: str, chat: str
) -> Reply:
    """Share a look under the name that the person confirmed, unless another person has taken it meanwhile."""
    if await people.update_display_name(connection, person.id, proposed):
        return await _share_look(connection, person, look.id, proposed)
    return await _ask_other_name(connection, person, look, chat, rejected=proposed)


async def _ask_other_name(
    connection: AsyncConnection, person: Person, look: Look, chat: str, *, rejected: str | None
) -> Reply:
    """Ask for another name with a suggestion; `rejected` is a name that another person has, None for an invalid one."""
    await people.record_name_question(connection, person.id, look.id, chat=chat)
    return Reply(
        kind=ReplyKind.NAME_INVALID if rejected is None else ReplyKind.NAME_TAKEN,
        language=person.language,
        look=look,
        prompt=ActionType.ACCEPT_NAME,
        name=await _suggested_name(connection, person),
        rejected_name=rejected,
    )


async def _ask_confirmation(connection: AsyncConnection, person: Person, look: Look, name: str, chat: str) -> Reply:
    await people.record_name_question(connection, person.id, look.id, chat=chat, proposed_name=name)
    return Reply(
        kind=ReplyKind.NAME_CONFIRMATION,
        language=person.language,
        look=look,
        prompt=ActionType.CONFIRM_NAME,
        name=name,
    )


async def get_pending_or_latest_look(connection: AsyncConnection, person: Person) -> Look | None:
    """The look that a typed label means: the one that waits for a name, or the latest."""
    if person.pending_name_look_id is not None:
        return await looks.get(connection, person.pending_name_look_id)
    return await looks.get_current(connection, person.id)


async def _suggested_name(connection: AsyncConnection, person: Person) -> str:
    """The person's name; without one, a generated name, which is then reserved for them."""
    if person.name is not None:
        return person.name
    candidates = generated_name_candidates(person.id, person.language)
    name = next(candidates)
    while not await people.update_display_name(connection, person.id, name):
        name = next(candidates)
    return name


async def _needs_name_prompt(connection: AsyncConnection, person: Person) -> bool:
    """Whether the person has chosen no name yet; sharing a look under a generated name chooses that one."""
    if person.name is None or person.pending_name_look_id is not None:
        return True
    if not is_generated(person.name, person.id):
        return False
    return not await public_looks.list_for_person(connection, person.id, limit=1)


async def _share_look(connection: AsyncConnection, person: Person, look_id: UUID, name: str) -> Reply:
    await people.delete_name_question(connection, person.id)
    is_shared = await looks.share(connection, look_id)
    look = await looks.get(connection, look_id)
    if look is not None and not is_shared and await people.is_banned(connection, person.id):
        return Reply(kind=ReplyKind.BANNED, language=person.language, look=look)
    if look is None or not is_shared:
        return Reply(kind=ReplyKind.LOOK_NOT_FOUND, language=person.language)
    return _shared_reply(person, look, name)


def _shared_reply(person: Person, look: Look, name: str | None) -> Reply:
    kind = ReplyKind.SHARED if look.is_public else ReplyKind.SHARED_SUSPENDED
    return Reply(kind=kind, language=person.language, look=look, name=name)
