"""Parsing of updates: from the JSON of an update to one of the dataclasses of `updates`.

Updates that need no reply are None: edits, channel posts, service messages, and in groups every message that is not
addressed to the bot by a command, a mention or a reply to it.

Source: https://core.telegram.org/bots/api#update.
"""

from collections.abc import Mapping
from typing import TypedDict, cast

import structlog
from telegram import (
    ChatMember,
    Document,
    ExternalReplyInfo,
    Message,
    MessageReactionUpdated,
    PhotoSize,
    ReactionTypeEmoji,
    Update,
    User,
)
from telegram.constants import ChatType, MessageEntityType

from bot.telegram.keyboards import decode_callback_data
from bot.telegram.mentions import blank_own_mentions, find_commanded_bot, list_own_mentions
from bot.telegram.message_fields import (
    SERVICE_FIELDS,
    SILENT_FIELDS,
    UNSUPPORTED_FIELDS,
    UPDATE_FIELDS,
    FieldSelection,
)
from bot.telegram.updates import (
    ButtonPress,
    CommandMessage,
    IncomingUpdate,
    InlineQuery,
    MembershipChange,
    MessageReaction,
    PhotoMessage,
    TextMessage,
    UnsupportedMessage,
)
from core.conversation.intents import Intent, find_intent
from core.conversation.smalltalk import UnsupportedMedia
from core.conversation.style_names import parse_style_answer
from core.errors import InvalidPayloadError
from core.images.decoding import MAX_BYTES
from core.images.formats import may_be_photo

NO_QUESTIONS = frozenset(
    {
        *(Intent.DELETE, Intent.DELETE_ONE, Intent.UNSHARE, Intent.PHOTOS, Intent.YES, Intent.NO, Intent.CANCEL),
        *(Intent.THANKS, Intent.GREETING, Intent.BYE, Intent.LANGUAGE, Intent.NEWS, Intent.REPORT),
    }
)
"""What judges and stores nothing in reply to a photo without a look: "delete this", "thanks"."""
MAX_ID = 2**52
"""Telegram's ids have at most 52 significant bits."""

log = structlog.get_logger()


class _CommonFields(TypedDict):
    """The fields of `IncomingUpdate`."""

    update_id: int
    user_id: int
    chat_id: int
    language_code: str | None
    message_id: int
    thread_id: int | None
    is_anonymous: bool
    is_covered: bool


def parse_update(payload: Mapping[str, object], me: User, *, is_addressed: bool = False) -> IncomingUpdate | None:
    """Parse an update; None if it needs no reply.

    Args:
        payload: JSON of unknown origin.
        me: the bot itself, from `getMe`.
        is_addressed: whether a message of a group is for the bot, whatever it says.

    Raises:
        InvalidPayloadError: Telegram would not send this.
    """
    try:
        update = Update.de_json({**payload, **_select_fields(payload, UPDATE_FIELDS)}, None)
        if update.message is None:
            parsed = _parse_other_kind(update)
        else:
            raw_message = cast("Mapping[str, object]", payload["message"])
            parsed = _parse_message(update.update_id, update.message, raw_message, me, is_addressed=is_addressed)
        if parsed is not None:
            for value in (parsed.update_id, parsed.user_id, parsed.chat_id):
                if not isinstance(value, int) or isinstance(value, bool) or abs(value) >= MAX_ID:
                    raise ValueError("id")
        return parsed
    except (AttributeError, LookupError, TypeError, ValueError, ArithmeticError, OSError, RuntimeError) as error:
        # python-telegram-bot accepts any JSON value for a field and fails when the field is used, in many ways.
        raise InvalidPayloadError(type(error).__name__) from error


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
    with_caption, without_caption = list[bool](), list[bool]()
    for inbox_id, payload in payloads.items():
        try:
            parsed = parse_update(payload, me, is_addressed=True)
            message = payload.get("message")
            has_caption = isinstance(message, Mapping) and bool(message.get("caption"))
            (with_caption if has_caption else without_caption).append(parse_update(payload, me) is not None)
        except InvalidPayloadError as error:
            log.warning("telegram_update_invalid", inbox_id=inbox_id, detail=error.detail)
        else:
            if parsed is not None:
                updates[inbox_id] = parsed
    # Telegram may deliver the photos in another order than that of their messages.
    in_order = sorted(updates.items(), key=lambda item: (item[1].message_id or 0, item[0]))
    # A caption may be for another bot although all photos reply to this one.
    return dict(in_order) if any(with_caption or without_caption) else {}


def _parse_other_kind(update: Update) -> IncomingUpdate | None:
    """An update that is no message."""
    if (query := update.callback_query) is not None:
        message = query.message
        return ButtonPress(
            update_id=update.update_id,
            user_id=query.from_user.id,
            chat_id=message.chat.id if message else query.from_user.id,
            language_code=query.from_user.language_code,
            message_id=message.message_id if message else None,
            thread_id=message.message_thread_id if isinstance(message, Message) and message.is_topic_message else None,
            query_id=query.id,
            data=decode_callback_data(query.data or ""),
            is_covered=isinstance(message, Message) and _is_covered(message),
        )
    if (inline_query := update.inline_query) is not None:
        return InlineQuery(
            update_id=update.update_id,
            user_id=inline_query.from_user.id,
            chat_id=inline_query.from_user.id,
            language_code=inline_query.from_user.language_code,
            query_id=inline_query.id,
            text=inline_query.query.strip(),
        )
    if (member := update.my_chat_member) is not None and member.chat.type == ChatType.PRIVATE:
        return MembershipChange(
            update_id=update.update_id,
            user_id=member.from_user.id,
            chat_id=member.chat.id,
            language_code=member.from_user.language_code,
            is_member=member.new_chat_member.status not in {ChatMember.BANNED, ChatMember.LEFT},
        )
    if (reaction := update.message_reaction) is not None and reaction.chat.type == ChatType.PRIVATE:
        return _parse_reaction(update.update_id, reaction)
    return None


def _is_covered(message: Message) -> bool:
    """Whether a message of the bot shows a covered photo, or replies to one."""
    replied = message.reply_to_message
    return bool(message.has_media_spoiler or (replied is not None and replied.has_media_spoiler))


def _parse_reaction(update_id: int, reaction: MessageReactionUpdated) -> MessageReaction | None:
    added = [kind.emoji for kind in reaction.new_reaction if isinstance(kind, ReactionTypeEmoji)]
    earlier = {kind.emoji for kind in reaction.old_reaction if isinstance(kind, ReactionTypeEmoji)}
    if reaction.user is None:
        return None
    return MessageReaction(
        update_id=update_id,
        user_id=reaction.user.id,
        chat_id=reaction.chat.id,
        language_code=reaction.user.language_code,
        message_id=reaction.message_id,
        emoji=tuple(emoji for emoji in added if emoji not in earlier),
    )


def _select_fields(value: Mapping[str, object], fields: FieldSelection) -> dict[str, object]:
    """A JSON object without the fields that nothing reads, inner objects included."""
    selected = {
        name: _select_fields(inner, inner_fields) if isinstance(inner, Mapping) and inner_fields is not None else inner
        for name, inner in value.items()
        for inner_fields in [fields.get(name)]
        if name in fields
    }
    if value.get("animation"):
        # A GIF is announced as a file as well, which is not a photo.
        selected.pop("document", None)
    return selected


def _parse_message(
    update_id: int, message: Message, raw_message: Mapping[str, object], me: User, *, is_addressed: bool
) -> IncomingUpdate | None:
    sender, is_anonymous = message.from_user, message.sender_chat is not None
    # A message via the bot itself is one of the looks that its inline mode offers, which was judged already.
    is_own_result = message.via_bot is not None and message.via_bot.id == me.id
    is_bot = sender is not None and sender.is_bot and not is_anonymous
    is_addressed = is_addressed or message.chat.type == ChatType.PRIVATE
    if sender is None or is_bot or is_own_result or not (is_addressed or _addresses_bot(message, me)):
        return None
    common = _CommonFields(
        update_id=update_id,
        user_id=sender.id,
        chat_id=message.chat.id,
        language_code=sender.language_code,
        message_id=message.message_id,
        # Replies in groups without topics have a thread id as well, which is not accepted.
        thread_id=message.message_thread_id if message.is_topic_message else None,
        is_anonymous=is_anonymous,
        is_covered=bool(message.has_media_spoiler),
    )
    if (file := _find_photo_file(message)) is not None:
        caption = blank_own_mentions(message.caption, message.caption_entities, me).strip() if message.caption else ""
        return PhotoMessage(**common, file_id=file.file_id, file_size=file.file_size or MAX_BYTES, caption=caption)
    if (unsupported := _find_unsupported_media(raw_message)) is not None:
        return UnsupportedMessage(**common, media=unsupported)
    if command := _parse_command(message, me):
        name, argument, names_bot = command
        return CommandMessage(**common, name=name, argument=argument, names_bot=names_bot)
    text = blank_own_mentions(message.text, message.entities, me).strip()
    question = _parse_question_about_photo(message, text, common, sender, me)
    is_about_own = question is not None and not (question.is_of_other or question.is_from_other_chat)
    own_photo = question if is_about_own and message.chat.type == ChatType.PRIVATE else None
    if question is not None and own_photo is None and _asks_about_photo(text):
        return question
    replied_id = None if message.reply_to_message is None else message.reply_to_message.message_id
    return TextMessage(**common, text=text, replied_id=replied_id, photo=own_photo) if message.text else None


def _asks_about_photo(text: str) -> bool:
    return parse_style_answer(text) is None and find_intent(text) not in NO_QUESTIONS


def _parse_question_about_photo(
    message: Message, text: str, common: _CommonFields, sender: User, me: User
) -> PhotoMessage | None:
    """The photo of this chat or of another one that a text replies to, with the text as its caption."""
    replied, external, common = message.reply_to_message, message.external_reply, common.copy()
    if replied is not None and (replied.from_user is None or replied.from_user.id != me.id):
        file, owner = _find_photo_file(replied), None if replied.sender_chat else replied.from_user
        common["message_id"], common["is_covered"] = replied.message_id, bool(replied.has_media_spoiler)
    elif external is not None:
        file, owner = _find_photo_file(external), getattr(external.origin, "sender_user", None)
    else:
        return None
    if file is None:
        return None
    return PhotoMessage(
        **common,
        file_id=file.file_id,
        file_size=file.file_size or MAX_BYTES,
        caption=text,
        is_of_other=owner is None or owner.id != sender.id,
        is_from_other_chat=replied is None,
    )


def _find_unsupported_media(message: Mapping[str, object]) -> UnsupportedMedia | None:
    """The kind of content that is neither text nor a photo; None for a message without any, or about an event."""
    if message.get("text"):
        return None
    for field, media in UNSUPPORTED_FIELDS.items():
        if message.get(field):
            return media
    others = {field for field, value in message.items() if value and field not in SILENT_FIELDS}
    return None if not others or others & SERVICE_FIELDS else UnsupportedMedia.OTHER


def _find_photo_file(message: Message | ExternalReplyInfo) -> PhotoSize | Document | None:
    """The largest size of a photo, or a file that may be one: its MIME type is only what the sender's app claims."""
    live_photo = message.live_photo
    if sizes := message.photo or (live_photo.photo if live_photo else ()):
        return max(sizes, key=lambda size: (size.width * size.height, size.file_size or 0))
    document = message.document
    return document if document is not None and may_be_photo(document.file_name, document.mime_type) else None


def _parse_command(message: Message, me: User) -> tuple[str, str, bool] | None:
    """Name and argument of a command to this bot, and whether it names the bot, itself or by a mention next to it."""
    commands = message.parse_entities([MessageEntityType.BOT_COMMAND])
    text = blank_own_mentions(message.text, message.entities, me) if commands else ""
    for entity, command in commands.items():
        if not text[: entity.offset].strip():
            name, at, bot = command.removeprefix("/").partition("@")
            if at and bot.lower() != (me.username or "").lower():
                return None
            argument = text[entity.offset + len(command) :].strip()
            return name.lower(), argument, bool(at) or text != message.text
    return None


def _addresses_bot(message: Message, me: User) -> bool:
    """Whether a message of a group is a command to the bot, a reply to it that is for no other bot, or mentions it."""
    texts = ((message.text, message.entities), (message.caption, message.caption_entities))
    named_bot = next(filter(None, (find_commanded_bot(text, entities) for text, entities in texts)), None)
    if _parse_command(message, me) or named_bot == (me.username or "").lower():
        return True
    if any(list_own_mentions(text, entities, me) for text, entities in texts):
        return True
    replied = message.reply_to_message
    is_reply = replied is not None and replied.from_user is not None and replied.from_user.id == me.id
    return is_reply and named_bot is None
