"""Text without a photo, and reactions to messages of the bot: answers, requests for a command, and small talk."""

from dataclasses import replace

from telegram import InlineKeyboardMarkup

from bot.telegram.commands import CommandName, handle_command, send_similar_looks
from bot.telegram.daily_news import send_news
from bot.telegram.delivery import REPLY_STEP, UpdateDelivery
from bot.telegram.outgoing_messages import text_messages
from bot.telegram.parsing import NO_QUESTIONS
from bot.telegram.photos import handle_photo
from bot.telegram.replies import answer_question
from bot.telegram.updates import MessageReaction, TextMessage
from core.conversation.intents import SERIOUS, Intent, find_intent
from core.conversation.item_feedback import is_new
from core.conversation.occasion_fit import UNANSWERABLE
from core.conversation.paraphrases import paraphrase
from core.conversation.service import ConversationService
from core.conversation.smalltalk import is_understood, reply_to_text, unanswered_wishes
from core.db import inbox, looks
from core.db.looks import Look
from core.db.people import Person
from core.db.schema import Channel

INTENT_COMMANDS = {
    Intent.HELP: CommandName.HELP,
    Intent.MENU: CommandName.HELP,
    Intent.STYLES: CommandName.STYLES,
    Intent.LEADERBOARD: CommandName.BOARD,
    Intent.HISTORY: CommandName.ME,
    Intent.WEEK: CommandName.WEEK,
    Intent.ACCOUNT: CommandName.ME,
    Intent.LANGUAGE: CommandName.LANGUAGE,
    Intent.PHOTOS: CommandName.PRIVACY,
    Intent.DELETE: CommandName.FORGET,
    # In a group, and in reply to a message that is about no look that is known.
    Intent.SIMILAR: CommandName.ME,
    Intent.SHARE: CommandName.ME,
    Intent.UNSHARE: CommandName.ME,
}
"""The command that does what a message asks for in other words; each asks before it changes anything."""
AGREEMENTS = frozenset("👍❤🔥👏😁🎉🤩💯👌😍🥰🏆🆒")
DISAGREEMENTS = frozenset("👎💩🤮")


async def handle_message(
    delivery: UpdateDelivery,
    conversation: ConversationService,
    person: Person,
    message: TextMessage | MessageReaction,
) -> None:
    """Reply to text or a reaction, and tell that of several wishes only one was answered.

    Args:
        delivery: sends the reply.
        conversation: the business logic.
        person: the sender.
        message: the message.

    Raises:
        EvaError: see `ConversationService.handle_text` and `UpdateDelivery.send_all`.
    """
    is_name = delivery.is_private and person.pending_name_look_id is not None
    is_first = delivery.checkpoint(REPLY_STEP) is None
    if isinstance(message, TextMessage) and message.photo is None and is_first and not is_name:
        message = replace(message, text=paraphrase(message.text))
    await _answer(delivery, conversation, person, message)
    if isinstance(message, TextMessage) and (note := unanswered_wishes(message.text, delivery.language)):
        await delivery.send_all("rest", text_messages(*note))


async def _answer(
    delivery: UpdateDelivery,
    conversation: ConversationService,
    person: Person,
    message: TextMessage | MessageReaction,
) -> None:
    """Reply to an answer or an opinion, by the command that is asked for, else with small talk."""
    if delivery.checkpoint(REPLY_STEP) is not None:
        # An earlier attempt took it for an answer. By now there may be no question any more.
        text = message.text if isinstance(message, TextMessage) else ""
        await answer_question(delivery, conversation, person, text)
        return
    if isinstance(message, MessageReaction):
        await _handle_reaction(delivery, conversation, person, message)
        return
    replied_look, is_about_another = await _find_replied_look(delivery, person, message)
    look_id = None if replied_look is None or person.pending_name_look_id is not None else replied_look.id
    if not is_about_another and await answer_question(delivery, conversation, person, message.text, look_id):
        return
    intent = find_intent(message.text)
    is_judged = intent not in NO_QUESTIONS if replied_look is None else intent is None or intent in UNANSWERABLE
    if message.photo is not None and is_judged:
        await conversation.delete_name_question(person)
        await handle_photo(delivery, conversation, person, message.photo)
        return
    if intent is Intent.SIMILAR and delivery.is_private:
        await conversation.delete_name_question(person)
        await send_similar_looks(delivery, conversation, person, look_id)
        return
    name = None if intent is None else INTENT_COMMANDS.get(intent)
    if name is None:
        seed, look = conversation.reply_turns.next_seed(person.id), None
        if delivery.is_private and not is_about_another and not is_understood(message.text):
            look = await conversation.get_look_in_talk(person, look_id)
        text = reply_to_text(message.text, seed, delivery.language, look=look)
        keyboard = None if look is None else delivery.keyboards.offers(look)
        if intent is Intent.DELETE_ONE:
            keyboard = await _own_page_keyboard(delivery, conversation, person)
        messages = text_messages(text, keyboard=keyboard)
        await delivery.send_all("reply", messages, look_id=None if look is None else look.id)
        if intent not in SERIOUS:
            await send_news(delivery, person)
        return
    await conversation.delete_name_question(person)
    await handle_command(delivery, conversation, person, name, names_bot=True)


async def _own_page_keyboard(
    delivery: UpdateDelivery, conversation: ConversationService, person: Person
) -> InlineKeyboardMarkup | None:
    """A link to the person's own page, or in a group to the command that has one; None without a public URL."""
    if not delivery.is_private:
        return delivery.keyboards.private_chat(CommandName.ME)
    return delivery.keyboards.own_looks(await conversation.create_login_url(person), has_looks=False)


async def _handle_reaction(
    delivery: UpdateDelivery, conversation: ConversationService, person: Person, reaction: MessageReaction
) -> None:
    """Take a reaction as agreement or disagreement with the verdict shown last, as the same emoji in a message.

    A reaction to what is older than its photo, or about another look, means nothing to Eva, and none answers a question
    for a name.
    """
    opinion = _opinion(reaction.emoji)
    if opinion is None or person.pending_name_look_id is not None or reaction.message_id is None:
        return
    async with delivery.resources.database.connection() as connection:
        look = await looks.get_current(connection, person.id)
        sender_id = str(reaction.user_id)
        look_id = await inbox.find_look_id(connection, Channel.TELEGRAM, sender_id, reaction.message_id)
    if look is None or not is_new(look.created_at) or look_id not in {look.id, None}:
        return
    # Ids of a chat grow: what stands below the photo is about it.
    photo_id = _photo_id(look, reaction.chat_id)
    if photo_id is not None and photo_id < reaction.message_id:
        await answer_question(delivery, conversation, person, opinion)


async def _find_replied_look(
    delivery: UpdateDelivery, person: Person, message: TextMessage
) -> tuple[Look | None, bool]:
    """The look that a message of the private chat replies to, and whether the message is not about the look shown last.

    A message that replies to what is about no look, or about one that was deleted, is not about the look shown last if
    that is newer. The question for a name is about the look that it was asked for, wherever that look stands.
    """
    if message.replied_id is None or not delivery.is_private:
        return None, False
    async with delivery.resources.database.connection() as connection:
        look = await looks.get_by_source(connection, person.id, f"{delivery.chat_id}:{message.replied_id}")
        look_id = None
        if look is None:
            sender_id = str(message.user_id)
            look_id = await inbox.find_look_id(connection, Channel.TELEGRAM, sender_id, message.replied_id)
            look = None if look_id is None else await looks.get(connection, look_id)
        if look is not None and look.person_id == person.id:
            return look, False
        current = await looks.get_current(connection, person.id)
    if person.pending_name_look_id is not None:
        return None, False
    photo_id = None if current is None else _photo_id(current, delivery.chat_id)
    is_older = photo_id is not None and message.replied_id <= photo_id
    return None, message.photo is not None or look_id is not None or is_older


def _photo_id(look: Look, chat_id: int) -> int | None:
    """The message of a chat with the photo of a look; None if the photo was sent elsewhere."""
    source = look.source_message_id.removeprefix(f"{chat_id}:")
    return int(source) if source.isdecimal() else None


def _opinion(emoji: tuple[str, ...]) -> str | None:
    """The word for what reactions express; None if they express neither agreement nor disagreement."""
    if DISAGREEMENTS.intersection(emoji):
        return "👎"
    return "👍" if AGREEMENTS.intersection(emoji) else None
