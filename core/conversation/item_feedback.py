"""Corrections of items by the owner of a look: stored, acknowledged, and from then on not said any more."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from core.conversation.actions import ActionType
from core.conversation.item_corrections import ItemCorrection
from core.conversation.reply import Reply, ReplyKind
from core.conversation.worn_details import UNLIKELY
from core.db import look_feedback, looks, people
from core.db.people import Person
from core.db.schema import PendingQuestion
from core.resources import Resources
from core.services.photo_judging import PhotoJudgingService

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
    denied, instead = correction.denied, correction.instead
    async with resources.database.transaction() as connection:
        shown = None if look_id is None else await looks.get(connection, look_id)
        if shown is None or shown.person_id != person.id:
            shown = await looks.get_current(connection, person.id)
        look = None if shown is None else await looks.lock(connection, shown.id)
        if look is None or look.pending_question is PendingQuestion.GUESS or not is_new(look.created_at):
            return None
        attributes = look.verdict.attributes
        is_named = attributes is not None and attributes.find_seen(denied) is not None
        if not is_named and denied not in look.item_corrections:
            is_unlikely = attributes is not None and attributes.probability(denied) < UNLIKELY
            kind = ReplyKind.ITEM_UNSEEN if is_unlikely else ReplyKind.ITEM_PROBABILITY
            return Reply(kind=kind, language=person.language, look=look, thing=denied)
        if denied is instead:
            return Reply(kind=ReplyKind.ITEM_SAME, language=person.language, look=look, thing=denied)
        prompt = None
        if is_named:
            look = await look_feedback.record_item_correction(connection, look, denied, instead)
            if person.learning_consent is None and await people.mark_learning_asked(connection, person.id):
                prompt = ActionType.ALLOW_LEARNING
    look = await photo_judging.redraw_heatmap(look)
    return Reply(
        kind=ReplyKind.ITEM_CORRECTED,
        language=person.language,
        look=look,
        thing=denied,
        instead=instead,
        prompt=prompt,
    )


def is_new(created_at: datetime) -> bool:
    """Whether what people say is still about the verdict on a photo from this time."""
    return datetime.now(UTC) - created_at < OPINION_WINDOW
