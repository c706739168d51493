"""Intents of messages that say something in words of their own: every word is a known one, and the right ones occur.

The last part of the table of intents. A message that holds any word outside of the lists has no intent, which keeps
"help desk called me" apart from "help me". The lists are in `intent_patterns/*_words.txt`: `[common]` has the words
that mean nothing by themselves, and each line below an intent has groups of words, joined by `+`, of which each must
occur. `^` before a word means that the message begins with it. A line that starts with `=` allows the words of that
line only, and of its last group none must occur.

See ADR 0039.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from core.conversation.word_lists import can_be_divided, read_lines

_KOREAN = re.compile("[가-힣ㄱ-ㅎㅏ-ㅣ]")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeywordRule:
    """One line of the lists."""

    heading: str
    groups: tuple[frozenset[str], ...]
    """Of each one word must occur; `^` marks a word that must be the first."""
    vocabulary: frozenset[str]
    """The words that may occur."""


def match_keywords(texts: Sequence[str], table: str = "words") -> Iterator[str]:
    """The headings of the rules that apply to one of the forms of a normalized message, in the order of the table.

    Args:
        texts: as from `normalize_message`, with and without `#` in place of names of styles.
        table: `words` for intents, or `look_words` for what is said about a look.
    """
    if any(map(_KOREAN.search, texts)):
        compacts = dict.fromkeys(text.replace(" ", "") for text in texts)
        for rule in _load_rules(f"ko_{table}"):
            if any(_applies_to_korean(rule, compact) for compact in compacts):
                yield rule.heading
        return
    forms = [text.split() for text in texts]
    for rule in _load_rules(f"en_{table}"):
        if any(_applies_to_english(rule, words) for words in forms):
            yield rule.heading


def _applies_to_english(rule: KeywordRule, words: Sequence[str]) -> bool:
    if not rule.vocabulary.issuperset(words):
        return False
    keys = {*words, *(f"^{word}" for word in words[:1])}
    return not any(map(keys.isdisjoint, rule.groups))


def _applies_to_korean(rule: KeywordRule, compact: str) -> bool:
    return all(_occurs(group, compact) for group in rule.groups) and can_be_divided(compact, rule.vocabulary)


def _occurs(group: frozenset[str], compact: str) -> bool:
    return any(compact.startswith(key[1:]) if key.startswith("^") else key in compact for key in group)


@cache
def _load_rules(name: str) -> tuple[KeywordRule, ...]:
    common: set[str] = set()
    rules: list[KeywordRule] = []
    for heading, line in read_lines(f"intent_patterns/{name}.txt"):
        if heading == "common":
            common.update(line.split())
        else:
            groups = tuple(frozenset(group.split()) for group in line.removeprefix("=").split("+"))
            keys = {key.removeprefix("^") for group in groups for key in group}
            allowed = keys if line.startswith("=") else keys | common
            required = groups[:-1] if line.startswith("=") else groups
            rules.append(KeywordRule(heading=heading, groups=required, vocabulary=frozenset(allowed)))
    return tuple(rules)
