"""Translated texts by key and language, from the gettext catalogues in `locales/`.

The catalogues are keyed by stable names (`verdict.clear.3`) instead of English sentences: the Korean texts are written,
not translated, so neither language is the source of the other, and rewording a text changes one line of one catalogue.
Variants of a text have the numbers 1, 2, 3, ... at the end of their keys.

Placeholders use `str.format`; an inserted word can take Korean particles, see `core.i18n.korean`. This module needs the
standard library only. `make texts` compiles the catalogues with Babel.
"""

import gettext
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from hashlib import sha256
from importlib.resources import files
from itertools import count
from string import Formatter

from core.i18n.korean import InflectedWord

CATALOG_DOMAIN = "eva"
MAX_PREFERENCE_LENGTH = 256
"""Characters of a language preference that are looked at; those of browsers and clients are shorter."""
LANGUAGE_TAG = re.compile(r"([a-z]+)(?:[-_.@].*)?", re.DOTALL)
"""A language tag or a locale, of which the first part counts."""
WEIGHT = re.compile(r"q\s*=\s*([01](?:\.\d*)?)")
"""The weight of a language range, from 0 to 1."""


class Language(StrEnum):
    """A language that Eva speaks; the value is its ISO 639-1 code."""

    KO = "ko"
    EN = "en"


def negotiate_language(preference: str | None) -> Language:
    """The supported language that matches a preference best; English if none does.

    Args:
        preference: a language tag (`ko`, `ko-KR`), a locale (`ko_KR.UTF-8`) or an Accept-Language header
            (RFC 9110, section 12.5.4): the highest weight wins, between equal weights the first. Only the first
            `MAX_PREFERENCE_LENGTH` characters count, and only they are cached.
    """
    return _negotiate_language((preference or "")[:MAX_PREFERENCE_LENGTH].lower())


@lru_cache(1024)
def _negotiate_language(preference: str) -> Language:
    best, best_weight = Language.EN, 0.0
    for choice in preference.split(","):
        tag, *parameters = choice.split(";")
        match = LANGUAGE_TAG.fullmatch(tag.strip())
        if match is None or match[1] not in set(Language):
            continue
        weight = _parse_weight(parameters)
        if weight > best_weight:
            best, best_weight = Language(match[1]), weight
    return best


def _parse_weight(parameters: list[str]) -> float:
    """The weight of a language range: 1 without a parameter, 0 if there is anything but one valid weight."""
    if not parameters:
        return 1.0
    match = WEIGHT.fullmatch(parameters[0].strip()) if len(parameters) == 1 else None
    return 0.0 if match is None else float(match[1])


def translate(key: str, language: Language, /, **values: object) -> str:
    """The text of a key with its placeholders filled in.

    Raises:
        KeyError: the catalogue lacks the key, or a placeholder has no value.
    """
    template, is_inflected = _lookup(key, language)
    if template is None:
        raise KeyError(key)
    if is_inflected:
        values = {name: InflectedWord(value) if isinstance(value, str) else value for name, value in values.items()}
    return template.format(**values)


@cache
def variant_keys(key: str, language: Language) -> tuple[str, ...]:
    """The keys of all variants of a text: `key.1`, `key.2` and so on.

    Raises:
        KeyError: the text has no variants.
    """
    keys: list[str] = []
    for number in count(1):
        if _lookup(f"{key}.{number}", language)[0] is None:
            break
        keys.append(f"{key}.{number}")
    if not keys:
        raise KeyError(key)
    return tuple(keys)


@dataclass(frozen=True, slots=True)
class VariantSeed:
    """Selects the variants of texts for one of several turns, which differ from one turn to the next."""

    name: str
    """What the turns belong to, e.g. the id of a person."""
    turn: int = 0
    """Counts up."""


def pick_variant(key: str, seed: VariantSeed | str, language: Language) -> str:
    """The key of the variant that a seed selects, the same one in every process; each text draws independently.

    In as many turns as there are variants each comes once, and between two uses of one lie at least half as many turns:
    the variants are dealt in rounds, in each round first one half of them and then the other, both shuffled.

    Args:
        key: the key without a number.
        seed: a text is the first turn of a seed with this name.
        language: whose variants count.

    Raises:
        KeyError: the text has no variants.
    """
    keys = variant_keys(key, language)
    name, turn = (seed, 0) if isinstance(seed, str) else (seed.name, seed.turn)
    start = int.from_bytes(sha256(f"{key} {name}".encode()).digest()[:8]) % len(keys)
    (deal, position), middle = divmod(start + turn, len(keys)), len(keys) // 2
    half, place = (keys[:middle], position) if position < middle else (keys[middle:], position - middle)
    return sorted(half, key=lambda variant: sha256(f"{variant} {name} {deal}".encode()).digest())[place]


@cache
def _lookup(key: str, language: Language) -> tuple[str | None, bool]:
    """The text of a key, and whether a placeholder asks for a particle or an article; None if there is no text."""
    text = _load_catalog(language).gettext(key)
    # gettext returns the key itself if there is no text.
    return (None, False) if text == key else (text, any(spec for _, _, spec, _ in Formatter().parse(text)))


@cache
def _load_catalog(language: Language) -> gettext.GNUTranslations:
    path = files("core.i18n").joinpath("locales", language, "LC_MESSAGES", f"{CATALOG_DOMAIN}.mo")
    with path.open("rb") as file:
        return gettext.GNUTranslations(file)
