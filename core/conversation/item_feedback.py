"""Corrections of items by the owner of a look: stored, acknowledged, and from then on not said any more."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from core.clothing import Item
from core.conversation.actions import ActionType
from core.conversation.item_corrections import ItemCorrection, find_item_correction
from core.conversation.reply import Reply, ReplyKind
from core.conversation.worn_details import UNLIKELY
from core.db import look_feedback, looks, people
from core.db.looks import Look
from core.db.people import Person
from core.db.schema import PendingQuestion
from core.resources import Resources
from core.services.photo_judging import PhotoJudgingService
from core.vision.attributes import Thing

OPINION_WINDOW = timedelta(minutes=10)
"""How long after a photo a style, an agreement, a correction or a question for the reason is about its verdict."""


async def correct_item(
    resources: Resources,
    photo_judging: PhotoJudgingService,
    person: Person,
    correction: ItemCorrection,
    look_id: UUID | None,
) -> Reply | None:
    """Take back an item or a color that Eva named; the picture is drawn again without its tag.

    Repeating it changes nothing, so that an interrupted attempt may be repeated.

    Args:
        resources: the database.
        photo_judging: draws the picture.
        person: who writes.
        correction: what they say.
        look_id: the look on their screen, if the channel knows it; the one shown last by default.

    Returns:
        The reply; None if no verdict is new enough, or it waits for a guess.

    Raises:
        DecoderUnavailableError, StorageUnavailableError: the correction is stored, the picture was not drawn again.
    """
    instead = correction.instead
    async with resources.database.transaction() as connection:
        shown = await _find_shown(connection, person, look_id)
        look = None if shown is None else await looks.lock(connection, shown.id)
        if look is None or look.pending_question is PendingQuestion.GUESS or not is_new(look.created_at):
            return None
        denied = _choose_denied(look, correction)
        all_denied = [thing for thing in (denied, correction.also) if thing is not None and _names(look, thing)]
        if not all_denied:
            attributes = look.verdict.attributes
            is_unlikely = attributes is not None and attributes.probability(denied) < UNLIKELY
            kind = ReplyKind.ITEM_UNSEEN if is_unlikely else ReplyKind.ITEM_PROBABILITY
            return Reply(kind=kind, language=person.language, look=look, thing=denied)
        denied = all_denied[0]
        if denied is instead:
            return Reply(kind=ReplyKind.ITEM_SAME, language=person.language, look=look, thing=denied)
        for thing in all_denied:
            is_known = thing in look.item_corrections and instead in {None, look.item_corrections[thing]}
            if not is_known:
                look = await look_feedback.record_item_correction(connection, look, thing, instead)
    look = await photo_judging.redraw_heatmap(look)
    prompt = None
    if person.learning_consent is None:
        # Asked only now: an attempt that failed at the picture has sent no question.
        async with resources.database.transaction() as connection:
            if await people.mark_learning_asked(connection, person.id):
                prompt = ActionType.ALLOW_LEARNING
    return Reply(
        kind=ReplyKind.ITEM_CORRECTED,
        language=person.language,
        look=look,
        thing=denied,
        garment=_find_kept(look, correction, denied),
        instead=instead,
        prompt=prompt,
    )


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
        look = await _find_shown(connection, person, look_id)
    return look is not None and is_new(look.created_at) and _names(look, _choose_denied(look, correction))


async def _find_shown(connection: AsyncConnection, person: Person, look_id: UUID | None) -> Look | None:
    """The person's look on the screen if the channel knows it, else the one shown last."""
    shown = None if look_id is None else await looks.get(connection, look_id)
    return (
        shown if shown is not None and shown.person_id == person.id else await looks.get_current(connection, person.id)
    )


def _choose_denied(look: Look, correction: ItemCorrection) -> Thing:
    """Which of the named things is denied: the first property that Eva said of the garment, else the garment itself."""
    attributes = look.verdict.attributes
    for thing in correction.properties:
        seen = None if attributes is None else attributes.find_seen(thing)
        if thing in look.item_corrections or (seen is not None and seen.worn_on in {None, correction.denied}):
            return thing
    return correction.denied


def _find_kept(look: Look, correction: ItemCorrection, denied: Thing) -> Item | None:
    """The seen garment of which only a property is denied."""
    garment, attributes = correction.denied, look.verdict.attributes
    is_seen = attributes is not None and attributes.find_seen(garment) is not None
    return garment if is_seen and denied in correction.properties and isinstance(garment, Item) else None


def _names(look: Look, thing: Thing) -> bool:
    """Whether Eva named a thing in this look, taken back or not."""
    attributes = look.verdict.attributes
    is_seen = attributes is not None and attributes.find_seen(thing) is not None
    return is_seen or thing in look.item_corrections


def is_new(created_at: datetime) -> bool:
    """Whether what people say is still about the verdict on a photo from this time."""
    return datetime.now(UTC) - created_at < OPINION_WINDOW
