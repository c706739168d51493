"""Lists of words in text files, each line below a heading in brackets, and texts that consist of listed words."""

import re
from collections.abc import Iterator
from importlib.resources import files

MAX_WORD_LENGTH = 8
"""Characters of the longest Korean word."""
_HEADING = re.compile(r"\[(\w+\??)\]")
"""With a question mark for what only holds for questions."""


def read_lines(name: str) -> Iterator[tuple[str, str]]:
    """Each line of a file next to this module with its heading, without empty lines and comments ("# ").

    Args:
        name: e.g. `intent_patterns/en.txt`; the heading of what stands before the first one is empty.
    """
    heading = ""
    for line in files("core.conversation").joinpath(name).read_text("utf-8").splitlines():
        if found := _HEADING.fullmatch(line):
            heading = found[1]
        elif line and not line.startswith("# "):
            yield heading, line


def read_words(name: str) -> dict[str, frozenset[str]]:
    """The words of a file by their headings.

    Args:
        name: see `read_lines`.
    """
    words: dict[str, frozenset[str]] = {}
    for heading, line in read_lines(name):
        words[heading] = words.get(heading, frozenset()) | frozenset(line.split())
    return words


def can_be_divided(compact: str, vocabulary: frozenset[str]) -> bool:
    """Whether a text without spaces can be divided into words of the vocabulary."""
    reachable = [True] + [False] * len(compact)
    for end in range(1, len(compact) + 1):
        reachable[end] = any(
            reachable[start] and compact[start:end] in vocabulary for start in range(max(0, end - MAX_WORD_LENGTH), end)
        )
    return reachable[-1]
