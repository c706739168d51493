"""What an update says to Eva, if anything. In groups only what is addressed to her does.

Each kind is a frozen value of its own; `read` returns one of them, or None for everything that needs no answer: edits,
channel posts, service messages, other people's talk.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from telegram import ChatMember, Document, Message, PhotoSize, Update, User
from telegram.constants import ChatType, MessageEntityType

from bot.talk import Oddity
from bot.telegram.callbacks import decode
from core.errors import MalformedCall

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.actions import Action

__all__ = ["Command", "Incoming", "Inline", "Membership", "Odd", "Photo", "Press", "Words", "read"]

PHOTO_SUFFIXES = (
    *(".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp"),
    *(".tif", ".tiff", ".heic", ".heif", ".avif"),
)
"""File names that are taken for a photo where the type says nothing."""
VAGUE_TYPES = {None, "", "application/octet-stream"}
ODDITIES = {
    "sticker": Oddity.STICKER,
    "animation": Oddity.ANIMATION,
    "video": Oddity.VIDEO,
    "video_note": Oddity.VIDEO,
    "voice": Oddity.VOICE,
    "audio": Oddity.VOICE,
    "document": Oddity.FILE,
    "location": Oddity.OTHER,
    "venue": Oddity.OTHER,
    "contact": Oddity.OTHER,
    "poll": Oddity.OTHER,
    "dice": Oddity.OTHER,
    "game": Oddity.OTHER,
    "story": Oddity.OTHER,
    "paid_media": Oddity.OTHER,
    "checklist": Oddity.OTHER,
}
"""Fields of a message that hold something else than a photo or words, what counts first first: a GIF is also a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """What every kind has."""

    update_id: int
    person: int
    """Telegram's id of who did it."""
    chat: int
    """Where to answer; the person's own id where there is no chat."""
    language: str | None
    """The person's language tag, if Telegram knows it."""
    message: int | None = None
    """Id of the message, to reply to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo(Incoming):
    """A photo, sent as one or as a file."""

    file: str
    """file_id, to fetch it."""
    unique: str
    """file_unique_id, the same for the same file whoever sends it."""
    size: int | None
    """Bytes, if Telegram says so; over 20 MB it cannot be fetched."""
    as_file: bool
    album: str | None
    """The same for all photos that were sent at once; None for a single one."""
    caption: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Command(Incoming):
    """A command."""

    name: str
    """In lower case, without slash and bot name."""
    argument: str
    """What follows; behind `/start` it came from a link and is not to be trusted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words(Incoming):
    """Words without a photo."""

    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Odd(Incoming):
    """Something that Eva cannot judge."""

    oddity: Oddity


@dataclass(frozen=True, slots=True, kw_only=True)
class Press(Incoming):
    """A press of a button."""

    query: str
    """Id to answer; without an answer the button goes on spinning."""
    action: Action | None
    """None for a button that Eva does not know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inline(Incoming):
    """Eva's name and some words, typed in another chat."""

    query: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership(Incoming):
    """A private chat was blocked or taken back."""

    welcome: bool


class _Common(TypedDict):
    """The fields of `Incoming`."""

    update_id: int
    person: int
    chat: int
    language: str | None
    message: int


def read(payload: Mapping[str, object], me: User, *, meant: bool = False) -> Incoming | None:
    """What an update says to Eva; None if it is not for her.

    Args:
        payload: the JSON of the update, as Telegram sent it or as anybody may have made it up.
        me: the bot itself, from `getMe`.
        meant: whether a message is known to be meant for her, though in a group nothing in it says so.

    Raises:
        MalformedCall: Telegram would not send this. To be answered like any other, or it comes again and again.
    """
    try:
        incoming = _understand(Update.de_json(dict(payload), None), me, meant=meant)
    except (AttributeError, LookupError, TypeError, ValueError, ArithmeticError, OSError, RuntimeError) as error:
        # python-telegram-bot takes any value for a field and stumbles over it later, in many ways.
        raise MalformedCall(type(error).__name__) from error
    if incoming is not None and not all(map(_is_id, (incoming.update_id, incoming.person, incoming.chat))):
        raise MalformedCall("ids")
    return incoming


def _understand(update: Update, me: User, *, meant: bool) -> Incoming | None:
    if update.message is not None:
        return _message(update.update_id, update.message, me, meant=meant)
    if (query := update.callback_query) is not None:
        return Press(
            update_id=update.update_id,
            person=query.from_user.id,
            chat=query.message.chat.id if query.message else query.from_user.id,
            language=query.from_user.language_code,
            message=query.message.message_id if query.message else None,
            query=query.id,
            action=decode(query.data or ""),
        )
    if (inline := update.inline_query) is not None:
        return Inline(
            update_id=update.update_id,
            person=inline.from_user.id,
            chat=inline.from_user.id,
            language=inline.from_user.language_code,
            query=inline.id,
            words=inline.query.strip(),
        )
    if (member := update.my_chat_member) is not None and member.chat.type == ChatType.PRIVATE:
        return Membership(
            update_id=update.update_id,
            person=member.from_user.id,
            chat=member.chat.id,
            language=member.from_user.language_code,
            welcome=member.new_chat_member.status not in {ChatMember.BANNED, ChatMember.LEFT},
        )
    return None


def _message(update_id: int, message: Message, me: User, *, meant: bool) -> Incoming | None:
    sender = message.from_user
    if sender is None or sender.is_bot or not (meant or _is_addressed(message, me)):
        return None
    common = _Common(
        update_id=update_id,
        person=sender.id,
        chat=message.chat.id,
        language=sender.language_code,
        message=message.message_id,
    )
    if message.photo:
        largest = max(message.photo, key=lambda size: (size.width * size.height, size.file_size or 0))
        return _photo(common, message, largest)
    document = message.document
    if document is not None and message.animation is None and _may_be_a_photo(document):
        return _photo(common, message, document)
    for field, oddity in ODDITIES.items():
        if getattr(message, field, None):
            return Odd(**common, oddity=oddity)
    if command := _command(message, me):
        name, argument = command
        return Command(**common, name=name, argument=argument)
    return Words(**common, words=message.text.strip()) if message.text else None


def _is_id(value: object) -> bool:
    """Whether a database can hold it as an id: Telegram's have at most 52 bits."""
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**52


def _photo(common: _Common, message: Message, file: PhotoSize | Document) -> Photo:
    return Photo(
        **common,
        file=file.file_id,
        unique=file.file_unique_id,
        size=file.file_size,
        as_file=isinstance(file, Document),
        album=message.media_group_id,
        caption=(message.caption or "").strip(),
    )


def _may_be_a_photo(document: Document) -> bool:
    """Whether it is worth to fetch a file: its bytes decide in the end, since its type is the sender's word."""
    if document.mime_type in VAGUE_TYPES:
        return (document.file_name or "").lower().endswith(PHOTO_SUFFIXES)
    return (document.mime_type or "").startswith("image/")


def _command(message: Message, me: User) -> tuple[str, str] | None:
    """Name and argument of a command to this bot."""
    for entity, words in message.parse_entities([MessageEntityType.BOT_COMMAND]).items():
        if entity.offset == 0:
            name, at, bot = words.removeprefix("/").partition("@")
            if at and bot.lower() != (me.username or "").lower():
                return None
            return name.lower(), (message.text or "")[len(words) :].strip()
    return None


def _is_addressed(message: Message, me: User) -> bool:
    if message.chat.type == ChatType.PRIVATE or _command(message, me):
        return True
    replied = message.reply_to_message
    if replied is not None and replied.from_user is not None and replied.from_user.id == me.id:
        return True
    kinds: list[str | None] = [MessageEntityType.MENTION, MessageEntityType.TEXT_MENTION]
    mentions = {**message.parse_entities(kinds), **message.parse_caption_entities(kinds)}
    name = f"@{me.username}".lower()
    return any(words.lower() == name or (each.user and each.user.id == me.id) for each, words in mentions.items())
