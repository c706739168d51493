"""Comparison of display names: a name on the leaderboard is unique, look-alike spellings included.

All look-alike names share one key. `confusable_key` applies in this order: compatibility form (NFKC), case folding,
decomposition (NFKD), removal of accents (U+0300 to U+036F), dots, underscores and invisible characters, composition
(NFC), look-alike letters (Greek and Cyrillic as Latin, 0 as o, 1 and i as l), removal of spaces. Other look-alikes (rn
and m, 3 and e) count as different names: a rule that people can guess is worth more than one without gaps.

The key is stored in `people`, and finds a person's page. A change of the rule needs a migration that recomputes the
stored keys, since nothing else does; a test fails for a rule that has changed.
"""

import unicodedata

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
