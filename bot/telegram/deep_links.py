"""Links that open the private chat with the bot: https://core.telegram.org/bots/features#deep-linking.

The argument of `/start` may come from any link, so it never does anything: it shows something or asks a question.
"""

from uuid import UUID

LOOK_PREFIX = "look_"
"""Prefix of an argument that names a look."""
CARD_PREFIX = "card_"
"""The same of an inline query for a card."""
WEEK_QUERY = "week"
"""The text of the inline query that offers the weekly card of the person who types it."""


def private_chat_url(bot_username: str, argument: str) -> str:
    """A link to the private chat with the bot.

    Args:
        bot_username: without the @.
        argument: of the `/start` command that the link sends, 1 to 64 of the characters A-Z, a-z, 0-9, _ and -.
    """
    return f"https://t.me/{bot_username}?start={argument}"


def card_query(look_id: UUID) -> str:
    """The text of the inline query that offers the result card of a look."""
    return f"{CARD_PREFIX}{look_id}"


def parse_card_query(text: str) -> UUID | None:
    """The look whose card an untrusted inline query asks for; None if it asks for none."""
    return _parse_id(text, CARD_PREFIX)


def look_argument(look_id: UUID) -> str:
    """The argument that shows a look."""
    return f"{LOOK_PREFIX}{look_id}"


def parse_look_argument(argument: str) -> UUID | None:
    """The look that an untrusted argument names; None if it names none."""
    return _parse_id(argument, LOOK_PREFIX)


def _parse_id(text: str, prefix: str) -> UUID | None:
    if not text.startswith(prefix):
        return None
    try:
        return UUID(text.removeprefix(prefix))
    except ValueError:
        return None
