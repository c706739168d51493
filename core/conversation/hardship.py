"""Words of hardship: death, illness, violence, abuse, eating disorders, injuries. Such a message gets no light answer.

A list of words finds less than a person would, and is meant to be wrong in the direction of care.
"""

import re
from functools import cache

from core.conversation.text_normalization import normalize_letters
from core.conversation.word_lists import read_lines


def speaks_of_hardship(message: str) -> bool:
    """Whether a message has words of hardship."""
    english, korean = _compile()
    text = normalize_letters(message)
    return english.search(text) is not None or korean.search(text.replace(" ", "")) is not None


@cache
def _compile() -> tuple[re.Pattern[str], re.Pattern[str]]:
    lines = list(read_lines("hardship_words.txt"))
    english, korean = ("|".join(line for heading, line in lines if heading == name) for name in ("english", "korean"))
    return re.compile(rf"\b(?:{english})\b"), re.compile(korean)
