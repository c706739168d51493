"""Looks that people ask for, in words: their own, and those of the board."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.names import made_up
from bot.texts import Language, text
from bot.voice import percent, style_name
from core.days import SEOUL
from core.db import boards, looks
from core.db.boards import Period
from core.db.tables import Asked
from core.vision.verdict import Band

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.db.boards import Shared
    from core.db.engine import Database
    from core.db.looks import Look
    from core.db.people import Person

__all__ = ["Own", "line_of", "own", "shared_line", "top"]

LATEST = 5
"""Looks in a person's list."""
TOP = 3
"""Looks of the board."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """What there is to say about a person's own looks."""

    words: str
    """How many there were, of which style most, and a line for each of the latest."""
    looks: Sequence[Look]
    """The latest ones whose verdict was told and that show an outfit, the newest first."""


async def own(database: Database, person: Person, language: Language) -> Own:
    """A person's own looks. While a look waits for their guess, nothing gives by the way what she saw on it."""
    async with database.begin() as connection:
        count = await looks.count_since(connection, person.id, person.created_at)
        styles = await looks.styles_of(connection, person.id)
        latest = await looks.of_person(connection, person.id, limit=LATEST)
    if not latest:
        return Own(words=text("talk.me.nothing", language), looks=())
    told = [look for look in latest if look.asked is not Asked.GUESS]
    if len(told) < len(latest):
        words = text("talk.me.count", language, count=count)
    elif styles:
        words = text("talk.me", language, count=count, style=style_name(next(iter(styles)), language))
    else:
        words = text("talk.me.plain", language, count=count)
    seen = [look for look in told if look.verdict.band is not Band.NOT_AN_OUTFIT]
    lines = "\n".join(line_of(look, language) for look in seen)
    return Own(words="\n\n".join(filter(None, [words, lines])), looks=seen)


async def top(database: Database) -> list[Shared]:
    """The most hearted looks that were shared today."""
    async with database.begin() as connection:
        return await boards.page(connection, period=Period.TODAY, limit=TOP)


def line_of(look: Look, language: Language) -> str:
    """A person's look in a line: when, which style, how sure, and whether it is on the board."""
    return text(
        "talk.me.line" if look.shared_at is None else "talk.me.line.shared",
        language,
        date=look.created_at.astimezone(SEOUL).date().isoformat(),
        style=style_name(look.verdict.style, language),
        percent=percent(look.verdict.confidence),
    )


def shared_line(shared: Shared, language: Language) -> str:
    """A look of the board in a line: whose it is, and how it is liked."""
    return text(
        "talk.board.line",
        language,
        name=shared.name or made_up(shared.look.person_id, language),
        style=style_name(shared.look.style, language),
        hearts=shared.look.hearts,
    )
