"""Names on the board: one that Eva makes up, and what a person may call themselves.

A name that a person chooses is kept as typed, after Unicode has composed it (NFKC) and runs of spaces are one: 1 to 20
letters, digits and spaces, at least one letter. So no name holds markup, an address, a line break or an invisible
character. Nobody is called like Eva or like somebody who runs her, and nobody by an insult: `reserved_names.txt` lists
those, and they are compared as `core.confusables` compares names, so that other spellings of them are refused too.
"""

import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.resources import files
from itertools import count
from uuid import UUID

from core.confusables import confusable_key, is_default_ignorable
from core.conversation.narration import pick_variant
from core.i18n.translations import Language, translate

MAX_NAME_LENGTH = 20
NAME_CACHE_SIZE = 4096
"""Names that are kept: boards show the same people again and again."""
ATTEMPTS_PER_LENGTH = 4
"""Numbers of each length that a made-up name tries before longer ones."""


@lru_cache(NAME_CACHE_SIZE)
def generated_name(person_id: UUID, language: Language) -> str:
    """The name that Eva makes up for a person; always the same one in a language."""
    return next(generated_name_candidates(person_id, language))


def generated_name_candidates(person_id: UUID, language: Language) -> Iterator[str]:
    """Names for a person in the order in which Eva tries them until one is free, without an end.

    The words are always the same, the number grows from two digits on. The first two lengths keep to `MOST_LETTERS`.
    """
    words = _generated_words(person_id, language)
    for digits in count(2):
        smallest = 10 ** (digits - 1)
        for step in range(ATTEMPTS_PER_LENGTH):
            yield f"{words} {smallest + (person_id.int + step) % (9 * smallest)}"


def is_generated(name: str, person_id: UUID) -> bool:
    """Whether a name is one that Eva makes up for this person."""
    words, _, number = name.rpartition(" ")
    return number.isdecimal() and any(words == _generated_words(person_id, language) for language in Language)


def normalize_display_name(raw_name: str) -> str | None:
    """What a person wrote as a name, or None if it cannot be one."""
    name = " ".join(unicodedata.normalize("NFKC", raw_name).split())
    if not 1 <= len(name) <= MAX_NAME_LENGTH or not any(each.isalpha() for each in name):
        return None
    return name if all(map(_is_allowed_character, name)) and not _is_reserved(confusable_key(name)) else None


def _generated_words(person_id: UUID, language: Language) -> str:
    seed = str(person_id)
    parts = {part: translate(pick_variant(f"name.{part}", seed, language), language) for part in ("first", "second")}
    return translate("name.pattern", language, **parts)


def _is_allowed_character(character: str) -> bool:
    letter = character == " " or character.isalnum() or unicodedata.category(character) == "Mn"
    return letter and not is_default_ignorable(character)


def _is_reserved(key: str) -> bool:
    whole, anywhere = _reserved_keys()
    return not key or key in whole or any(stem in key for stem in anywhere)


@cache
def _reserved_keys() -> tuple[frozenset[str], frozenset[str]]:
    """The keys that no name may be, and those that none may contain."""
    lines = files("core.conversation").joinpath("reserved_names.txt").read_text("utf-8").splitlines()
    entries = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    whole = frozenset(confusable_key(entry[1:]) for entry in entries if entry.startswith("="))
    return whole, frozenset(confusable_key(entry) for entry in entries if not entry.startswith("="))
