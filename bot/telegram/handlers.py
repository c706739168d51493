"""Photos that come: one, or several at once; judged, and answered once."""

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

from telegram import InlineKeyboardMarkup
from telegram.constants import ChatAction

from bot.telegram.delivery import UpdateDelivery
from bot.telegram.formatting import format_verdict, text_messages
from bot.telegram.keyboards import (
    erase_keyboard,
    guess_keyboard,
    guess_mode_keyboard,
    language_keyboard,
    look_keyboard,
    name_keyboard,
    style_keyboard,
)
from bot.telegram.parsing import ButtonPress, PhotoMessage
from core.conversation.actions import Action, ActionType
from core.conversation.narration import error_message, verdict_messages
from core.conversation.reply import Reply
from core.conversation.reply_texts import reply_sentences
from core.conversation.service import ConversationService
from core.conversation.smalltalk import find_style_name, summarize_album
from core.db.looks import Look
from core.db.people import Person
from core.db.schema import Channel
from core.errors import DailyLimitError, EvaError, PhotoError, RemotePhotoGoneError
from core.i18n.translations import pick_variant, translate
from core.services.photo_judging import JudgedPhoto
from core.urls import look_url
from core.vision.verdict import ConfidenceBand


@dataclass(frozen=True, slots=True, kw_only=True)
class _AlbumResult:
    """What became of an album."""

    looks: Sequence[Look]
    error: EvaError | None
    """The first fault of a photo that could not be judged."""


async def handle_photo(
    delivery: UpdateDelivery, conversation: ConversationService, person: Person, photo: PhotoMessage
) -> None:
    """Judge a photo and answer it; who guesses first is asked first.

    Raises:
        EvaError: see `Judging.judge` and `Sender.fetch`.
    """
    async with delivery.chat_action(ChatAction.TYPING):
        judged = await _judge_photo(delivery, conversation, person, photo)
    look = judged.look
    if judged.is_duplicate:
        note = translate(pick_variant("talk.remembered", str(look.id), delivery.language), delivery.language)
        await send_verdict(delivery, conversation, person, look, note=note)
    elif not person.guesses_first:
        await send_verdict(delivery, conversation, person, look)
    elif (guess := find_style_name(photo.caption)) is None:
        words = translate("talk.guess.ask", delivery.language)
        await delivery.send_all("ask", *text_messages(words, keyboard=guess_keyboard(look.id, delivery.language)))
    else:
        action = Action(type=ActionType.GUESS, look_id=look.id, style=guess)
        answer = await run_once(delivery, conversation, person, partial(conversation.handle_action, person, action))
        if answer is not None:
            await send_reply(delivery, conversation, person, answer)


async def handle_album(
    delivery: UpdateDelivery, conversation: ConversationService, person: Person, photos: Sequence[PhotoMessage]
) -> None:
    """Judge several photos, at least one, and answer them together: all in a line each, the best in full.

    Raises:
        EvaError: none of them could be judged, or it must be tried again.
    """
    if len(photos) == 1:
        await handle_photo(delivery, conversation, person, photos[0])
        return
    async with delivery.chat_action(ChatAction.TYPING):
        seen = await _judge_album(delivery, conversation, person, photos)
    if not seen.looks:
        raise seen.error or RemotePhotoGoneError
    sorry = [error_message(seen.error, delivery.language)] if seen.error else []
    if len(seen.looks) == 1:
        await send_verdict(delivery, conversation, person, seen.looks[0], note="\n".join(sorry) or None)
        return
    await conversation.mark_verdicts_revealed(*seen.looks)
    best, words = summarize_album([look.verdict for look in seen.looks], delivery.language)
    note = "\n".join([words, *sorry])
    if best is None:
        keyboard = keyboard_for_look(delivery, conversation, person, seen.looks[0])
        await delivery.send_all("album", *text_messages(note, keyboard=keyboard))
    else:
        await send_verdict(delivery, conversation, person, seen.looks[best], note=note)


async def _judge_album(
    delivery: UpdateDelivery, conversation: ConversationService, person: Person, photos: Sequence[PhotoMessage]
) -> _AlbumResult:
    found, fault = [], None
    for photo in photos:
        try:
            found.append((await _judge_photo(delivery, conversation, person, photo)).look)
        except (PhotoError, RemotePhotoGoneError, DailyLimitError) as error:
            fault = fault or error
    return _AlbumResult(looks=found, error=fault)


async def _judge_photo(
    delivery: UpdateDelivery, conversation: ConversationService, person: Person, photo: PhotoMessage
) -> JudgedPhoto:
    data = await delivery.client.download(photo.file_id)
    return await conversation.photo_judging.judge_photo(
        data,
        person_id=person.id,
        channel=Channel.TELEGRAM,
        source_message_id=f"{photo.chat_id}:{photo.message_id}",
        language=person.language,
    )


async def send_verdict(
    delivery: UpdateDelivery, conversation: ConversationService, person: Person, look: Look, *, note: str | None = None
) -> None:
    """Tell the verdict on a look.

    Args:
        thread: where.
        stylist: who.
        person: to whom.
        look: the look, which is the person's.
        note: what to say first.
    """
    await conversation.mark_verdicts_revealed(look)
    async with delivery.chat_action(ChatAction.UPLOAD_PHOTO):
        bubbles = verdict_messages(look.verdict, seed=str(look.id), language=delivery.language)
        keyboard = keyboard_for_look(delivery, conversation, person, look)
        heat = await delivery.load_image(look.heatmap_key)
        await delivery.send_all(
            "verdict", *format_verdict(bubbles, look.verdict, heatmap=heat, keyboard=keyboard, note=note)
        )


def keyboard_for_look(
    delivery: UpdateDelivery, conversation: ConversationService, person: Person, look: Look
) -> InlineKeyboardMarkup:
    """What a person can do with a look of theirs, as it is now."""
    return look_keyboard(
        look.id,
        delivery.language,
        has_outfit=look.verdict.band is not ConfidenceBand.NOT_AN_OUTFIT,
        is_shared=look.shared_at is not None,
        guesses_first=person.guesses_first,
        page_url=look_url(conversation.settings, look),
    )


REPLY_STEP = "granted"


async def run_once(
    delivery: UpdateDelivery,
    conversation: ConversationService,
    person: Person,
    operation: Callable[[], Awaitable[Reply | None]],
    message: str | None = None,
) -> Reply | None:
    """Run an operation in the first attempt only; later attempts restore its reply from a checkpoint.

    Args:
        delivery: holds the checkpoints of the update.
        conversation: restores the reply.
        person: the sender.
        operation: returns a reply, or None for nothing to restore.
        message: the text that the operation handles, if it handles one.
    """
    checkpoint = delivery.checkpoint(REPLY_STEP)
    if checkpoint is not None:
        return await conversation.restore_reply(person, json.loads(checkpoint), message)
    reply = await operation()
    if reply is not None:
        await delivery.record_checkpoint(REPLY_STEP, json.dumps(reply.to_checkpoint()))
    return reply


async def send_reply(
    delivery: UpdateDelivery,
    conversation: ConversationService,
    person: Person,
    reply: Reply,
    *,
    keyboard: InlineKeyboardMarkup | None = None,
) -> None:
    """Say an answer, with the buttons that it asks for.

    Args:
        thread: where.
        stylist: whose answer it is.
        person: to whom.
        answer: what she says.
        keyboard: the buttons if it asks for none.
    """
    delivery.language, sentences = reply.language, reply_sentences(reply)
    if reply.reveals_verdict and reply.look is not None:
        await send_verdict(delivery, conversation, person, reply.look, note="\n".join(sentences) or None)
        return
    await delivery.send_all("answer", *text_messages(*sentences, keyboard=_prompt_keyboard(reply) or keyboard))


def _prompt_keyboard(reply: Reply) -> InlineKeyboardMarkup | None:
    """The buttons that an answer asks for."""
    match reply.prompt:
        case ActionType.GUESS | ActionType.CORRECT if reply.look is not None:
            return style_keyboard(reply.prompt, reply.look.id, reply.language)
        case ActionType.ACCEPT_NAME if reply.look is not None:
            return name_keyboard(reply.look.id, reply.language)
        case ActionType.SET_LANGUAGE:
            return language_keyboard()
        case ActionType.ASK_ERASE:
            return erase_keyboard(reply.language)
        case _:
            return None


SHARING_ACTIONS = {ActionType.SHARE, ActionType.ACCEPT_NAME, ActionType.KEEP_PRIVATE, ActionType.UNSHARE}
"""After these a look has other buttons."""
FINAL_ACTIONS = {
    ActionType.GUESS,
    ActionType.CORRECT,
    ActionType.SHOW_RESULT,
    ActionType.SET_LANGUAGE,
    ActionType.CONFIRM_ERASE,
    ActionType.CANCEL,
}
"""The answers to a question; its buttons go when they have done their work."""


async def handle_callback(
    delivery: UpdateDelivery, conversation: ConversationService, person: Person, press: ButtonPress
) -> None:
    """Do what a button asks, and say so.

    Raises:
        EvaError: see `Stylist.grant`.
    """
    action = press.action
    if action is None:
        await delivery.send_all("answer", *text_messages(translate("telegram.unknown_button", delivery.language)))
        return
    answer = await run_once(delivery, conversation, person, partial(conversation.handle_action, person, action))
    if answer is None:
        return
    keyboard = None
    if action.look_id is None and action.type in {ActionType.GUESS, ActionType.REVEAL_FIRST}:
        keyboard = guess_mode_keyboard(answer.language, guesses_first=action.type is ActionType.GUESS)
    await send_reply(delivery, conversation, person, answer, keyboard=keyboard)
    if press.message_id is not None:
        await _update_keyboard(delivery, conversation, person, action, answer, press.message_id)


async def _update_keyboard(
    delivery: UpdateDelivery,
    conversation: ConversationService,
    person: Person,
    action: Action,
    reply: Reply,
    message_id: int,
) -> None:
    """Leave no buttons under the pressed message that are for what is over."""
    if reply.prompt is not None or (action.look_id is not None and reply.look is None):
        return
    if action.type in SHARING_ACTIONS and reply.look is not None:
        keyboard = keyboard_for_look(delivery, conversation, person, reply.look)
        await delivery.client.edit_keyboard(delivery.chat_id, message_id, keyboard)
    elif action.type in FINAL_ACTIONS and (
        action.look_id is not None
        or action.type in {ActionType.SET_LANGUAGE, ActionType.CONFIRM_ERASE, ActionType.CANCEL}
    ):
        await delivery.client.edit_keyboard(delivery.chat_id, message_id, None)
