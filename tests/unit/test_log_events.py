"""Log events are an operator's interface: stable names, listed in the documentation with levels and fields."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from tests.conftest import ROOT

PACKAGES = ("core", "bot", "webhooks", "leaderboard_web", "eva")
LEVELS = {"debug": "debug", "info": "info", "warning": "warning", "error": "error", "exception": "error"}
FIELDS_DIFFER = {"telegram_update_invalid"}
"""An update that could not be stored has no id."""


class LoggedEvent(NamedTuple):
    """A call of the logger."""

    place: str
    name: str
    level: str
    fields: frozenset[str]


def logged_events() -> Iterator[LoggedEvent]:
    """Every event with its place in the code."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                match node:
                    case ast.Call(
                        func=ast.Attribute(value=ast.Name(id="log"), attr=method), args=[event, *_], keywords=keywords
                    ) if method in LEVELS:
                        place = f"{path.relative_to(ROOT)}:{node.lineno}"
                        name = ast.literal_eval(event) if isinstance(event, ast.Constant) else "not a constant"
                        yield LoggedEvent(place, name, LEVELS[method], frozenset(str(field.arg) for field in keywords))


def documented_events() -> dict[str, tuple[set[str], set[str]]]:
    """Levels and fields of each event in the documentation."""
    section = (ROOT / "docs" / "operations.md").read_text("utf-8").partition("## Log events")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| ([a-z, ]+) \|([^|]*)\|", section, re.MULTILINE)
    return {name: (set(levels.split(", ")), set(re.findall(r"`(\w+)`", fields))) for name, levels, fields in rows}


def test_events_have_stable_names() -> None:
    assert [event for event in logged_events() if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)+", event.name)] == []


def test_documentation_lists_every_event_with_its_levels_and_fields_and_no_other() -> None:
    logged: dict[str, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    for event in logged_events():
        levels, fields = logged[event.name]
        levels.add(event.level)
        fields |= event.fields
    assert documented_events() == logged


def test_an_event_has_the_same_fields_everywhere() -> None:
    fields = defaultdict(set)
    for event in logged_events():
        fields[event.name].add(event.fields)
    assert {name for name, found in fields.items() if len(found) > 1} == FIELDS_DIFFER
