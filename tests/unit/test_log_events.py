"""Log events are an operator's interface: stable snake_case names, listed in the documentation."""

import ast
import re
from collections.abc import Iterator

from tests.conftest import ROOT

PACKAGES = ("core", "bot", "webhooks", "leaderboard_web", "eva")
LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}


def logged_events() -> Iterator[tuple[str, str]]:
    """Every event with its place in the code."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                match node:
                    case ast.Call(func=ast.Attribute(value=ast.Name(id="log"), attr=level), args=[event, *_]) if (
                        level in LEVELS
                    ):
                        place = f"{path.relative_to(ROOT)}:{node.lineno}"
                        yield place, ast.literal_eval(event) if isinstance(event, ast.Constant) else "not a constant"


def test_events_have_stable_names() -> None:
    assert [event for event in logged_events() if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)+", event[1])] == []


def test_documentation_lists_every_event_and_no_other() -> None:
    section = (ROOT / "docs" / "operations.md").read_text("utf-8").partition("## Log events")[2].partition("\n## ")[0]
    documented = set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))
    assert documented == {event for _, event in logged_events()}
