"""Display names: generated ones, and the rules for those that people choose.

A chosen name is stored as typed after NFKC normalization, with runs of spaces collapsed: 1 to 20 letters, digits,
spaces, dots and underscores, at least one letter, in one script or in scripts that people mix
(`core.confusables`). A name therefore holds no markup, line break, invisible character or pile of accents, and
messengers make no link of it: what ends like a host name (`top_level_domains.txt`) is rejected. Names of Eva and her
operators and insults (`reserved_names.txt`) are rejected; they are compared by their `confusable_key`, so that
look-alike spellings are rejected as well.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import count
from uuid import UUID

from core.confusables import confusable_key, has_consistent_script, imitates_latin, is_default_ignorable
from core.conversation.word_lists import read_lines
from core.i18n.translations import Language, pick_variant, translate

MAX_NAME_LENGTH = 20
NAME_PUNCTUATION = frozenset(" ._")
DOTTED_WORD = re.compile(r"(?<=\w)\.(\w+)")
"""The end of a host name, if it is a top-level domain."""
NAME_CACHE_SIZE = 4096
"""Generated names that are cached: the leaderboard shows the same people repeatedly."""
ATTEMPTS_PER_LENGTH = 4
"""Numbers of each length that are tried before longer ones."""


def display_name(person_id: UUID, name: str | None, language: Language) -> str:
    """The name under which a person is shown: the stored one, or else a generated one."""
    return name or generated_name(person_id, language)


@lru_cache(NAME_CACHE_SIZE)
def generated_name(person_id: UUID, language: Language) -> str:
    """The generated name of a person, always the same in one language."""
    return next(generated_name_candidates(person_id, language))


def generated_name_candidates(person_id: UUID, language: Language) -> Iterator[str]:
    """Names for a person in the order in which they are tried until one is free; the iterator never ends.

    The words are always the same, the number starts at two digits. The first two lengths fit into `MAX_NAME_LENGTH`.
    """
    words = _generated_words(person_id, language)
    for digits in count(2):
        smallest = 10 ** (digits - 1)
        for step in range(ATTEMPTS_PER_LENGTH):
            yield f"{words} {smallest + (person_id.int + step) % (9 * smallest)}"


def is_generated(name: str, person_id: UUID) -> bool:
    """Whether a name is one of the generated names of this person."""
    words, _, number = name.rpartition(" ")
    return number.isdecimal() and any(words == _generated_words(person_id, language) for language in Language)


def normalize_display_name(raw_name: str) -> str | None:
    """The name to store for what a person typed; None if the rules do not allow it."""
    name = " ".join(unicodedata.normalize("NFKC", raw_name).split())
    if not 1 <= len(name) <= MAX_NAME_LENGTH or not any(character.isalpha() for character in name):
        return None
    if not all(map(_is_allowed_character, name)) or _is_link(name):
        return None
    if not has_consistent_script(name) or imitates_latin(name):
        return None
    return None if _is_reserved(confusable_key(name)) else name


def _generated_words(person_id: UUID, language: Language) -> str:
    seed = str(person_id)
    parts = {part: translate(pick_variant(f"name.{part}", seed, language), language) for part in ("first", "second")}
    return translate("name.pattern", language, **parts)


def _is_allowed_character(character: str) -> bool:
    is_visible_kind = character in NAME_PUNCTUATION or character.isalnum() or unicodedata.category(character) == "Mn"
    return is_visible_kind and not is_default_ignorable(character)


def _is_link(name: str) -> bool:
    """Whether messengers make a link of a part of the name."""
    return any(match[1] in _top_level_domains() for match in DOTTED_WORD.finditer(name.casefold()))


def _is_reserved(key: str) -> bool:
    names, stems = _reserved_keys()
    return not key or key in names or any(stem in key for stem in stems)


@cache
def _reserved_keys() -> tuple[frozenset[str], frozenset[str]]:
    """The keys that no name may equal, and those that no name may contain."""
    entries = [line.strip() for _, line in read_lines("reserved_names.txt")]
    names = frozenset(confusable_key(entry[1:]) for entry in entries if entry.startswith("="))
    return names, frozenset(confusable_key(entry) for entry in entries if not entry.startswith("="))


@cache
def _top_level_domains() -> frozenset[str]:
    return frozenset(domain for _, line in read_lines("top_level_domains.txt") for domain in line.split())
