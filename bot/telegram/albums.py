"""Replies to albums: several photos that were sent together."""

from collections.abc import Sequence

from telegram.constants import ChatAction

from bot.telegram.delivery import UpdateDelivery
from bot.telegram.formatting import text_messages
from bot.telegram.handlers import (
    answer_self_harm,
    handle_photo,
    judge_photo,
    send_verdict,
)
from bot.telegram.updates import PhotoMessage, UnsupportedMessage
from core.conversation.album_summary import MAX_ALBUM_PHOTOS, AlbumPhoto
from core.conversation.occasion_fit import summarize_for_caption
from core.conversation.service import ConversationService
from core.db.people import Person
from core.errors import (
    DailyLimitError,
    EvaError,
    LookNotFoundError,
    PhotoError,
    RemotePhotoGoneError,
    RemotePhotoUnavailableError,
    StorageUnavailableError,
)
from core.services.photo_judging import JudgedPhoto

PHOTO_FAILURES = (PhotoError, RemotePhotoGoneError, DailyLimitError)
"""Errors that concern one photo of an album, and leave the others."""
PASSING_PHOTO_FAILURES = (RemotePhotoUnavailableError, StorageUnavailableError)
"""Errors of one photo after which the album is tried again, but for the last attempt."""


async def handle_album(
    delivery: UpdateDelivery,
    conversation: ConversationService,
    person: Person,
    items: Sequence[PhotoMessage | UnsupportedMessage],
) -> None:
    """Judge several photos and reply to them together: one line for each, the clearest verdict in full.

    Args:
        delivery: sends the reply.
        conversation: the business logic.
        person: the sender.
        items: what was sent, in the order of the album, at least one photo.

    Raises:
        EvaError: see `handle_photo`.
        LookNotFoundError: all looks were deleted.
    """
    if len(items) == 1 and isinstance(items[0], PhotoMessage):
        await handle_photo(delivery, conversation, person, items[0])
        return
    caption = " ".join(item.caption for item in items if isinstance(item, PhotoMessage) and item.caption)
    if caption and await answer_self_harm(delivery, caption):
        return
    looks: dict[int, JudgedPhoto] = {}
    photos: list[AlbumPhoto] = []
    failures: tuple[type[EvaError], ...] = (*album_failures(delivery), LookNotFoundError)
    async with delivery.chat_action(ChatAction.TYPING):
        for number, item in enumerate(items[:MAX_ALBUM_PHOTOS], start=1):
            if isinstance(item, UnsupportedMessage):
                photos.append(AlbumPhoto(number=number, failure=item.media))
                continue
            try:
                judged = looks[number] = await judge_photo(delivery, conversation, person, item)
            except failures as error:
                photos.append(AlbumPhoto(number=number, failure=error))
            else:
                photos.append(AlbumPhoto(number=number, verdict=judged.look.verdict, look_id=judged.look.id))
    if not looks and any(isinstance(photo.failure, LookNotFoundError) for photo in photos):
        raise LookNotFoundError
    omitted_count = max(0, len(items) - MAX_ALBUM_PHOTOS)
    summary = summarize_for_caption(caption, photos, delivery.language, omitted_count=omitted_count)
    await conversation.mark_verdicts_revealed(*(judged.look for judged in looks.values()))
    if summary.best is not None:
        best = looks[summary.best.number]
        await conversation.mark_verdict_shown(best.look)
        await send_verdict(
            delivery,
            conversation,
            person,
            best.look,
            heatmap=best.heatmap,
            note=summary.text,
            step=verdict_step(summary.best),
        )
        return
    shown = next((judged.look for judged in looks.values()), None)
    keyboard = None
    if shown is not None:
        keyboard = delivery.keyboards.look(shown, conversation.settings, guesses_first=person.guesses_first)
    await delivery.send_all("album", text_messages(summary.text, keyboard=keyboard))


def verdict_step(photo: AlbumPhoto) -> str:
    """The step of the verdict on one photo of an album, by its place.

    If the photo is gone in a later attempt, the verdict on another one starts from its picture: remarks alone would be
    read as remarks on the picture above them.
    """
    return f"verdict.{photo.number}"


def album_failures(delivery: UpdateDelivery) -> tuple[type[EvaError], ...]:
    """The errors of one photo that leave the rest of an album."""
    return (*PHOTO_FAILURES, *PASSING_PHOTO_FAILURES) if delivery.is_last_attempt else PHOTO_FAILURES
