"""Names that look like others: a name on the leaderboard is unique, and imitates none in another script.

All look-alike names share one key. `confusable_key` applies in this order: compatibility form (NFKC), case folding,
decomposition (NFKD), removal of accents (U+0300 to U+036F), dots, underscores and invisible characters, composition
(NFC), look-alike letters (Greek and Cyrillic as Latin, 0 as o, 1 and i as l), removal of spaces. Other look-alikes (rn
and m, 3 and e) count as different names: a rule that people can guess is worth more than one without gaps.

The key is stored in `people`, and finds a person's page. A change of the rule needs a migration that recomputes the
stored keys, since nothing else does; a test fails for a rule that has changed.

A name is written in one script, or in those that Korean, Japanese and Chinese combine with each other and with Latin:
the profile "highly restrictive" of Unicode Technical Standard 39, section 5.2. Only scripts in everyday use count
(UAX 31, table 5), and of Latin only letters with an ASCII letter under their accents and a few of European languages.
Python knows no scripts, but the first word of a character's name is one.
"""

import unicodedata
from functools import lru_cache

COMBINING_ACCENTS = range(0x0300, 0x0370)
DEFAULT_IGNORABLE = (
    *range(0x115F, 0x1161),  # Hangul fillers, to which U+3164 and U+FFA0 are normalized
    *range(0x17B4, 0x17B6),
    *range(0x180B, 0x1810),
    *range(0x200B, 0x2010),
    *range(0x202A, 0x202F),
    *range(0x2060, 0x2070),
    *range(0xFE00, 0xFE10),
    *range(0xE0000, 0xE1000),
    *(0x00AD, 0x034F, 0x061C, 0x3164, 0xFEFF, 0xFFA0),
)
"""Characters that are not displayed (Unicode property Default_Ignorable_Code_Point)."""
CYRILLIC = ("авекмнорстухіјѕԁһԛԝӏ", "abekmhopctyxljsdhqwl")
GREEK = ("αβγεηικνορτυχω", "abyenlkvoptuxw")
DIGITS = ("01i", "oll")
LOOKALIKE_FOLDING = str.maketrans(*("".join(parts) for parts in zip(CYRILLIC, GREEK, DIGITS, strict=True)))
SEPARATORS = frozenset("._")
_IGNORABLE_CHARACTERS = frozenset(map(chr, DEFAULT_IGNORABLE))
SCRIPT_ALIASES = {
    "IDEOGRAPHIC": "CJK",
    "KATAKANA-HIRAGANA": "KATAKANA",
    "ARABIC-INDIC": "ARABIC",
    "EXTENDED": "ARABIC",  # extended Arabic-Indic digits
}
"""Scripts of characters whose names begin with another word."""
COMBINED_SCRIPTS = (
    frozenset({"LATIN", "CJK", "HANGUL"}),
    frozenset({"LATIN", "CJK", "HIRAGANA", "KATAKANA"}),
    frozenset({"LATIN", "CJK", "BOPOMOFO"}),
)
OTHER_SCRIPTS = frozenset(
    {
        *("ARABIC", "ARMENIAN", "BENGALI", "CYRILLIC", "DEVANAGARI", "ETHIOPIC", "GEORGIAN", "GREEK", "GUJARATI"),
        *("GURMUKHI", "HEBREW", "KANNADA", "KHMER", "LAO", "MALAYALAM", "MYANMAR", "ORIYA", "SINHALA", "TAMIL"),
        *("TELUGU", "THAI", "TIBETAN"),
    }
)
"""Scripts that stand alone."""
LATIN_LETTERS = frozenset("ßẞæÆœŒøØłŁđĐðÐþÞħĦ")
"""Letters of European languages that are no ASCII letter with an accent; none of them is read as another one."""
LATIN_LOOKALIKES = frozenset("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧοАВЕЅІЈКМНОРСТУХҮаеорсухіјѕү")
"""Greek and Cyrillic letters that look exactly like Latin ones."""
UNFOLDED_LOOKALIKES = frozenset("ΖΗΜΝΥҮү")
"""Those of them that `confusable_key` does not take for these, since their small letters look like others."""
HISTORIC_CYRILLIC = range(0x0460, 0x048A)
MAX_MARKS = 2
"""Combining marks on one letter: a vowel and a tone."""


def confusable_key(name: str) -> str:
    """The key shared by all names that look like this one; empty if nothing of the name is visible."""
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    visible = "".join(
        character
        for character in decomposed
        if ord(character) not in COMBINING_ACCENTS
        and character not in SEPARATORS
        and not is_default_ignorable(character)
    )
    return "".join(unicodedata.normalize("NFC", visible).translate(LOOKALIKE_FOLDING).split())


def is_default_ignorable(character: str) -> bool:
    """Whether a character is invisible."""
    return character in _IGNORABLE_CHARACTERS


def has_consistent_script(name: str) -> bool:
    """Whether all letters, digits and marks of a normalized name (NFKC) belong together."""
    marks = 0
    scripts = set()
    for character in name:
        if unicodedata.combining(character) or unicodedata.category(character) == "Mn":
            marks += 1
            if marks > MAX_MARKS:
                return False
        else:
            marks = 0
        if not character.isascii() or character.isalpha():
            scripts.add(find_script(character))
    if len(scripts) <= 1 and scripts <= OTHER_SCRIPTS:
        return True
    return any(scripts <= combined for combined in COMBINED_SCRIPTS)


def imitates_latin(name: str) -> bool:
    """Whether a name in one script looks like a Latin one, and would yet count as another name."""
    letters = {character for character in name if character.isalpha()}
    return letters <= LATIN_LOOKALIKES and not letters.isdisjoint(UNFOLDED_LOOKALIKES)


@lru_cache(1024)
def find_script(character: str) -> str:
    """The script of a character in capitals; empty for one that no name may have."""
    word = unicodedata.name(character, "").partition(" ")[0]
    if word == "LATIN":
        base = unicodedata.normalize("NFD", character)[0]
        return word if base.isascii() or character in LATIN_LETTERS else ""
    if word == "CYRILLIC" and ord(character) in HISTORIC_CYRILLIC:
        return ""
    return SCRIPT_ALIASES.get(word, word)
