"""What an update says to Eva, if anything. In groups only what is addressed to her does.

Each kind is a frozen value of its own; `read` returns one of them, or None for everything that needs no answer: edits,
channel posts, service messages, other people's talk.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypedDict

from telegram import ChatMember, Document, Message, PhotoSize, Update, User
from telegram.constants import ChatType, MessageEntityType

from bot.telegram.callback_data import decode_callback_data
from core.conversation.actions import Action
from core.conversation.smalltalk import UnsupportedMedia
from core.errors import InvalidPayloadError

PHOTO_SUFFIXES = (
    *(".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp"),
    *(".tif", ".tiff", ".heic", ".heif", ".avif"),
)
"""File names that are taken for a photo where the type says nothing."""
UNSPECIFIC_MIME_TYPES = {None, "", "application/octet-stream"}
UNSUPPORTED_FIELDS = {
    "sticker": UnsupportedMedia.STICKER,
    "animation": UnsupportedMedia.ANIMATION,
    "video": UnsupportedMedia.VIDEO,
    "video_note": UnsupportedMedia.VIDEO,
    "voice": UnsupportedMedia.VOICE,
    "audio": UnsupportedMedia.VOICE,
    "document": UnsupportedMedia.FILE,
    "location": UnsupportedMedia.OTHER,
    "venue": UnsupportedMedia.OTHER,
    "contact": UnsupportedMedia.OTHER,
    "poll": UnsupportedMedia.OTHER,
    "dice": UnsupportedMedia.OTHER,
    "game": UnsupportedMedia.OTHER,
    "story": UnsupportedMedia.OTHER,
    "paid_media": UnsupportedMedia.OTHER,
    "checklist": UnsupportedMedia.OTHER,
}
"""Fields of a message that hold something else than a photo or words, what counts first first: a GIF is also a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingUpdate:
    """What every kind has."""

    update_id: int
    user_id: int
    """Telegram's id of who did it."""
    chat_id: int
    """Where to answer; the person's own id where there is no chat."""
    language_code: str | None
    """The person's language tag, if Telegram knows it."""
    message_id: int | None = None
    """Id of the message, to reply to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoMessage(IncomingUpdate):
    """A photo, sent as one or as a file."""

    file_id: str
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
class CommandMessage(IncomingUpdate):
    """A command."""

    name: str
    """In lower case, without slash and bot name."""
    argument: str
    """What follows; behind `/start` it came from a link and is not to be trusted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextMessage(IncomingUpdate):
    """Words without a photo."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsupportedMessage(IncomingUpdate):
    """Something that Eva cannot judge."""

    media: UnsupportedMedia


@dataclass(frozen=True, slots=True, kw_only=True)
class ButtonPress(IncomingUpdate):
    """A press of a button."""

    query_id: str
    """Id to answer; without an answer the button goes on spinning."""
    action: Action | None
    """None for a button that Eva does not know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InlineQuery(IncomingUpdate):
    """Eva's name and some words, typed in another chat."""

    query_id: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MembershipChange(IncomingUpdate):
    """A private chat was blocked or taken back."""

    is_member: bool


class _CommonFields(TypedDict):
    """The fields of `Incoming`."""

    update_id: int
    user_id: int
    chat_id: int
    language_code: str | None
    message_id: int


def parse_update(payload: Mapping[str, object], me: User, *, is_addressed: bool = False) -> IncomingUpdate | None:
    """What an update says to Eva; None if it is not for her.

    Args:
        payload: the JSON of the update, as Telegram sent it or as anybody may have made it up.
        me: the bot itself, from `getMe`.
        meant: whether a message is known to be meant for her, though in a group nothing in it says so.

    Raises:
        InvalidPayloadError: Telegram would not send this. To be answered like any other, or it comes again and again.
    """
    try:
        incoming = _parse(Update.de_json(dict(payload), None), me, is_addressed=is_addressed)
    except (AttributeError, LookupError, TypeError, ValueError, ArithmeticError, OSError, RuntimeError) as error:
        # python-telegram-bot takes any value for a field and stumbles over it later, in many ways.
        raise InvalidPayloadError(type(error).__name__) from error
    if incoming is not None and not all(map(_is_valid_id, (incoming.update_id, incoming.user_id, incoming.chat_id))):
        raise InvalidPayloadError("ids")
    return incoming


def _parse(update: Update, me: User, *, is_addressed: bool) -> IncomingUpdate | None:
    if update.message is not None:
        return _parse_message(update.update_id, update.message, me, is_addressed=is_addressed)
    if (query := update.callback_query) is not None:
        return ButtonPress(
            update_id=update.update_id,
            user_id=query.from_user.id,
            chat_id=query.message.chat.id if query.message else query.from_user.id,
            language_code=query.from_user.language_code,
            message_id=query.message.message_id if query.message else None,
            query_id=query.id,
            action=decode_callback_data(query.data or ""),
        )
    if (inline := update.inline_query) is not None:
        return InlineQuery(
            update_id=update.update_id,
            user_id=inline.from_user.id,
            chat_id=inline.from_user.id,
            language_code=inline.from_user.language_code,
            query_id=inline.id,
            text=inline.query.strip(),
        )
    if (member := update.my_chat_member) is not None and member.chat.type == ChatType.PRIVATE:
        return MembershipChange(
            update_id=update.update_id,
            user_id=member.from_user.id,
            chat_id=member.chat.id,
            language_code=member.from_user.language_code,
            is_member=member.new_chat_member.status not in {ChatMember.BANNED, ChatMember.LEFT},
        )
    return None


def _parse_message(update_id: int, message: Message, me: User, *, is_addressed: bool) -> IncomingUpdate | None:
    sender = message.from_user
    if sender is None or sender.is_bot or not (is_addressed or _is_addressed_to(message, me)):
        return None
    common = _CommonFields(
        update_id=update_id,
        user_id=sender.id,
        chat_id=message.chat.id,
        language_code=sender.language_code,
        message_id=message.message_id,
    )
    if message.photo:
        largest = max(message.photo, key=lambda size: (size.width * size.height, size.file_size or 0))
        return _parse_photo(common, message, largest)
    document = message.document
    if document is not None and message.animation is None and _may_be_photo(document):
        return _parse_photo(common, message, document)
    for field, oddity in UNSUPPORTED_FIELDS.items():
        if getattr(message, field, None):
            return UnsupportedMessage(**common, media=oddity)
    if command := _parse_command(message, me):
        name, argument = command
        return CommandMessage(**common, name=name, argument=argument)
    return TextMessage(**common, text=message.text.strip()) if message.text else None


def _is_valid_id(value: object) -> bool:
    """Whether a database can hold it as an id: Telegram's have at most 52 bits."""
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**52


def _parse_photo(common: _CommonFields, message: Message, file: PhotoSize | Document) -> PhotoMessage:
    return PhotoMessage(
        **common,
        file_id=file.file_id,
        unique=file.file_unique_id,
        size=file.file_size,
        as_file=isinstance(file, Document),
        album=message.media_group_id,
        caption=(message.caption or "").strip(),
    )


def _may_be_photo(document: Document) -> bool:
    """Whether it is worth to fetch a file: its bytes decide in the end, since its type is the sender's word."""
    if document.mime_type in UNSPECIFIC_MIME_TYPES:
        return (document.file_name or "").lower().endswith(PHOTO_SUFFIXES)
    return (document.mime_type or "").startswith("image/")


def _parse_command(message: Message, me: User) -> tuple[str, str] | None:
    """Name and argument of a command to this bot."""
    for entity, words in message.parse_entities([MessageEntityType.BOT_COMMAND]).items():
        if entity.offset == 0:
            name, at, bot = words.removeprefix("/").partition("@")
            if at and bot.lower() != (me.username or "").lower():
                return None
            return name.lower(), (message.text or "")[len(words) :].strip()
    return None


def _is_addressed_to(message: Message, me: User) -> bool:
    if message.chat.type == ChatType.PRIVATE or _parse_command(message, me):
        return True
    replied = message.reply_to_message
    if replied is not None and replied.from_user is not None and replied.from_user.id == me.id:
        return True
    kinds: list[str | None] = [MessageEntityType.MENTION, MessageEntityType.TEXT_MENTION]
    mentions = {**message.parse_entities(kinds), **message.parse_caption_entities(kinds)}
    name = f"@{me.username}".lower()
    return any(words.lower() == name or (each.user and each.user.id == me.id) for each, words in mentions.items())
