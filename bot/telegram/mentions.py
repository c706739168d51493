"""Mentions of the bot in a text: they address it, and are no part of what is said. Commands name a bot as well."""

from collections.abc import Sequence

from telegram import MessageEntity, User
from telegram.constants import MessageEntityType

_UTF_16 = "utf-16-le"


def list_own_mentions(text: str | None, entities: Sequence[MessageEntity], me: User) -> list[MessageEntity]:
    """The entities that mention the bot, by its name in any case or by its id, in the order of the text.

    Args:
        text: of a message or a caption.
        entities: of this text.
        me: the bot itself.
    """
    if not text:
        return []
    username = f"@{me.username}".lower()
    return [
        entity
        for entity in sorted(entities, key=lambda entity: entity.offset)
        if (entity.type == MessageEntityType.MENTION and _split(text, entity)[1].lower() == username)
        or (entity.type == MessageEntityType.TEXT_MENTION and entity.user is not None and entity.user.id == me.id)
    ]


def blank_own_mentions(text: str | None, entities: Sequence[MessageEntity], me: User) -> str:
    """Replace each mention of the bot at the start or the end of a text by spaces, so that offsets stay as they are.

    Emoji and punctuation may stand outside of it. A mention between words belongs to the sentence, and stays.

    Args:
        text: of a message or a caption.
        entities: of this text.
        me: the bot itself.
    """
    text = text or ""
    mentions = list_own_mentions(text, entities, me)
    # Once from the start and once from the end: a mention may stand behind another one.
    for entity in (*mentions, *reversed(mentions)):
        before, mention, after = _split(text, entity)
        if not (_has_words(before) and _has_words(after)):
            text = before + " " * (len(mention.encode(_UTF_16)) // 2) + after
    return text


def find_commanded_bot(text: str | None, entities: Sequence[MessageEntity]) -> str | None:
    """The name of the bot that a command at the start of a text is for, in lower case; None if it names none.

    Args:
        text: of a message or a caption.
        entities: of this text.
    """
    for entity in entities:
        if text and entity.type == MessageEntityType.BOT_COMMAND and entity.offset == 0:
            return text[: entity.length].partition("@")[2].lower() or None
    return None


def _split(text: str, entity: MessageEntity) -> tuple[str, str, str]:
    """What stands before an entity, in it and after it; Telegram counts in units of UTF-16."""
    encoded, start, end = text.encode(_UTF_16), 2 * entity.offset, 2 * (entity.offset + entity.length)
    return encoded[:start].decode(_UTF_16), encoded[start:end].decode(_UTF_16), encoded[end:].decode(_UTF_16)


def _has_words(text: str) -> bool:
    return any(character.isalnum() for character in text)
