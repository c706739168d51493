"""The stylist's answers to buttons and names, told in a chat.

What she granted is noted before it is told: were it asked again after a crash, the answer could be another one, since a
look that is on the board cannot be put there, and a first guess is the only one.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from uuid import UUID

from bot.actions import Verb
from bot.stylist import Answer
from bot.telegram.keyboards import forget_keyboard, language_keyboard, name_keyboard, style_keyboard
from bot.telegram.messages import say
from bot.telegram.verdicts import reveal
from bot.texts import Language
from core.db import looks

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from telegram import InlineKeyboardMarkup

    from bot.stylist import Stylist
    from bot.telegram.thread import Thread
    from core.db.people import Person

__all__ = ["once", "tell"]

GRANTED = "granted"


async def once(thread: Thread, ask: Callable[[], Awaitable[Answer | None]]) -> Answer | None:
    """What the stylist answers, asked only in the first try."""
    kept = thread.kept(GRANTED)
    if kept is not None:
        return await _unpacked(thread, kept)
    answer = await ask()
    if answer is not None:
        await thread.note(GRANTED, _packed(answer))
    return answer


async def tell(
    thread: Thread,
    stylist: Stylist,
    person: Person,
    answer: Answer,
    *,
    keyboard: InlineKeyboardMarkup | None = None,
) -> None:
    """Say an answer, with the buttons that it asks for.

    Args:
        thread: where.
        stylist: whose answer it is.
        person: to whom.
        answer: what she says.
        keyboard: the buttons if it asks for none.
    """
    thread.language = answer.language
    if answer.reveal and answer.look is not None:
        await reveal(thread, stylist, person, answer.look, note="\n".join(answer.sentences) or None)
        return
    await thread.send("answer", *say(*answer.sentences, keyboard=_asked(answer) or keyboard))


def _asked(answer: Answer) -> InlineKeyboardMarkup | None:
    """The buttons that an answer asks for."""
    match answer.ask:
        case Verb.GUESS | Verb.CORRECT if answer.look is not None:
            return style_keyboard(answer.ask, answer.look.id, answer.language)
        case Verb.TAKE if answer.look is not None:
            return name_keyboard(answer.look.id, answer.language)
        case Verb.SPEAK:
            return language_keyboard()
        case Verb.FORGET:
            return forget_keyboard(answer.language)
        case _:
            return None


def _packed(answer: Answer) -> str:
    return json.dumps(
        {
            "language": answer.language,
            "sentences": answer.sentences,
            "ask": answer.ask,
            "look": str(answer.look.id) if answer.look else None,
            "reveal": answer.reveal,
        }
    )


async def _unpacked(thread: Thread, packed: str) -> Answer:
    kept = json.loads(packed)
    look = None
    if kept["look"] is not None:
        async with thread.memory.database.begin() as connection:
            look = await looks.get(connection, UUID(kept["look"]))
    return Answer(
        language=Language(kept["language"]),
        sentences=tuple(kept["sentences"]),
        ask=Verb(kept["ask"]) if kept["ask"] else None,
        look=look,
        reveal=kept["reveal"],
    )
