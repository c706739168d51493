"""Photos: each is judged, and answered alone or, in an album, together with the others."""

from collections.abc import Sequence

from telegram.constants import ChatAction

from bot.telegram.delivery import REPLY_STEP, UpdateDelivery
from bot.telegram.outgoing_messages import text_messages
from bot.telegram.replies import act, send_reply
from bot.telegram.updates import PhotoMessage, UnsupportedMessage
from bot.telegram.verdicts import send_verdict, shows_picture
from core.conversation.actions import Action, ActionType
from core.conversation.album_summary import MAX_ALBUM_PHOTOS, AlbumPhoto
from core.conversation.intents import Intent, find_intent
from core.conversation.item_texts import remembered_text
from core.conversation.occasion_fit import answer_caption, summarize_for_caption
from core.conversation.service import ConversationService
from core.conversation.style_names import parse_style_answer
from core.db.people import Person
from core.db.schema import Channel, PendingQuestion
from core.errors import (
    DailyLimitError,
    EvaError,
    LookNotFoundError,
    PhotoError,
    RemotePhotoGoneError,
    RemotePhotoUnavailableError,
    StorageUnavailableError,
)
from core.i18n.translations import translate
from core.services.photo_judging import JudgedPhoto, PhotoSource

QUOTE_PREFIX = "quoted:"
"""Of the source of a look whose photo its owner quoted in a group from another chat: it was not sent to the group."""
PHOTO_FAILURES = (PhotoError, RemotePhotoGoneError, DailyLimitError)
"""Errors that concern one photo of an album, and leave the others."""
PASSING_PHOTO_FAILURES = (RemotePhotoUnavailableError, StorageUnavailableError)
"""Errors of one photo after which the album is tried again, but for the last attempt."""


async def handle_photo(
    delivery: UpdateDelivery, conversation: ConversationService, person: Person, photo: PhotoMessage
) -> None:
    """Judge a photo and send the verdict, or ask for a guess first if the person wants to guess.

    Args:
        delivery: sends the reply.
        conversation: the business logic.
        person: the sender.
        photo: the message.

    Raises:
        EvaError: see `PhotoJudgingService.judge_photo`, `TelegramClient.download` and `UpdateDelivery.send_all`.
    """
    if photo.caption and await answer_self_harm(delivery, photo.caption):
        return
    if delivery.has_sent_anything and delivery.checkpoint("ask.1") is not None:
        return  # An earlier attempt asked for a guess, which may have been answered since then.
    async with delivery.chat_action(ChatAction.TYPING):
        judged = await download_and_judge(delivery, conversation, person, photo)
    look, language = judged.look, delivery.language
    note = answer = answer_caption(photo.caption, look.verdict, language) if photo.caption else None
    # By an earlier attempt, which recorded the reply and could not send it.
    has_guessed = bool(photo.caption) and delivery.checkpoint(REPLY_STEP) is not None
    if judged.is_duplicate:
        await conversation.mark_verdict_shown(look)
        if shows_picture(delivery, look):
            remembered = remembered_text(look, language, is_private=delivery.is_private)
            note = "\n".join(filter(None, [remembered, answer]))
    if judged.is_duplicate or (look.pending_question is not PendingQuestion.GUESS and not has_guessed):
        await send_verdict(delivery, conversation, person, look, heatmap=judged.heatmap, note=note)
    elif (guess := parse_style_answer(photo.caption)) is None:
        messages = text_messages(translate("talk.guess.ask", language), keyboard=delivery.keyboards.guess(look.id))
        await delivery.send_all("ask", messages, look_id=look.id)
    else:
        action = Action(type=ActionType.GUESS, look_id=look.id, style=guess)
        reply = await act(delivery, conversation, person, action)
        if reply is not None:
            await send_reply(delivery, conversation, person, reply)


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
                judged = looks[number] = await download_and_judge(delivery, conversation, person, item)
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


async def download_and_judge(
    delivery: UpdateDelivery, conversation: ConversationService, person: Person, photo: PhotoMessage
) -> JudgedPhoto:
    """Download a photo and judge it.

    Args:
        delivery: downloads the photo.
        conversation: judges it.
        person: who sent it.
        photo: the message with the photo.

    Raises:
        EvaError: see `handle_photo`.
    """
    message_id = f"{photo.chat_id}:{photo.message_id}"
    if photo.is_from_other_chat and not delivery.is_private:
        message_id = f"{QUOTE_PREFIX}{message_id}"
    source = PhotoSource(person_id=person.id, channel=Channel.TELEGRAM, message_id=message_id, language=person.language)
    async with delivery.client.download(photo.file_id, photo.file_size) as data:
        judged = await conversation.photo_judging.judge_photo(data, source, is_answered=delivery.has_sent_anything)
    if photo.message_id is not None:
        delivery.look_ids[photo.message_id] = str(judged.look.id)
    return judged


async def answer_self_harm(delivery: UpdateDelivery, caption: str) -> bool:
    """Reply to a caption that speaks of self-harm, instead of a verdict.

    Args:
        delivery: sends the reply.
        caption: what is written under the photos.

    Returns:
        Whether there was a reply.

    Raises:
        EvaError: see `UpdateDelivery.send_all`.
    """
    if find_intent(caption) is not Intent.SELF_HARM:
        return False
    await delivery.send_all("crisis", text_messages(translate("talk.crisis", delivery.language)))
    return True


def verdict_step(photo: AlbumPhoto) -> str:
    """The step of the verdict on one photo of an album, by its place.

    If the photo is gone in a later attempt, the verdict on another one starts from its picture: remarks alone would be
    read as remarks on the picture above them.
    """
    return f"verdict.{photo.number}"


def album_failures(delivery: UpdateDelivery) -> tuple[type[EvaError], ...]:
    """The errors of one photo that leave the rest of an album."""
    return (*PHOTO_FAILURES, *PASSING_PHOTO_FAILURES) if delivery.is_last_attempt else PHOTO_FAILURES
