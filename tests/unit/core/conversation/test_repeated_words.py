"""No pattern that reads messages repeats words that can be told apart in two ways.

`(?:나|나는|는)*` divides "나는나는나는" in eight ways, and a message of 60 characters in a billion, each of which is
tried when the message does not match in the end.
"""

import importlib
import pkgutil
import re
from collections.abc import Iterable, Iterator
from re import _constants as ops
from re import _parser as parser
from typing import Any

import pytest

import core.conversation

FEW = 8
"""Repetitions up to which two ways to divide a text are no danger."""
MANY = 400
"""Words from which a group is not compared."""


def find_texts(tokens: Iterable[Any]) -> list[str] | None:
    """All texts that a part of a pattern matches; None if it holds more than words and their alternatives."""
    texts = [""]
    for op, value in tokens:
        if op is ops.LITERAL:
            parts: list[str] | None = [chr(value)]
        elif op is ops.SUBPATTERN:
            parts = find_texts(value[3])
        elif op is ops.BRANCH:
            branches = [find_texts(branch) for branch in value[1]]
            parts = None if None in branches else [text for branch in branches for text in branch or ()]
        elif op is ops.IN and all(kind is ops.LITERAL for kind, _ in value):
            parts = [chr(code) for _, code in value]
        elif op is ops.MAX_REPEAT and value[1] == 1:
            parts = find_texts(value[2])
            parts = None if parts is None else ([""] if value[0] == 0 else []) + parts
        else:
            return None
        if parts is None or len(texts) * len(parts) > MANY:
            return None
        texts = [text + part for text in texts for part in parts]
    return texts


def find_repeated_groups(tokens: Iterable[Any]) -> Iterator[list[str]]:
    """The words of each group that may be repeated often."""
    for op, value in tokens:
        if op in {ops.MAX_REPEAT, ops.MIN_REPEAT}:
            words = find_texts(value[2]) if value[1] > FEW else None
            if words is not None:
                yield words
            yield from find_repeated_groups(value[2])
        elif op is ops.SUBPATTERN:
            yield from find_repeated_groups(value[3])
        elif op is ops.BRANCH:
            for branch in value[1]:
                yield from find_repeated_groups(branch)
        elif op in {ops.ASSERT, ops.ASSERT_NOT}:
            yield from find_repeated_groups(value[1])


def is_ambiguous(words: list[str]) -> bool:
    """Whether a text is a sequence of the words in two ways (Sardinas and Patterson)."""
    known = set(words)
    if len(known) < len(words) or "" in known:
        return True
    rests = {longer[len(word) :] for longer in known for word in known if longer != word and longer.startswith(word)}
    seen: set[str] = set()
    while rests and not rests & known:
        seen |= rests
        found = {rest[len(word) :] for rest in rests for word in known if rest.startswith(word)}
        rests = found | {word[len(rest) :] for rest in rests for word in known if word.startswith(rest)}
        rests -= seen
    return bool(rests)


def find_ambiguous(pattern: re.Pattern[str]) -> list[list[str]]:
    """The repeated groups of a pattern that divide a text in two ways."""
    tokens = parser.parse(pattern.pattern, pattern.flags)
    return [words for words in find_repeated_groups(tokens) if is_ambiguous(words)]


def list_patterns(value: object) -> Iterator[re.Pattern[str]]:
    """All patterns in a constant."""
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, dict):
        yield from list_patterns((*value, *value.values()))
    elif isinstance(value, (tuple, list, set, frozenset)):
        for item in value:
            yield from list_patterns(item)


@pytest.mark.parametrize(
    "module", [f"core.conversation.{module.name}" for module in pkgutil.iter_modules(core.conversation.__path__)]
)
def test_repeated_words_are_told_apart_in_one_way(module: str) -> None:
    constants = vars(importlib.import_module(module)).values()
    for constant in tuple(constants):
        for pattern in list_patterns(constant):
            assert find_ambiguous(pattern) == []


@pytest.mark.parametrize(
    ("source", "is_found"),
    [
        ("(?:나|나는|는)*", True),
        ("a(?:(?:이|이거|이)b?)*", True),
        ("(?:ab|a|bc|c)+", True),
        ("(?:나|나를|는)*", False),
        ("(?:ab|a|bc)*x", False),
        ("(?:나|나는|는){0,4}", False),
    ],
)
def test_words_of_which_a_text_is_made_in_two_ways_are_noticed(source: str, is_found: bool) -> None:
    assert bool(find_ambiguous(re.compile(source))) is is_found
