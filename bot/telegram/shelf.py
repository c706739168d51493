"""Looks that are asked for by a command: a person's own, those of the board, and one that a link names."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from bot.names import made_up
from bot.telegram.keyboards import login_keyboard, page_keyboard
from bot.telegram.messages import Outgoing, say, show_picture
from bot.telegram.verdicts import keyboard_of
from bot.texts import text
from bot.voice import percent, style_name
from core.days import SEOUL
from core.db import boards, looks
from core.db.boards import Period
from core.db.tables import Asked
from core.vision.verdict import Band

if TYPE_CHECKING:
    from bot.stylist import Stylist
    from bot.telegram.thread import Thread
    from core.db.boards import Shared
    from core.db.looks import Look
    from core.db.people import Person

__all__ = ["show_board", "show_linked", "show_own"]

LATEST = 5
"""Looks in a person's list."""
TOP = 3
"""Looks of the board."""
LINK = "look_"
"""How the argument of `/start` names a look."""


async def show_own(thread: Thread, stylist: Stylist, person: Person) -> None:
    """`/me`: how many there were, of which style most, the latest ones, and the newest with its buttons.

    In a private chat there is also the way to the person's own page.
    """
    async with thread.memory.database.begin() as connection:
        count = await looks.count_since(connection, person.id, person.created_at)
        styles = await looks.styles_of(connection, person.id)
        latest = await looks.of_person(connection, person.id, limit=LATEST)
    # Others read along in groups, and whoever opens the page first is let in.
    login_url = await stylist.login_url(person) if thread.private and thread.kept("me.1") is None else None
    enter = login_keyboard(login_url, thread.language)
    if not latest:
        await thread.send("me", *say(text("telegram.me.nothing", thread.language), keyboard=enter))
        return
    # Who guesses first is not told by the way what she saw.
    if styles and not person.guesses_first:
        words = text("telegram.me", thread.language, count=count, style=style_name(next(iter(styles)), thread.language))
    else:
        words = text("telegram.me.plain", thread.language, count=count)
    told = [look for look in latest if look.asked is not Asked.GUESS]
    seen = [look for look in told if look.verdict.band is not Band.NOT_AN_OUTFIT]
    lines = "\n".join(_line(look, thread) for look in seen)
    await thread.send("me", *say("\n\n".join(filter(None, [words, lines])), keyboard=enter))
    if seen and (photo := await thread.picture(seen[0].photo_key)) is not None:
        keyboard = keyboard_of(thread, stylist, person, seen[0])
        await thread.send("newest", show_picture(photo, _line(seen[0], thread), keyboard))


async def show_board(thread: Thread, stylist: Stylist) -> None:
    """`/board`: the most hearted looks that were shared today."""
    async with thread.memory.database.begin() as connection:
        top = await boards.page(connection, period=Period.TODAY, limit=TOP)
    if not top:
        await thread.send("board", *say(text("telegram.board.nothing", thread.language)))
        return
    await thread.send("board", *say(text("telegram.board", thread.language)))
    for each in top:
        await thread.send(f"board.{each.look.id}", await _shown(thread, stylist, each))


async def show_linked(thread: Thread, stylist: Stylist, argument: str) -> bool:
    """A look that somebody sent a link to; False if the link names none that is on the board.

    Args:
        thread: where.
        stylist: knows the look's page.
        argument: what came with `/start`, not to be trusted.
    """
    if not argument.startswith(LINK):
        return False
    try:
        look_id = UUID(argument.removeprefix(LINK))
    except ValueError:
        return False
    async with thread.memory.database.begin() as connection:
        shared = await boards.shared(connection, look_id)
    if shared is None:
        return False
    await thread.send("look", await _shown(thread, stylist, shared))
    return True


async def _shown(thread: Thread, stylist: Stylist, shared: Shared) -> Outgoing:
    """A look of the board, with who shared it and how it is liked."""
    look = shared.look
    caption = text(
        "telegram.board.line",
        thread.language,
        name=shared.name or made_up(look.person_id, thread.language),
        style=style_name(look.style, thread.language),
        hearts=look.hearts,
    )
    page = page_keyboard(stylist.page_url(look), thread.language)
    return show_picture(await thread.picture(look.photo_key), caption, page)


def _line(look: Look, thread: Thread) -> str:
    key = "telegram.me.line" if look.shared_at is None else "telegram.me.line.shared"
    return text(
        key,
        thread.language,
        date=look.created_at.astimezone(SEOUL).date().isoformat(),
        style=style_name(look.verdict.style, thread.language),
        percent=percent(look.verdict.confidence),
    )
