"""The bot's commands and the replies to them, and similar looks, which a button asks for."""

from enum import StrEnum
from uuid import UUID

from bot.telegram.cards import send_week
from bot.telegram.daily_news import send_news
from bot.telegram.deep_links import LOOK_PREFIX, parse_look_argument
from bot.telegram.delivery import UpdateDelivery
from bot.telegram.keyboards import Keyboards
from bot.telegram.outgoing_messages import OutgoingMessage, text_messages
from core.conversation.listings import (
    get_own_looks,
    leaderboard_line,
    list_similar,
    list_top_of_today,
    own_look_line,
    own_looks_text,
)
from core.conversation.narration import style_lines
from core.conversation.service import ConversationService
from core.db import looks, public_looks
from core.db.look_summaries import LeaderboardEntry
from core.db.looks import Look
from core.db.people import Person
from core.db.schema import PendingQuestion
from core.i18n.translations import translate, variant_keys
from core.styles import STYLES
from core.urls import look_url


class CommandName(StrEnum):
    """A command without its slash, in the order of the menu."""

    START = "start"
    HELP = "help"
    STYLES = "styles"
    ME = "me"
    WEEK = "week"
    BOARD = "board"
    LANGUAGE = "language"
    PRIVACY = "privacy"
    FORGET = "forget"


GROUP_COMMANDS = {
    CommandName.START,
    CommandName.HELP,
    CommandName.STYLES,
    CommandName.BOARD,
    CommandName.PRIVACY,
}
"""The commands that are answered in groups; the others are about the person, and lead to the private chat."""
LINKED_COMMANDS = {*CommandName} - GROUP_COMMANDS | {CommandName.PRIVACY}
"""The commands that a link to the private chat may name: `/start me`."""


async def handle_command(
    delivery: UpdateDelivery,
    conversation: ConversationService,
    person: Person | None,
    name: str,
    argument: str = "",
    *,
    names_bot: bool,
) -> None:
    """Reply to a command; in groups unknown ones are ignored unless they name the bot.

    Args:
        delivery: sends the reply.
        conversation: the business logic.
        person: the sender; None for one who is not known, in a group.
        name: the command without its slash; `start` with the name of another one, as links send it, is that one.
        argument: the rest of the text, untrusted.
        names_bot: whether the command is for no other bot of a group.

    Raises:
        EvaError: see `UpdateDelivery.send_all`.
    """
    if name == CommandName.START and argument in LINKED_COMMANDS:
        name = argument
    is_known = name in set(CommandName)
    if not (is_known or delivery.is_private or names_bot):
        return
    if is_known and name not in GROUP_COMMANDS and not delivery.is_private:
        text = translate("telegram.private_only", delivery.language)
        await delivery.send_all("reply", text_messages(text, keyboard=delivery.keyboards.private_chat(name)))
    elif person is not None and name == CommandName.START and argument.startswith(LOOK_PREFIX):
        await _send_linked_look(delivery, conversation, person, parse_look_argument(argument))
    elif person is not None and name == CommandName.ME:
        await _send_own_looks(delivery, conversation, person)
        await send_news(delivery, person)
    elif person is not None and name == CommandName.WEEK:
        await send_week(delivery, conversation, person)
    elif name == CommandName.BOARD:
        await _send_leaderboard(delivery, conversation, person)
    elif name == CommandName.PRIVACY and delivery.is_private and person and person.learning_asked_at is not None:
        hours = conversation.settings.private_photo_ttl_hours
        text = translate("telegram.privacy", delivery.language, hours=hours)
        keyboard = delivery.keyboards.learning(person.learning_consent)
        await delivery.send_all("reply", text_messages(text, keyboard=keyboard))
    else:
        hours = conversation.settings.private_photo_ttl_hours
        await delivery.send_all("reply", command_messages(name, delivery.keyboards, private_photo_hours=hours))


def command_messages(name: str, keyboards: Keyboards, *, private_photo_hours: int) -> tuple[OutgoingMessage, ...]:
    """The messages that answer a command without the database, an unknown command among them.

    Args:
        name: the command without its slash.
        keyboards: for the person who sent it.
        private_photo_hours: hours for which a photo that is not shared is stored.
    """
    language, keyboard = keyboards.language, None
    match name:
        case CommandName.START:
            sentences = [translate(key, language) for key in variant_keys("telegram.start", language)]
        case CommandName.HELP:
            sentences = [translate("telegram.help", language)]
        case CommandName.STYLES:
            sentences = ["\n\n".join([translate("telegram.styles", language), *style_lines(STYLES, language)])]
        case CommandName.LANGUAGE:
            sentences, keyboard = [translate("talk.language.ask", language)], keyboards.languages()
        case CommandName.PRIVACY:
            sentences = [translate("telegram.privacy", language, hours=private_photo_hours)]
        case CommandName.FORGET:
            sentences, keyboard = [translate("talk.forget.ask", language)], keyboards.erase()
        case _:
            sentences = [translate("telegram.unknown_command", language)]
    return text_messages(*sentences, keyboard=keyboard)


async def send_similar_looks(
    delivery: UpdateDelivery, conversation: ConversationService, person: Person, look_id: UUID | None
) -> None:
    """Public looks of others that resemble a look of the person, or why there are none.

    Args:
        delivery: sends the messages.
        conversation: has the settings, for the URLs of pages.
        person: who asks.
        look_id: the look; None for the one shown last.

    Raises:
        EvaError: see `UpdateDelivery.send_all` and `UpdateDelivery.load_image`.
    """
    similar = await list_similar(delivery.resources.database, person, look_id)
    keyboard = None if similar.guess_look_id is None else delivery.keyboards.guess(similar.guess_look_id)
    text = translate(similar.similarity, delivery.language)
    await delivery.send_all("similar", text_messages(text, keyboard=keyboard))
    for entry in similar.entries:
        message = await _public_look_message(delivery, conversation, entry)
        await delivery.send_all(f"similar.{entry.look.id}", [message])


async def _send_own_looks(delivery: UpdateDelivery, conversation: ConversationService, person: Person) -> None:
    """`/me`: statistics and a list of the person's looks, and the newest look with its buttons."""
    language = delivery.language
    own_looks = await get_own_looks(delivery.resources.database, person)
    login_url = None if delivery.has_sent_anything else await conversation.create_login_url(person)
    text = own_looks_text(own_looks, language)
    keyboard = delivery.keyboards.own_looks(login_url, has_looks=own_looks.count > 0)
    await delivery.send_all("me", text_messages(text, keyboard=keyboard))
    if own_looks.looks:
        await _send_own_look(delivery, conversation, person, own_looks.looks[0])


async def _send_own_look(
    delivery: UpdateDelivery, conversation: ConversationService, person: Person, look: Look
) -> None:
    """The photo of a person's own look with its buttons, unless the photo was deleted."""
    if (photo := await delivery.load_image(look.photo_key)) is not None:
        keyboard = delivery.keyboards.look(look, conversation.settings, guesses_first=person.guesses_first)
        text = own_look_line(look, delivery.language)
        messages = [OutgoingMessage(text=text, photo=photo, keyboard=keyboard)]
        await delivery.send_all("newest", messages, look_id=look.id)


async def _send_leaderboard(delivery: UpdateDelivery, conversation: ConversationService, person: Person | None) -> None:
    """`/board`: the looks with the most hearts among those that were shared today."""
    entries = await list_top_of_today(delivery.resources.database, None if person is None else person.id)
    if not entries:
        await delivery.send_all("board", text_messages(translate("talk.board.nothing", delivery.language)))
        return
    await delivery.send_all("board", text_messages(translate("talk.board", delivery.language)))
    for entry in entries:
        await delivery.send_all(f"board.{entry.look.id}", [await _public_look_message(delivery, conversation, entry)])


async def _send_linked_look(
    delivery: UpdateDelivery, conversation: ConversationService, person: Person, look_id: UUID | None
) -> None:
    """Send the look that a link names: a public one, or in the private chat one of the person's own."""
    language = delivery.language
    async with delivery.resources.database.connection() as connection:
        entry = None if look_id is None else await public_looks.get_look(connection, look_id, viewer_id=person.id)
        own_look = None if look_id is None or not delivery.is_private else await looks.get(connection, look_id)
    is_own = own_look is not None and own_look.person_id == person.id
    if own_look is not None and is_own and own_look.pending_question is not PendingQuestion.GUESS:
        await _send_own_look(delivery, conversation, person, own_look)
        if delivery.has_sent_anything:
            return
    if entry is None:
        await delivery.send_all("reply", text_messages(translate("telegram.link_dead", language)))
        return
    await delivery.send_all("look", [await _public_look_message(delivery, conversation, entry)])
    await delivery.send_all("invitation", text_messages(translate("telegram.start.2", language)))


async def _public_look_message(
    delivery: UpdateDelivery, conversation: ConversationService, entry: LeaderboardEntry
) -> OutgoingMessage:
    """A public look with its owner and its hearts."""
    keyboard = delivery.keyboards.page(look_url(conversation.settings, entry.look))
    photo = await delivery.load_image(entry.look.photo_key)
    return OutgoingMessage(text=leaderboard_line(entry, delivery.language), photo=photo, keyboard=keyboard)
