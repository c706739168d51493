"""Eva's commands on Telegram, and her answers to those that need no memory."""

from enum import StrEnum
from uuid import UUID

from bot.telegram.delivery import UpdateDelivery
from bot.telegram.formatting import OutgoingMessage, photo_message, text_messages
from bot.telegram.handlers import keyboard_for_look
from bot.telegram.keyboards import erase_keyboard, language_keyboard, login_keyboard, page_keyboard
from core.conversation.listings import get_own_looks, leaderboard_line, list_top_of_today, own_look_line, own_looks_text
from core.conversation.narration import style_description, style_name
from core.conversation.service import ConversationService
from core.db import leaderboard
from core.db.leaderboard import LeaderboardEntry
from core.db.people import Person
from core.i18n.translations import Language, translate, variant_keys
from core.styles import STYLES
from core.urls import look_url


class CommandName(StrEnum):
    """A command, as it is typed after the slash; in the order of the menu."""

    START = "start"
    HELP = "help"
    STYLES = "styles"
    ME = "me"
    BOARD = "board"
    LANGUAGE = "language"
    PRIVACY = "privacy"
    FORGET = "forget"


def command_messages(name: str, language: Language, *, hours: int) -> tuple[OutgoingMessage, ...] | None:
    """What Eva says to a command.

    Args:
        name: the command, without its slash.
        language: the language she speaks.
        hours: how long a photo that is not shared is kept.

    Returns:
        Her messages; None for the commands whose answer is in the database, `/me` and `/board`. One that she does
        not know gets a sentence, too.
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
            sentences = [translate("telegram.privacy", language, hours=hours)]
        case CommandName.FORGET:
            sentences, keyboard = [translate("talk.forget.ask", language)], erase_keyboard(language)
        case CommandName.ME | CommandName.BOARD:
            return None
        case _:
            sentences = [translate("telegram.unknown_command", language)]
    return text_messages(*sentences, keyboard=keyboard)


LOOK_PARAMETER_PREFIX = "look_"
"""How the argument of `/start` names a look."""


async def send_own_looks(delivery: UpdateDelivery, conversation: ConversationService, person: Person) -> None:
    """`/me`: how many there were, of which style most, the latest ones, and the newest with its buttons.

    In a private chat there is also the way to the person's own page.
    """
    own_looks = await get_own_looks(delivery.resources.database, person)
    # Others read along in groups, and whoever opens the page first is let in.
    login_url = (
        await conversation.create_login_url(person)
        if delivery.is_private and delivery.checkpoint("me.1") is None
        else None
    )
    text = own_looks_text(own_looks, delivery.language)
    await delivery.send_all("me", *text_messages(text, keyboard=login_keyboard(login_url, delivery.language)))
    if not own_looks.looks:
        return
    newest = own_looks.looks[0]
    if (photo := await delivery.load_image(newest.photo_key)) is not None:
        keyboard = keyboard_for_look(delivery, conversation, person, newest)
        await delivery.send_all("newest", photo_message(photo, own_look_line(newest, delivery.language), keyboard))


async def send_leaderboard(delivery: UpdateDelivery, conversation: ConversationService) -> None:
    """`/board`: the most hearted looks that were shared today."""
    found = await list_top_of_today(delivery.resources.database)
    if not found:
        await delivery.send_all("board", *text_messages(translate("talk.board.nothing", delivery.language)))
        return
    await delivery.send_all("board", *text_messages(translate("talk.board", delivery.language)))
    for each in found:
        await delivery.send_all(f"board.{each.look.id}", await _leaderboard_message(delivery, conversation, each))


async def send_linked_look(delivery: UpdateDelivery, conversation: ConversationService, argument: str) -> bool:
    """A look that somebody sent a link to; False if the link names none that is on the board.

    Args:
        thread: where.
        stylist: knows the look's page.
        argument: what came with `/start`, not to be trusted.
    """
    if not argument.startswith(LOOK_PARAMETER_PREFIX):
        return False
    try:
        look_id = UUID(argument.removeprefix(LOOK_PARAMETER_PREFIX))
    except ValueError:
        return False
    async with delivery.resources.database.transaction() as connection:
        shared = await leaderboard.get_look(connection, look_id)
    if shared is None:
        return False
    await delivery.send_all("look", await _leaderboard_message(delivery, conversation, shared))
    return True


async def _leaderboard_message(
    delivery: UpdateDelivery, conversation: ConversationService, entry: LeaderboardEntry
) -> OutgoingMessage:
    """A look of the board, with who shared it and how it is liked."""
    look = entry.look
    page = page_keyboard(look_url(conversation.settings, look), delivery.language)
    return photo_message(await delivery.load_image(look.photo_key), leaderboard_line(entry, delivery.language), page)
