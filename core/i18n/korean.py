"""Inflection of words inserted into texts: Korean particles and English articles.

The form of a Korean particle depends on the sound before it: a style's name may end in a consonant (캐주얼은) or in
a vowel (스트리트는). A text names both forms, the one after a consonant first, as the format of its placeholder, and
the inserted word selects one:

    "{style:은/는}"        캐주얼은, 스트리트는
    "{style:이에요/예요}"  에스닉이에요, 걸리시예요
    "{style:으로/로}"      페미닌으로, but 캐주얼로: after ㄹ this pair takes the form after a vowel
    "{name:이에요/예요}"   리넨 수달 52예요, 리넨 수달 10이에요: numbers are read as in Korean
    "{style:a}"            a Street, an 80s Retro
    "{things:capital}"     The boots: at the beginning of a sentence
"""

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


class InflectedWord(str):
    """A string that adds a particle or an article when it is formatted."""

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
        last = ord(self[-1]) if self else 0
        if self[-1:] in DIGIT_FINAL_CONSONANTS:
            final = DIGIT_FINAL_CONSONANTS[self[-1]]
        elif FIRST_SYLLABLE <= last <= LAST_SYLLABLE:
            final = (last - FIRST_SYLLABLE) % FINAL_CONSONANT_COUNT
        else:
            return f"{self}{after_consonant}({after_vowel})"
        if final == 0 or (final == RIEUL_INDEX and after_consonant == "으로"):
            return f"{self}{after_vowel}"
        return f"{self}{after_consonant}"
