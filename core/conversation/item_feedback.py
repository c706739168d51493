"""Corrections of items by the owner of a look: stored, acknowledged, and from then on not said any more."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from core.clothing import EXCLUSIVE, Color, Item
from core.conversation.actions import ActionType
from core.conversation.garment_kinds import GarmentKind, find_meant
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
from core.vision.attributes import Attribute, Attributes

OPINION_WINDOW = timedelta(minutes=10)
"""How long after a photo a style, an agreement or a disagreement is about its verdict."""
CORRECTION_WINDOW = timedelta(days=1)
"""How long after a photo items can be corrected: their names leave no doubt that a message is about a look."""


async def correct_item(
    resources: Resources,
    photo_judging: PhotoJudgingService,
    person: Person,
    correction: ItemCorrection,
    look_id: UUID | None,
    *,
    record: ReplyRecorder = record_nothing,
) -> Reply | None:
    """Take back an item or a color that Eva named; the picture is drawn again without its tag.

    Repeating it changes nothing, so that an interrupted attempt may be repeated.

    Args:
        resources: the database.
        photo_judging: draws the picture.
        person: who writes.
        correction: what they say.
        look_id: the look on their screen, if the channel knows it; the one shown last by default.
        record: stores the reply together with the fact that the person is asked whether Eva may learn.

    Returns:
        The reply; None if no verdict is new enough, or it waits for a guess.

    Raises:
        DecoderUnavailableError, StorageUnavailableError: the correction is stored, the picture was not drawn again.
    """
    async with resources.database.transaction() as connection:
        shown = await _find_shown(connection, person, look_id)
        look = None if shown is None else await looks.lock(connection, shown.id)
        if look is None or look.pending_question is PendingQuestion.GUESS or not is_correctable(look.created_at):
            return None
        correction = _find_meant(look, correction)
        candidates = _choose_denied(look, correction)
        denied = [thing for thing in candidates if _names(look, thing)]
        instead, instead_also = _choose_instead(look, correction)
        if not denied:
            return _answer_unseen(look, candidates, correction, person.language)
        if denied[0] is instead:
            return Reply(kind=ReplyKind.ITEM_SAME, language=person.language, look=look, thing=instead)
        for thing in denied:
            is_known = thing in look.item_corrections and instead in {None, look.item_corrections[thing]}
            if not is_known:
                look = await look_feedback.record_item_correction(connection, look, thing, instead)
    look = await photo_judging.redraw_heatmap(look)
    reply = Reply(
        kind=ReplyKind.ITEM_CORRECTED,
        language=person.language,
        look=look,
        thing=denied[0],
        also=next(iter(denied[1:]), None),
        garment=_find_kept(look, correction, denied[0]),
        instead=instead,
        instead_also=instead_also,
    )
    async with resources.database.transaction() as connection:
        # Asked only now: an attempt that failed at the picture has sent no question.
        if person.learning_consent is None and await people.mark_learning_asked(connection, person.id):
            reply = replace(reply, prompt=ActionType.ALLOW_LEARNING)
        await record(connection, reply)
    return reply


def _answer_unseen(look: Look, things: list[Attribute], correction: ItemCorrection, language: Language) -> Reply:
    """That Eva does not see what is denied either, or how likely it is; of a garment that is kept it is a property."""
    attributes = look.verdict.attributes
    is_assertion = correction.is_garment_kept and not correction.properties
    if correction.of is not None or is_assertion:
        kind, aspect = ReplyKind.ITEM_OPEN, Aspect.COLOR if is_assertion else Aspect.NAME
        garment = correction.denied if correction.of is None and isinstance(correction.denied, Item) else None
        return Reply(kind=kind, language=language, look=look, garment=garment, of=correction.of, aspect=aspect)
    things = things or list(correction.properties[:2])
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


def _find_meant(look: Look, correction: ItemCorrection) -> ItemCorrection:
    """The correction of the seen garment that is meant: "my pants aren't blue" is about the jeans.

    Of several, it is the one that has the property. The kind of the garment stays if none of it is seen.
    """
    attributes = look.verdict.attributes
    subject = correction.of or correction.denied
    if attributes is None or not isinstance(subject, Item | GarmentKind):
        return correction
    meant = find_meant(attributes, subject)
    if not correction.properties and correction.is_garment_kept:
        recolored = _find_recolored(attributes, correction, meant)
        return recolored or _find_said_before(look, correction, meant) or correction
    if not correction.properties:
        return _find_contradicted(look, attributes, correction)
    places = (attributes.find_seen(thing) for thing in correction.properties)
    wearing = next((seen.worn_on for seen in places if seen is not None and seen.worn_on in meant), None)
    if wearing is None and not correction.is_garment_kept:
        return correction
    is_said_before = any(thing in look.item_corrections for thing in correction.properties)
    if wearing is None and not is_said_before and isinstance(correction.instead, Color):
        # "They aren't black, they're brown" says that they aren't white, either.
        recolored = _find_recolored(attributes, correction, meant)
        if recolored is not None:
            return recolored
    garment = wearing or next(iter(meant), None)
    return correction if garment is None else replace(correction, denied=garment, of=None)


def _find_recolored(attributes: Attributes, correction: ItemCorrection, meant: Sequence[Item]) -> ItemCorrection | None:
    """The denial of the colors that Eva saw on a garment that has another one according to the person.

    Of two colors that it has, neither is denied. None if she saw the only one as well, or no color there.
    """
    own_colors = {correction.instead, correction.instead_also}
    for garment in meant:
        colors = [seen.thing for seen in attributes.colors if seen.worn_on is garment][:2]
        wrong = tuple(color for color in colors if color not in own_colors)
        if wrong and (correction.instead_also is not None or wrong == tuple(colors)):
            return replace(correction, denied=garment, of=None, properties=wrong)
    return None


def _find_said_before(look: Look, correction: ItemCorrection, meant: Sequence[Item]) -> ItemCorrection | None:
    """The denial that the same words were before, for an attempt that is repeated; None if they were not said."""
    asserted = {correction.instead, correction.instead_also} - {None}
    colors = [
        thing for thing, instead in look.item_corrections.items() if isinstance(thing, Color) and instead in asserted
    ]
    if not colors or not meant:
        return None
    return replace(correction, denied=meant[0], of=None, properties=tuple(colors[:2]))


def _find_contradicted(look: Look, attributes: Attributes, correction: ItemCorrection) -> ItemCorrection:
    """The denial of what is seen instead of a denied thing, if it is never worn with what the person wears.

    "Not trousers, it's a skirt" takes back the jeans.
    """
    denied, instead = correction.denied, correction.instead
    is_open = instead is not None and not _names(look, denied) and attributes.find_seen(instead) is None
    rivals = set().union(*(items for items in EXCLUSIVE if denied in items and instead in items))
    seen = [thing.thing for thing in attributes.seen if thing.thing in rivals]
    return replace(correction, denied=seen[0]) if is_open and len(seen) == 1 else correction


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
    if look is None or not is_correctable(look.created_at):
        return False
    return any(_names(look, thing) for thing in _choose_denied(look, _find_meant(look, correction)))


async def _find_shown(connection: AsyncConnection, person: Person, look_id: UUID | None) -> Look | None:
    """The person's look on the screen if the channel knows it, else the one shown last."""
    shown = None if look_id is None else await looks.get(connection, look_id)
    return (
        shown if shown is not None and shown.person_id == person.id else await looks.get_current(connection, person.id)
    )


def _choose_denied(look: Look, correction: ItemCorrection) -> list[Attribute]:
    """Which of the named things are denied: the first property that Eva said of the garment, else the garment itself.

    Of two colors both are. Where only a property is denied, the garment itself is not.
    """
    attributes = look.verdict.attributes
    garment, candidates = correction.denied, list[Attribute]()
    is_known = attributes is not None and attributes.find_seen(garment) is not None
    is_known = is_known or garment in look.item_corrections.values() or not correction.is_garment_kept
    places = {None, garment} if is_known else {garment}
    for thing in correction.properties:
        seen = None if attributes is None else attributes.find_seen(thing)
        if thing in look.item_corrections or (seen is not None and seen.worn_on in places):
            candidates.append(thing)
    if candidates:
        count = 2 if isinstance(candidates[0], Color) else 1
        return [thing for thing in candidates if isinstance(thing, Color) is isinstance(candidates[0], Color)][:count]
    if correction.is_garment_kept:
        return []
    return [thing for thing in (correction.denied, correction.also) if thing is not None]


def _choose_instead(look: Look, correction: ItemCorrection) -> tuple[Attribute | None, Attribute | None]:
    """What is worn instead, first what Eva did not see: of two colors one is stored."""
    instead, also = correction.instead, correction.instead_also
    attributes = look.verdict.attributes
    is_first_seen = attributes is not None and instead is not None and attributes.find_seen(instead) is not None
    return (also, instead) if also is not None and is_first_seen else (instead, also)


def _find_kept(look: Look, correction: ItemCorrection, denied: Attribute) -> Item | None:
    """The seen garment of which only a property is denied."""
    garment, attributes = correction.denied, look.verdict.attributes
    is_seen = attributes is not None and attributes.find_seen(garment) is not None
    return garment if is_seen and denied in correction.properties and isinstance(garment, Item) else None


def _names(look: Look, thing: Attribute) -> bool:
    """Whether Eva named a thing in this look, taken back or not."""
    attributes = look.verdict.attributes
    is_seen = attributes is not None and attributes.find_seen(thing) is not None
    return is_seen or thing in look.item_corrections


def is_new(created_at: datetime) -> bool:
    """Whether what people say is still about the verdict on a photo from this time."""
    return datetime.now(UTC) - created_at < OPINION_WINDOW


def is_correctable(created_at: datetime) -> bool:
    """Whether a correction of an item may be about a photo from this time."""
    return datetime.now(UTC) - created_at < CORRECTION_WINDOW
