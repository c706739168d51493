"""Intents of messages that say something in words of their own: every word is a known one, and the right ones occur.

The last part of the table of intents. A message that holds any word outside of the lists has no intent, which keeps
"help desk called me" apart from "help me". The lists are in `intent_patterns/*_words.txt`: `[common]` has the words
that mean nothing by themselves, and each line below an intent has groups of words, joined by `+`, of which each must
occur. `^` before a word means that the message begins with it. A line that starts with `=` allows the words of that
line only, and of its last group none must occur.

See ADR 0039.
"""

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

MAX_KOREAN_TOKEN = 8
"""The longest entry of the Korean lists, in characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeywordRule:
    """One line of the lists."""

    intent: str
    groups: tuple[frozenset[str], ...]
    """Of each one word must occur; `^` marks a word that must be the first."""
    vocabulary: frozenset[str]
    """The words that may occur."""


def match_keywords(text: str) -> str | None:
    """The name of the intent of a normalized message; None if a word is unknown or no rule applies.

    Args:
        text: from `normalize_message`, with `#` in place of names of styles.
    """
    is_korean = re.search("[가-힣ㄱ-ㅎㅏ-ㅣ]", text) is not None
    compact, words = text.replace(" ", ""), text.split()
    for rule in _load_rules("ko" if is_korean else "en"):
        if is_korean:
            is_match = all(_occurs(group, compact) for group in rule.groups) and can_be_divided(
                compact, rule.vocabulary
            )
        else:
            is_match = rule.vocabulary.issuperset(words) and all(_contains(group, words) for group in rule.groups)
        if is_match:
            return rule.intent
    return None


def _contains(group: frozenset[str], words: list[str]) -> bool:
    return any(word in group for word in words) or f"^{words[0]}" in group


def _occurs(group: frozenset[str], compact: str) -> bool:
    return any(compact.startswith(key[1:]) if key.startswith("^") else key in compact for key in group)


def can_be_divided(compact: str, vocabulary: frozenset[str]) -> bool:
    """Whether a text without spaces can be divided into words of the vocabulary."""
    reachable = [True] + [False] * len(compact)
    for end in range(1, len(compact) + 1):
        reachable[end] = any(
            reachable[start] and compact[start:end] in vocabulary
            for start in range(max(0, end - MAX_KOREAN_TOKEN), end)
        )
    return reachable[-1]


@cache
def _load_rules(language: str) -> tuple[KeywordRule, ...]:
    text = files("core.conversation").joinpath("intent_patterns", f"{language}_words.txt").read_text("utf-8")
    common: set[str] = set()
    rules: list[KeywordRule] = []
    heading = ""
    for line in text.splitlines():
        if not line or line.startswith("# "):
            continue
        if line.startswith("["):
            heading = line.strip("[]")
        elif heading == "common":
            common.update(line.split())
        else:
            groups = tuple(frozenset(group.split()) for group in line.removeprefix("=").split("+"))
            keys = {key.removeprefix("^") for group in groups for key in group}
            allowed = keys if line.startswith("=") else keys | common
            required = groups[:-1] if line.startswith("=") else groups
            rules.append(KeywordRule(intent=heading, groups=required, vocabulary=frozenset(allowed)))
    return tuple(rules)
