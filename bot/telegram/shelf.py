"""Looks that are asked for by a command: a person's own, those of the board, and one that a link names."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from bot.shelf import line_of, own, shared_line, top
from bot.telegram.keyboards import login_keyboard, page_keyboard
from bot.telegram.messages import Outgoing, say, show_picture
from bot.telegram.verdicts import keyboard_of
from bot.texts import text
from core.db import boards

if TYPE_CHECKING:
    from bot.stylist import Stylist
    from bot.telegram.thread import Thread
    from core.db.boards import Shared
    from core.db.people import Person

__all__ = ["show_board", "show_linked", "show_own"]

LINK = "look_"
"""How the argument of `/start` names a look."""


async def show_own(thread: Thread, stylist: Stylist, person: Person) -> None:
    """`/me`: how many there were, of which style most, the latest ones, and the newest with its buttons.

    In a private chat there is also the way to the person's own page.
    """
    found = await own(thread.memory.database, person, thread.language)
    # Others read along in groups, and whoever opens the page first is let in.
    login_url = await stylist.login_url(person) if thread.private and thread.kept("me.1") is None else None
    await thread.send("me", *say(found.words, keyboard=login_keyboard(login_url, thread.language)))
    if not found.looks:
        return
    newest = found.looks[0]
    if (photo := await thread.picture(newest.photo_key)) is not None:
        keyboard = keyboard_of(thread, stylist, person, newest)
        await thread.send("newest", show_picture(photo, line_of(newest, thread.language), keyboard))


async def show_board(thread: Thread, stylist: Stylist) -> None:
    """`/board`: the most hearted looks that were shared today."""
    found = await top(thread.memory.database)
    if not found:
        await thread.send("board", *say(text("talk.board.nothing", thread.language)))
        return
    await thread.send("board", *say(text("talk.board", thread.language)))
    for each in found:
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
    page = page_keyboard(stylist.page_url(look), thread.language)
    return show_picture(await thread.picture(look.photo_key), shared_line(shared, thread.language), page)
