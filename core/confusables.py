"""When two names are the same one: a person's name on the board is theirs alone, and so is what looks like it.

The key of a name is what all names that look like it share. In this order: Unicode's compatibility form (NFKC), case
folded and taken apart (NFKD), no accents (U+0300 to U+036F) and nothing invisible, put together again (NFC), letters
that look like others written as those (Greek and Cyrillic as Latin, 0 as o, and 1 and i as l), and no spaces. Other
look-alikes (rn and m, 3 and e) are different names: a rule that people can guess is worth more than one without gaps.

The key is kept in people's rows. Whoever changes what it is writes a migration that keeps it anew.
"""

import unicodedata

COMBINING_ACCENTS = range(0x0300, 0x0370)
DEFAULT_IGNORABLE = (
    *range(0x115F, 0x1161),  # fillers of Hangul, also what U+3164 and U+FFA0 become
    *range(0x17B4, 0x17B6),
    *range(0x180B, 0x1810),
    *range(0x200B, 0x2010),
    *range(0x202A, 0x202F),
    *range(0x2060, 0x2070),
    *range(0xFE00, 0xFE10),
    *range(0xE0000, 0xE1000),
    *(0x00AD, 0x034F, 0x061C, 0x3164, 0xFEFF, 0xFFA0),
)
"""Characters that Unicode lets take no place (Default_Ignorable_Code_Point)."""
CYRILLIC = ("авекмнорстухіјѕԁһԛԝӏ", "abekmhopctyxljsdhqwl")
GREEK = ("αβγεηικνορτυχω", "abyenlkvoptuxw")
DIGITS = ("01i", "oll")
LOOKALIKE_FOLDING = str.maketrans(*("".join(parts) for parts in zip(CYRILLIC, GREEK, DIGITS, strict=True)))
_IGNORABLE_CHARACTERS = frozenset(map(chr, DEFAULT_IGNORABLE))


def confusable_key(name: str) -> str:
    """What all names that look like this one share; empty for a name of which nothing is seen."""
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    bare = "".join(each for each in apart if ord(each) not in COMBINING_ACCENTS and not is_default_ignorable(each))
    return "".join(unicodedata.normalize("NFC", bare).translate(LOOKALIKE_FOLDING).split())


def is_default_ignorable(character: str) -> bool:
    """Whether a character takes no place where it is written."""
    return character in _IGNORABLE_CHARACTERS
