"""Names on the board: one that Eva makes up, and what a person may call themselves.

A name that a person chooses is kept as typed, after Unicode has composed it (NFKC) and runs of spaces are one: 1 to 20
letters, digits and spaces, at least one letter. So no name holds markup, an address, a line break or an invisible
character. Nobody is called like Eva or like somebody who runs her, and nobody by an insult: `refused_names.txt` lists
those, and they are compared as `core.names` compares names, so that other spellings of them are refused too.
"""

from __future__ import annotations

import unicodedata
from functools import cache, lru_cache
from importlib.resources import files
from itertools import count
from typing import TYPE_CHECKING

from bot.texts import Language, text
from bot.voice import choose
from core.names import is_invisible, name_key

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

__all__ = ["MOST_LETTERS", "is_made_up", "made_up", "made_up_names", "tidy"]

MOST_LETTERS = 20
REMEMBERED = 4096
"""Names that are kept: boards show the same people again and again."""
TRIES = 4
"""Numbers of each length that a made-up name tries before longer ones."""


@lru_cache(REMEMBERED)
def made_up(person: UUID, language: Language) -> str:
    """The name that Eva makes up for a person; always the same one in a language."""
    return next(made_up_names(person, language))


def made_up_names(person: UUID, language: Language) -> Iterator[str]:
    """Names for a person in the order in which Eva tries them until one is free, without an end.

    The words are always the same, the number grows from two digits on. The first two lengths keep to `MOST_LETTERS`.
    """
    words = _words(person, language)
    for digits in count(2):
        smallest = 10 ** (digits - 1)
        for step in range(TRIES):
            yield f"{words} {smallest + (person.int + step) % (9 * smallest)}"


def is_made_up(name: str, person: UUID) -> bool:
    """Whether a name is one that Eva makes up for this person."""
    words, _, number = name.rpartition(" ")
    return number.isdecimal() and any(words == _words(person, language) for language in Language)


def tidy(words: str) -> str | None:
    """What a person wrote as a name, or None if it cannot be one."""
    name = " ".join(unicodedata.normalize("NFKC", words).split())
    if not 1 <= len(name) <= MOST_LETTERS or not any(each.isalpha() for each in name):
        return None
    return name if all(map(_may_be_written, name)) and not _is_refused(name_key(name)) else None


def _words(person: UUID, language: Language) -> str:
    seed = str(person)
    parts = {part: text(choose(f"name.{part}", seed, language), language) for part in ("first", "second")}
    return text("name.pattern", language, **parts)


def _may_be_written(each: str) -> bool:
    letter = each == " " or each.isalnum() or unicodedata.category(each) == "Mn"
    return letter and not is_invisible(each)


def _is_refused(key: str) -> bool:
    whole, anywhere = _refused()
    return not key or key in whole or any(stem in key for stem in anywhere)


@cache
def _refused() -> tuple[frozenset[str], frozenset[str]]:
    """The keys that no name may be, and those that none may contain."""
    lines = files("bot").joinpath("refused_names.txt").read_text("utf-8").splitlines()
    entries = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    whole = frozenset(name_key(entry[1:]) for entry in entries if entry.startswith("="))
    return whole, frozenset(name_key(entry) for entry in entries if not entry.startswith("="))
