"""Corrections of items by the owner of a look: stored, acknowledged, and from then on not said any more."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from core.clothing import Item
from core.conversation.actions import ActionType
from core.conversation.garment_kinds import find_meant
from core.conversation.item_changes import ItemChange, find_change, find_corrected, list_meant_things, take_back
from core.conversation.item_corrections import ItemCorrection, find_item_correction
from core.conversation.open_questions import Aspect
from core.conversation.reply import Reply, ReplyKind
from core.conversation.reply_checkpoints import ReplyRecorder, record_nothing
from core.conversation.worn_details import UNLIKELY
from core.db import look_feedback, looks, people
from core.db.looks import Look
from core.db.people import Person
from core.db.schema import PendingQuestion
from core.i18n.translations import Language
from core.resources import Resources
from core.services.photo_judging import PhotoJudgingService

OPINION_WINDOW = timedelta(minutes=10)
"""How long after a photo a style, an agreement or a disagreement is about its verdict."""
CORRECTION_WINDOW = timedelta(days=1)
"""How long after a photo items can be corrected: their names leave no doubt that a message is about a look."""


async def correct_item(
    resources: Resources,
    photo_judging: PhotoJudgingService,
    person: Person,
    correction: ItemCorrection | None,
    look_id: UUID | None,
    *,
    record: ReplyRecorder = record_nothing,
) -> Reply | None:
    """Take back an item or a color that Eva named, or note the color of a garment; the picture is drawn again.

    Repeating it changes nothing, so that an interrupted attempt may be repeated.

    Args:
        resources: the database.
        photo_judging: draws the picture.
        person: who writes.
        correction: what they say; None if they agree after all, so that their one correction is taken back.
        look_id: the look on their screen, if the channel knows it; the one shown last by default.
        record: stores the reply together with the fact that the person is asked whether Eva may learn.

    Returns:
        The reply; None if no verdict is new enough, it waits for a guess, or what is said to be worn rules out nothing.

    Raises:
        DecoderUnavailableError, StorageUnavailableError: the correction is stored, the picture was not drawn again.
    """
    async with resources.database.transaction() as connection:
        shown = await looks.get_current(connection, person.id, look_id)
        look = None if shown is None else await looks.lock(connection, shown.id)
        if look is None or look.pending_question is PendingQuestion.GUESS or not is_correctable(look.created_at):
            return None
        if correction is None:
            change = None if look.corrected_style else take_back(look)
        else:
            correction, change = _find_change(look, correction)
            if change is None and correction.is_told_item and is_new(look.created_at):
                change = take_back(look, correction.denied)
        if change is None:
            return _answer_unchanged(look, correction, person.language)
        thing = next(iter(change.things), None)
        if thing is not None and thing is change.instead:
            return Reply(kind=ReplyKind.ITEM_SAME, language=person.language, look=look, thing=thing)
        look = await look_feedback.record_item_corrections(connection, look, change.denied, change.told_colors)
    look = await photo_judging.redraw_heatmap(look)
    reply = Reply(
        kind=ReplyKind.ITEM_RESTORED if change.is_taken_back else ReplyKind.ITEM_CORRECTED,
        language=person.language,
        look=look,
        thing=thing,
        also=next(iter(change.things[1:]), None),
        garment=change.garment,
        instead=change.instead,
        instead_also=change.instead_also,
    )
    async with resources.database.transaction() as connection:
        # Asked only now: an attempt that failed at the picture has sent no question.
        is_told = not change.is_taken_back and person.learning_consent is None
        if is_told and await people.mark_learning_asked(connection, person.id):
            reply = replace(reply, prompt=ActionType.ALLOW_LEARNING)
        await record(connection, reply)
    return reply


def _answer_unchanged(look: Look, correction: ItemCorrection | None, language: Language) -> Reply | None:
    """That Eva does not see what is denied either, or how likely it is; of a garment that is kept it is a property.

    None for a remark, which contradicts nothing.
    """
    if correction is None:
        return Reply(kind=ReplyKind.TAKE_BACK_UNCLEAR, language=language, look=look)
    if correction.is_told_item or correction.is_told_unknown:
        return None
    attributes, things = look.verdict.attributes, list_meant_things(look, correction)
    is_assertion = correction.is_garment_kept and not correction.properties
    if correction.of is not None or is_assertion:
        garment = correction.denied if correction.of is None and isinstance(correction.denied, Item) else None
        subject = correction.of or garment
        is_seen = attributes is not None and subject is not None and bool(find_meant(attributes, subject))
        kind, aspect = ReplyKind.ITEM_OPEN, Aspect.COLOR if is_assertion and is_seen else Aspect.NAME
        return Reply(kind=kind, language=language, look=look, garment=garment, of=correction.of, aspect=aspect)
    things = things or correction.properties[:2]
    is_other_seen = attributes is not None and things[0] is Item.TROUSERS and find_meant(attributes, Item.TROUSERS)
    if (
        attributes is not None
        and not is_other_seen
        and all(attributes.probability(thing) < UNLIKELY for thing in things)
    ):
        return Reply(kind=ReplyKind.ITEM_UNSEEN, language=language, look=look, thing=things[0])
    also = next(iter(things[1:]), None)
    garment = correction.denied if correction.is_garment_kept and isinstance(correction.denied, Item) else None
    kind = ReplyKind.ITEM_PROBABILITY
    return Reply(kind=kind, language=language, look=look, thing=things[0], garment=garment, also=also)


async def corrects_look(resources: Resources, person: Person, message: str, look_id: UUID | None) -> bool:
    """Whether a message takes back something that the look on the screen names, so that it is no name of a person.

    Args:
        resources: the database.
        person: who wrote it.
        message: as it was typed.
        look_id: the look on the screen, if the channel knows it; else the one shown last counts.
    """
    correction = find_item_correction(message)
    if correction is None:
        return False
    async with resources.database.connection() as connection:
        look = await looks.get_current(connection, person.id, look_id)
    if look is None or not is_correctable(look.created_at):
        return False
    return _find_change(look, correction)[1] is not None


def _find_change(look: Look, correction: ItemCorrection) -> tuple[ItemCorrection, ItemChange | None]:
    """The correction of the garment that is meant, and what it changes.

    A remark of hours later may be about other clothes, and changes nothing.
    """
    if correction.is_remark and not is_new(look.created_at):
        return correction, None
    corrected = find_corrected(look, correction)
    return corrected, None if corrected.is_told_item else find_change(look, corrected)


def is_new(created_at: datetime) -> bool:
    """Whether what people say is still about the verdict on a photo from this time."""
    return datetime.now(UTC) - created_at < OPINION_WINDOW


def is_correctable(created_at: datetime) -> bool:
    """Whether a correction of an item may be about a photo from this time."""
    return datetime.now(UTC) - created_at < CORRECTION_WINDOW
