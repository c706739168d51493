"""Links that open the private chat with the bot: https://core.telegram.org/bots/features#deep-linking.

The argument of `/start` may come from any link, so it never does anything: it shows something or asks a question.
"""

from uuid import UUID

LOOK_PREFIX = "look_"
"""Prefix of an argument that names a look."""


def private_chat_url(bot_username: str, argument: str) -> str:
    """A link to the private chat with the bot.

    Args:
        bot_username: without the @.
        argument: of the `/start` command that the link sends, 1 to 64 of the characters A-Z, a-z, 0-9, _ and -.
    """
    return f"https://t.me/{bot_username}?start={argument}"


def look_argument(look_id: UUID) -> str:
    """The argument that shows a look."""
    return f"{LOOK_PREFIX}{look_id}"


def parse_look_argument(argument: str) -> UUID | None:
    """The look that an untrusted argument names; None if it names none."""
    if not argument.startswith(LOOK_PREFIX):
        return None
    try:
        return UUID(argument.removeprefix(LOOK_PREFIX))
    except ValueError:
        return None
