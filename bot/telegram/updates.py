"""The kinds of updates of Telegram that Eva answers, each a dataclass."""

from dataclasses import dataclass

from bot.telegram.keyboards import CallbackData
from core.conversation.smalltalk import UnsupportedMedia


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
    is_anonymous: bool = False
    """Whether it was sent in the name of a group or a channel. Then `user_id` is the same for all such senders."""
    is_covered: bool = False
    """Whether its photo is covered until it is tapped; of a button, the one above it or the one that was answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoMessage(IncomingUpdate):
    """A photo, sent as such or as a file."""

    file_id: str
    """For `getFile`; of the largest size."""
    file_size: int
    """In bytes; the largest that Telegram lets bots download if it is not told."""
    caption: str
    is_of_other: bool = False
    """Whether another person sent it, and the sender of this update only asks about it."""
    is_from_other_chat: bool = False
    """Whether it was sent to another chat than this one."""


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
    replied_id: int | None = None
    """The message of this chat that it replies to."""
    photo: PhotoMessage | None = None
    """The photo in that message, if it is the sender's own and the chat is private; the text is its caption."""


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
class MessageReaction(IncomingUpdate):
    """Reactions that a person added to `message_id` in a private chat."""

    emoji: tuple[str, ...]
    """The added ones, without those of custom packs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MembershipChange(IncomingUpdate):
    """The bot was blocked or unblocked in a private chat."""

    is_member: bool
