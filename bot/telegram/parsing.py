"""Parsing of updates: the JSON of an update as one of the dataclasses below.

Updates that need no reply are None: edits, channel posts, service messages, and in groups every message that is not
addressed to the bot by a command, a mention or a reply to it.

Source: https://core.telegram.org/bots/api#update.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypedDict

import structlog
from telegram import ChatMember, Document, MaybeInaccessibleMessage, Message, PhotoSize, Update, User
from telegram.constants import ChatType, MessageEntityType

from bot.telegram.callback_data import CallbackData, decode_callback_data
from core.conversation.smalltalk import UnsupportedMedia
from core.conversation.style_names import parse_style_answer
from core.errors import InvalidPayloadError
from core.images.file_names import may_be_photo

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
    "gift": UnsupportedMedia.OTHER,
    "unique_gift": UnsupportedMedia.OTHER,
    "giveaway": UnsupportedMedia.OTHER,
    "invoice": UnsupportedMedia.OTHER,
}
"""Fields of a message with other content than a photo or text. The first one that is set decides: a GIF has `animation`
and `document`."""
MAX_ID = 2**52
"""Telegram's ids have at most 52 significant bits."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingUpdate:
    """What every kind of update has."""

    update_id: int
    user_id: int
    """The sender."""
    chat_id: int
    """The chat to reply to; the sender's id if there is none."""
    language_code: str | None
    """IETF language tag of the sender's app, if Telegram sends it."""
    message_id: int | None = None
    """The message to reply to."""
    thread_id: int | None = None
    """The topic of a forum to reply in; None outside of topics."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoMessage(IncomingUpdate):
    """A photo, sent as such or as a file."""

    file_id: str
    """For `getFile`; of the largest size."""
    caption: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandMessage(IncomingUpdate):
    """A command."""

    name: str
    """In lower case, without the slash and the bot's name."""
    argument: str
    """The rest of the text. After `/start` it may come from any link, so it is untrusted."""
    names_bot: bool
    """Whether the bot's name follows the command, so that it is for no other bot of a group."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextMessage(IncomingUpdate):
    """Text without a photo."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsupportedMessage(IncomingUpdate):
    """A message that cannot be judged."""

    media: UnsupportedMedia


@dataclass(frozen=True, slots=True, kw_only=True)
class ButtonPress(IncomingUpdate):
    """A callback query."""

    query_id: str
    """To be answered: the button spins until then."""
    data: CallbackData | None
    """None for unknown callback data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InlineQuery(IncomingUpdate):
    """The bot's name and a search text, typed in any chat."""

    query_id: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MembershipChange(IncomingUpdate):
    """The bot was blocked or unblocked in a private chat."""

    is_member: bool


class _CommonFields(TypedDict):
    """The fields of `IncomingUpdate`."""

    update_id: int
    user_id: int
    chat_id: int
    language_code: str | None
    message_id: int
    thread_id: int | None


def parse_update(payload: Mapping[str, object], me: User) -> IncomingUpdate | None:
    """Parse an update; None if it needs no reply.

    Args:
        payload: JSON of unknown origin.
        me: the bot itself, from `getMe`.

    Raises:
        InvalidPayloadError: Telegram would not send this.
    """
    with _invalid_payload_errors():
        return _parse(Update.de_json(dict(payload), None), me)


def parse_album(payloads: Mapping[int, Mapping[str, object]], me: User) -> dict[int, IncomingUpdate]:
    """Parse the updates of an album, without invalid ones.

    Args:
        payloads: JSON of unknown origin, by inbox id.
        me: the bot itself, from `getMe`.

    Returns:
        The updates by inbox id, in the order of the album; none of them if none is addressed to the bot. In groups
        only one photo of an album has the caption that mentions the bot, and addresses all of them.
    """
    updates: dict[int, IncomingUpdate] = {}
    is_addressed = False
    for inbox_id, payload in payloads.items():
        try:
            with _invalid_payload_errors():
                update = Update.de_json(dict(payload), None)
                parsed = _parse(update, me, is_addressed=True)
                is_addressed = is_addressed or (update.message is not None and _is_addressed_to(update.message, me))
        except InvalidPayloadError as error:
            log.warning("telegram_update_invalid", inbox_id=inbox_id, detail=error.detail)
        else:
            if parsed is not None:
                updates[inbox_id] = parsed
    # Telegram may deliver the photos in another order than that of their messages.
    in_order = sorted(updates.items(), key=lambda item: (item[1].message_id or 0, item[0]))
    return dict(in_order) if is_addressed else {}


@contextmanager
def _invalid_payload_errors() -> Iterator[None]:
    try:
        yield
    except (AttributeError, LookupError, TypeError, ValueError, ArithmeticError, OSError, RuntimeError) as error:
        # python-telegram-bot accepts any JSON value for a field and fails when the field is used, in many ways.
        raise InvalidPayloadError(type(error).__name__) from error


def _parse(update: Update, me: User, *, is_addressed: bool = False) -> IncomingUpdate | None:
    parsed: IncomingUpdate | None = None
    if update.message is not None:
        parsed = _parse_message(update.update_id, update.message, me, is_addressed=is_addressed)
    elif (query := update.callback_query) is not None:
        parsed = ButtonPress(
            update_id=update.update_id,
            user_id=query.from_user.id,
            chat_id=query.message.chat.id if query.message else query.from_user.id,
            language_code=query.from_user.language_code,
            message_id=query.message.message_id if query.message else None,
            thread_id=_find_topic(query.message),
            query_id=query.id,
            data=decode_callback_data(query.data or ""),
        )
    elif (inline_query := update.inline_query) is not None:
        parsed = InlineQuery(
            update_id=update.update_id,
            user_id=inline_query.from_user.id,
            chat_id=inline_query.from_user.id,
            language_code=inline_query.from_user.language_code,
            query_id=inline_query.id,
            text=inline_query.query.strip(),
        )
    elif (member := update.my_chat_member) is not None and member.chat.type == ChatType.PRIVATE:
        parsed = MembershipChange(
            update_id=update.update_id,
            user_id=member.from_user.id,
            chat_id=member.chat.id,
            language_code=member.from_user.language_code,
            is_member=member.new_chat_member.status not in {ChatMember.BANNED, ChatMember.LEFT},
        )
    if parsed is not None:
        for value in (parsed.update_id, parsed.user_id, parsed.chat_id):
            if not isinstance(value, int) or isinstance(value, bool) or abs(value) >= MAX_ID:
                raise ValueError("id")
    return parsed


def _parse_message(update_id: int, message: Message, me: User, *, is_addressed: bool) -> IncomingUpdate | None:
    sender = message.from_user
    # A message via the bot itself is one of the looks that its inline mode offers, which was judged already.
    is_own_result = message.via_bot is not None and message.via_bot.id == me.id
    if sender is None or sender.is_bot or is_own_result or not (is_addressed or _is_addressed_to(message, me)):
        return None
    common = _CommonFields(
        update_id=update_id,
        user_id=sender.id,
        chat_id=message.chat.id,
        language_code=sender.language_code,
        message_id=message.message_id,
        thread_id=_find_topic(message),
    )
    if (file := _find_photo_file(message)) is not None:
        return PhotoMessage(**common, file_id=file.file_id, caption=(message.caption or "").strip())
    for field, media in UNSUPPORTED_FIELDS.items():
        if getattr(message, field, None):
            return UnsupportedMessage(**common, media=media)
    if command := _parse_command(message, me):
        name, argument, names_bot = command
        return CommandMessage(**common, name=name, argument=argument, names_bot=names_bot)
    replied = message.reply_to_message
    if replied is not None and (photo := _find_replied_photo(message, me)) is not None:
        common["message_id"] = replied.message_id
        return PhotoMessage(**common, file_id=photo.file_id, caption=(message.text or "").strip())
    return TextMessage(**common, text=message.text.strip()) if message.text else None


def _find_topic(message: MaybeInaccessibleMessage | None) -> int | None:
    """The topic of a message; replies in groups without topics have a thread id as well, which is not accepted."""
    return message.message_thread_id if isinstance(message, Message) and message.is_topic_message else None


def _find_photo_file(message: Message) -> PhotoSize | Document | None:
    """The largest size of a photo, or a file that may be one: its MIME type is only what the sender's app claims."""
    if message.photo:
        return max(message.photo, key=lambda size: (size.width * size.height, size.file_size or 0))
    document = message.document
    if document is None or message.animation is not None:
        return None
    return document if may_be_photo(document.file_name, document.mime_type) else None


def _find_replied_photo(message: Message, me: User) -> PhotoSize | Document | None:
    """The photo that a text asks about by replying to it; a style alone answers a question about it instead."""
    replied = message.reply_to_message
    is_own = replied is not None and replied.from_user is not None and replied.from_user.id == me.id
    if replied is None or is_own or parse_style_answer(message.text or "") is not None:
        return None
    return _find_photo_file(replied)


def _parse_command(message: Message, me: User) -> tuple[str, str, bool] | None:
    """Name and argument of a command to this bot, and whether it names the bot."""
    for entity, text in message.parse_entities([MessageEntityType.BOT_COMMAND]).items():
        if entity.offset == 0:
            name, at, bot = text.removeprefix("/").partition("@")
            if at and bot.lower() != (me.username or "").lower():
                return None
            return name.lower(), (message.text or "")[len(text) :].strip(), bool(at)
    return None


def _is_addressed_to(message: Message, me: User) -> bool:
    if message.chat.type == ChatType.PRIVATE or _parse_command(message, me):
        return True
    replied = message.reply_to_message
    if replied is not None and replied.from_user is not None and replied.from_user.id == me.id:
        return True
    types: list[str | None] = [MessageEntityType.MENTION, MessageEntityType.TEXT_MENTION]
    mentions = {**message.parse_entities(types), **message.parse_caption_entities(types)}
    username = f"@{me.username}".lower()
    return any(
        text.lower() == username or (entity.user and entity.user.id == me.id) for entity, text in mentions.items()
    )
