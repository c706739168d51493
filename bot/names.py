"""Names on the board: one that Eva makes up, and what a person may call themselves.

A name that a person chooses is kept as typed, after Unicode has composed it (NFKC) and runs of spaces are one: 1 to 20
letters, digits and spaces, at least one letter. So no name holds markup, an address, a line break or an invisible
character, and look-alikes that differ only in form are the same name.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from bot.texts import text
from bot.voice import choose

if TYPE_CHECKING:
    from uuid import UUID

    from bot.texts import Language

__all__ = ["MOST_LETTERS", "made_up", "tidy"]

MOST_LETTERS = 20


def made_up(person: UUID, language: Language) -> str:
    """The name that Eva makes up for a person; always the same one in a language."""
    seed = str(person)
    parts = {part: text(choose(f"name.{part}", seed, language), language) for part in ("first", "second")}
    return f"{text('name.pattern', language, **parts)} {10 + person.int % 90}"


def tidy(words: str) -> str | None:
    """What a person wrote as a name, or None if it cannot be one."""
    name = " ".join(unicodedata.normalize("NFKC", words).split())
    if not 1 <= len(name) <= MOST_LETTERS or not any(each.isalpha() for each in name):
        return None
    return name if all(each == " " or each.isalnum() or unicodedata.category(each) == "Mn" for each in name) else None
