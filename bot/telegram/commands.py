"""The bot's commands and the replies to them."""

from enum import StrEnum
from uuid import UUID

from bot.telegram.delivery import UpdateDelivery
from bot.telegram.formatting import OutgoingMessage, photo_message, text_messages
from bot.telegram.handlers import keyboard_for_look
from bot.telegram.keyboards import erase_keyboard, language_keyboard, login_keyboard, page_keyboard
from bot.telegram.parsing import CommandMessage
from core.conversation.listings import get_own_looks, leaderboard_line, list_top_of_today, own_look_line, own_looks_text
from core.conversation.narration import style_description, style_name
from core.conversation.service import ConversationService
from core.db import leaderboard
from core.db.leaderboard import LeaderboardEntry
from core.db.people import Person
from core.i18n.translations import Language, translate, variant_keys
from core.styles import STYLES
from core.urls import look_url

LOOK_PARAMETER_PREFIX = "look_"
"""Prefix of the argument of `/start` that names a look: https://core.telegram.org/bots/features#deep-linking."""


class CommandName(StrEnum):
    """A command without its slash, in the order of the menu."""

    START = "start"
    HELP = "help"
    STYLES = "styles"
    ME = "me"
    BOARD = "board"
    LANGUAGE = "language"
    PRIVACY = "privacy"
    FORGET = "forget"


async def handle_command(
    delivery: UpdateDelivery, conversation: ConversationService, person: Person, command: CommandMessage
) -> None:
    """Reply to a command; in groups unknown commands are ignored, since they may be for another bot.

    Args:
        delivery: sends the reply.
        conversation: the business logic.
        person: the sender.
        command: the command.

    Raises:
        EvaError: see `UpdateDelivery.send_all`.
    """
    language = delivery.language
    if command.name not in set(CommandName) and not delivery.is_private:
        return
    if command.name == CommandName.START and await _send_linked_look(delivery, conversation, command.argument):
        await delivery.send_all("invitation", text_messages(translate("telegram.start.2", language)))
    elif command.name == CommandName.ME:
        await _send_own_looks(delivery, conversation, person)
    elif command.name == CommandName.BOARD:
        await _send_leaderboard(delivery, conversation)
    else:
        hours = conversation.settings.private_photo_ttl_hours
        await delivery.send_all("reply", command_messages(command.name, language, private_photo_hours=hours))


def command_messages(name: str, language: Language, *, private_photo_hours: int) -> tuple[OutgoingMessage, ...]:
    """The messages that answer a command without the database, an unknown command among them.

    Args:
        name: the command without its slash.
        language: of the messages.
        private_photo_hours: hours for which a photo that is not shared is stored.
    """
    keyboard = None
    match name:
        case CommandName.START:
            sentences = [translate(key, language) for key in variant_keys("telegram.start", language)]
        case CommandName.HELP:
            sentences = [translate("telegram.help", language)]
        case CommandName.STYLES:
            lines = [f"{style_name(style, language)}: {style_description(style, language)}" for style in STYLES]
            sentences = ["\n\n".join([translate("telegram.styles", language), *lines])]
        case CommandName.LANGUAGE:
            sentences, keyboard = [translate("talk.language.ask", language)], language_keyboard()
        case CommandName.PRIVACY:
            sentences = [translate("telegram.privacy", language, hours=private_photo_hours)]
        case CommandName.FORGET:
            sentences, keyboard = [translate("talk.forget.ask", language)], erase_keyboard(language)
        case _:
            sentences = [translate("telegram.unknown_command", language)]
    return text_messages(*sentences, keyboard=keyboard)


async def _send_own_looks(delivery: UpdateDelivery, conversation: ConversationService, person: Person) -> None:
    """`/me`: statistics and a list of the person's looks, and the newest look with its buttons."""
    language = delivery.language
    own_looks = await get_own_looks(delivery.resources.database, person)
    login_url = None
    # Only in private chats: the first visitor of the URL is logged in, and all members of a group can read it.
    if delivery.is_private and not delivery.has_sent_anything:
        login_url = await conversation.create_login_url(person)
    text = own_looks_text(own_looks, language)
    await delivery.send_all("me", text_messages(text, keyboard=login_keyboard(login_url, language)))
    if not own_looks.looks:
        return
    newest = own_looks.looks[0]
    if (photo := await delivery.load_image(newest.photo_key)) is not None:
        keyboard = keyboard_for_look(delivery, conversation, person, newest)
        await delivery.send_all("newest", [photo_message(photo, own_look_line(newest, language), keyboard)])


async def _send_leaderboard(delivery: UpdateDelivery, conversation: ConversationService) -> None:
    """`/board`: the looks with the most hearts among those that were shared today."""
    entries = await list_top_of_today(delivery.resources.database)
    if not entries:
        await delivery.send_all("board", text_messages(translate("talk.board.nothing", delivery.language)))
        return
    await delivery.send_all("board", text_messages(translate("talk.board", delivery.language)))
    for entry in entries:
        await delivery.send_all(f"board.{entry.look.id}", [await _leaderboard_message(delivery, conversation, entry)])


async def _send_linked_look(delivery: UpdateDelivery, conversation: ConversationService, argument: str) -> bool:
    """Send the public look that an untrusted argument of `/start` names; False if it names none."""
    if not argument.startswith(LOOK_PARAMETER_PREFIX):
        return False
    try:
        look_id = UUID(argument.removeprefix(LOOK_PARAMETER_PREFIX))
    except ValueError:
        return False
    async with delivery.resources.database.connection() as connection:
        entry = await leaderboard.get_look(connection, look_id)
    if entry is None:
        return False
    await delivery.send_all("look", [await _leaderboard_message(delivery, conversation, entry)])
    return True


async def _leaderboard_message(
    delivery: UpdateDelivery, conversation: ConversationService, entry: LeaderboardEntry
) -> OutgoingMessage:
    """A public look with its owner and its hearts."""
    keyboard = page_keyboard(look_url(conversation.settings, entry.look), delivery.language)
    photo = await delivery.load_image(entry.look.photo_key)
    return photo_message(photo, leaderboard_line(entry, delivery.language), keyboard)
