"""Translated texts by key and language, days among them, from the gettext catalogs in `locales/`.

The catalogs are keyed by stable names (`verdict.clear.3`) instead of English sentences: the Korean texts are written,
not translated, so neither language is the source of the other, and rewording a text changes one line of one catalog.
Variants of a text have the numbers 1, 2, 3, ... at the end of their keys.

Placeholders use `str.format`; an inserted word can take Korean particles, see `InflectedWord`. This module needs the
standard library only. `make texts` compiles the catalogs with Babel.

See ADR 0029.
"""

import gettext
import re
from calendar import month_name
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cache, lru_cache
from hashlib import sha256
from importlib.resources import files
from itertools import count
from string import Formatter

from core.seoul_time import SEOUL

CATALOG_DOMAIN = "eva"
ELLIPSIS = "…"
MAX_PREFERENCE_LENGTH = 256
"""Characters of a language preference that are looked at; those of browsers and clients are shorter."""
LANGUAGE_TAG = re.compile(r"([a-z]+)(?:[-_.@].*)?", re.DOTALL)
"""A language tag or a locale, of which the first part counts."""
WEIGHT = re.compile(r"q\s*=\s*([01](?:\.\d*)?)")
"""The weight of a language range, from 0 to 1."""
RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]")
"""Characters of scripts like Hebrew and Arabic, after which numbers and signs are shown in reverse order."""
FIRST_STRONG_ISOLATE, POP_DIRECTIONAL_ISOLATE = "\u2068", "\u2069"
FIRST_SYLLABLE, LAST_SYLLABLE = ord("가"), ord("힣")
FINAL_CONSONANT_COUNT = 28
"""Unicode orders Hangul syllables in runs of 28, one for each final consonant; the first of a run has none."""
RIEUL_INDEX = 8
"""Index of ㄹ in a run."""
DIGIT_FINAL_CONSONANTS = {
    "0": 21,
    "1": RIEUL_INDEX,
    "2": 0,
    "3": 16,
    "4": 0,
    "5": 0,
    "6": 1,
    "7": RIEUL_INDEX,
    "8": RIEUL_INDEX,
    "9": 0,
}
"""Index of the final consonant of each digit as it is read (영, 일, 이, ...). A number that ends in 0 is read with 십,
백, 천 or 만 at its end, which all end in a consonant, too."""


class Language(StrEnum):
    """A language that Eva speaks; the value is its ISO 639-1 code."""

    KO = "ko"
    EN = "en"


class InflectedWord(str):
    """A string that adds a particle or an article when it is formatted.

    The form of a Korean particle depends on the sound before it: a style's name may end in a consonant (캐주얼은) or in
    a vowel (스트리트는). A text names both forms, the one after a consonant first, as the format of its placeholder,
    and the inserted word selects one:

        "{style:은/는}"        캐주얼은, 스트리트는
        "{style:이에요/예요}"  에스닉이에요, 걸리시예요
        "{style:으로/로}"      페미닌으로, but 캐주얼로: after ㄹ this pair takes the form after a vowel
        "{name:이에요/예요}"   리넨 수달 52예요, 리넨 수달 10이에요: numbers are read as in Korean
        "{style:a}"            a Street, an 80s Retro
        "{things:capital}"     The boots: at the beginning of a sentence
    """

    __slots__ = ()

    def __format__(self, spec: str) -> str:
        """The word: with an article for `a`, a capital for `capital`, or one of a pair of Korean particles."""
        if spec == "a":
            return f"{'an' if self[:1].lower() in set('aeiou8') else 'a'} {self}"
        if spec == "capital":
            return self[:1].upper() + self[1:]
        after_consonant, slash, after_vowel = spec.partition("/")
        if not slash:
            return super().__format__(spec)
        last = self.rstrip(POP_DIRECTIONAL_ISOLATE)[-1:]
        if last in DIGIT_FINAL_CONSONANTS:
            final = DIGIT_FINAL_CONSONANTS[last]
        elif last and FIRST_SYLLABLE <= ord(last) <= LAST_SYLLABLE:
            final = (ord(last) - FIRST_SYLLABLE) % FINAL_CONSONANT_COUNT
        else:
            return f"{self}{after_consonant}({after_vowel})"
        if final == 0 or (final == RIEUL_INDEX and after_consonant == "으로"):
            return f"{self}{after_vowel}"
        return f"{self}{after_consonant}"


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

    A value from right to left is isolated (UAX 9): a name that ends with a number would otherwise change places with a
    number after it.

    Raises:
        KeyError: the catalog lacks the key, or a placeholder has no value.
    """
    template, is_inflected = _lookup(key, language)
    if template is None:
        raise KeyError(key)
    for name, value in values.items():
        if isinstance(value, str) and not value.isascii() and RIGHT_TO_LEFT.search(value):
            values = values | {name: f"{FIRST_STRONG_ISOLATE}{value}{POP_DIRECTIONAL_ISOLATE}"}
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


def translate_variant(key: str, seed: VariantSeed | str, language: Language, /, **values: object) -> str:
    """The text of the variant that a seed selects; see `pick_variant` and `translate`."""
    return translate(pick_variant(key, seed, language), language, **values)


def format_day(day: date, language: Language) -> str:
    """A day in words: `28 November 2026`, `2026년 11월 28일`; that of an aware time is its day in Seoul."""
    if isinstance(day, datetime):
        day = day.astimezone(SEOUL).date()
    month = day.month if language is Language.KO else month_name[day.month]
    return translate("page.date", language, day=day.day, month=month, year=day.year)


def format_recent_day(time: datetime, language: Language, *, now: datetime | None = None) -> str:
    """The day of an aware time in Seoul, as short as it can be: `Today`, `Yesterday`, `28 November`, `1 March 2025`.

    Args:
        time: when something happened.
        language: of the text.
        now: an aware time; the current one by default.
    """
    day, today = time.astimezone(SEOUL).date(), (now or datetime.now(UTC)).astimezone(SEOUL).date()
    if 0 <= (today - day).days <= 1:
        return translate("date.today" if day == today else "date.yesterday", language)
    if day.year != today.year:
        return format_day(day, language)
    return format_month_day(day, language)


def format_month_day(day: date, language: Language) -> str:
    """A day without its year: `28 November`, `11월 28일`; that of an aware time is its day in Seoul."""
    if isinstance(day, datetime):
        day = day.astimezone(SEOUL).date()
    month = day.month if language is Language.KO else month_name[day.month]
    return translate("date.this_year", language, day=day.day, month=month)


def utf16_length(text: str) -> int:
    """The length of a text as messengers count it: in UTF-16 code units, of which most emoji take two."""
    return len(text) + sum(character > "\uffff" for character in text)


def truncate(text: str, limit: int) -> str:
    """Shorten a text to a limit of `utf16_length`, with an ellipsis at its end and, if possible, between two words.

    Args:
        text: any text.
        limit: the maximum number of UTF-16 code units, at least 1.
    """
    encoded = text.encode("utf-16-le", "surrogatepass")
    if len(encoded) <= 2 * limit:
        return text
    # Half of a character at the end is left out.
    shortened = encoded[: 2 * (limit - 1)].decode("utf-16-le", "ignore")
    last_space = shortened.rfind(" ")
    if last_space > limit // 2:
        shortened = shortened[:last_space]
    return shortened.rstrip() + ELLIPSIS


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
