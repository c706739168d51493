"""Scripts of the letters in display names, so that no name imitates one in another script.

A name is written in one script, or in those that Korean, Japanese and Chinese combine with each other and with Latin:
the profile "highly restrictive" of Unicode Technical Standard 39, section 5.2. Only scripts in everyday use count
(UAX 31, table 5), and of Latin only letters with an ASCII letter under their accents and a few of European languages.

Python knows no scripts, but the first word of a character's name is one.
"""

import unicodedata
from functools import lru_cache

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
"""Those of them that `core.confusables` does not take for these, since their small letters look like others."""
HISTORIC_CYRILLIC = range(0x0460, 0x048A)
MAX_MARKS = 2
"""Combining marks on one letter: a vowel and a tone."""


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
