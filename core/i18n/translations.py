"""Every sentence that a person reads, by key and language, from the gettext catalogues in `locales/`.

The catalogues are keyed by stable names (`verdict.clear.3`), not by English sentences: Eva's Korean is
written, not translated, so neither language is the source of the other, and rewording a sentence touches one
line of one catalogue. Variants of a text carry the numbers 1, 2, 3 and so on at the end of their key.

Placeholders are those of `str.format`; a word that is put in can take Korean particles, see `bot/grammar.py`.
This needs the standard library only; after a change `make texts` compiles the catalogues with Babel.
"""

import gettext
import re
from enum import StrEnum
from functools import cache, lru_cache
from importlib.resources import files
from itertools import count
from string import Formatter

from core.i18n.korean import InflectedWord

CATALOG_DOMAIN = "eva"
LANGUAGE_RANGE = re.compile(r"\s*(?P<language>[a-z]+)(?:[-_.@][^;]*)?\s*(?:;\s*q\s*=\s*(?P<weight>[01](?:\.\d*)?)\s*)?")
"""One language of a wish: a tag or locale whose first part counts, and perhaps a weight, 0 to 1."""


class Language(StrEnum):
    """A language that Eva speaks; the value is its ISO 639-1 code."""

    KO = "ko"
    EN = "en"


@lru_cache(1024)
def negotiate_language(preference: str | None) -> Language:
    """The language that fits a wish best; English where none does.

    Args:
        wish: a language tag (`ko`, `ko-KR`), a locale (`ko_KR.UTF-8`) or a whole Accept-Language header
            (RFC 9110, 12.5.4): the highest weight wins, between equal weights the first.
    """
    best, best_weight = Language.EN, 0.0
    for choice in (preference or "").lower().split(","):
        match = LANGUAGE_RANGE.fullmatch(choice)
        if match is None or match["language"] not in set(Language):
            continue
        weight = float(match["weight"] or 1)
        if weight > best_weight:
            best, best_weight = Language(match["language"]), weight
    return best


def translate(key: str, language: Language, /, **values: object) -> str:
    """The text of a key, its placeholders filled.

    Raises:
        KeyError: the catalogue has no such key, or a placeholder has no value.
    """
    found = _lookup(key, language)
    if found is None:
        raise KeyError(key)
    if _needs_inflection(found):
        values = {name: InflectedWord(value) if isinstance(value, str) else value for name, value in values.items()}
    return found.format(**values)


@cache
def variant_keys(key: str, language: Language) -> tuple[str, ...]:
    """The keys `key.1`, `key.2` and so on, as far as the catalogue has them.

    Raises:
        KeyError: there is none.
    """
    found: list[str] = []
    for number in count(1):
        if _lookup(f"{key}.{number}", language) is None:
            break
        found.append(f"{key}.{number}")
    if not found:
        raise KeyError(key)
    return tuple(found)


@cache
def _lookup(key: str, language: Language) -> str | None:
    """A catalogue's text, or None: gettext answers a key that it lacks with the key."""
    found = _load_catalog(language).gettext(key)
    return None if found == key else found


@cache
def _needs_inflection(template: str) -> bool:
    """Whether a text holds words that take a particle or an article."""
    return any(form for _, _, form, _ in Formatter().parse(template))


@cache
def _load_catalog(language: Language) -> gettext.GNUTranslations:
    path = files("core.i18n").joinpath("locales", language, "LC_MESSAGES", f"{CATALOG_DOMAIN}.mo")
    with path.open("rb") as file:
        return gettext.GNUTranslations(file)
