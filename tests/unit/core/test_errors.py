import inspect
import re

import pytest

from core import errors


def _documented_tree() -> dict[str, str | None]:
    """Name to parent, from the indented list in the module's docstring."""
    parents: dict[str, str | None] = {}
    path: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r"^( +)(?:- )?([A-Z][A-Za-z]+)\b", line)
        if match is None:
            continue
        depth = len(match[1])
        path = [(at, name) for at, name in path if at < depth]
        parents[match[2]] = path[-1][1] if path else None
        path.append((depth, match[2]))
    return parents


def _classes() -> dict[str, str | None]:
    members = inspect.getmembers(errors, lambda value: inspect.isclass(value) and value.__module__ == errors.__name__)
    return {name: None if kind.__base__ is Exception else kind.__base__.__name__ for name, kind in members}


def test_docstring_lists_every_class_under_its_parent() -> None:
    assert _documented_tree() == _classes()


@pytest.mark.parametrize("name", sorted(_classes()))
def test_message_is_first_docstring_line_and_carries_the_detail(name: str) -> None:
    error = getattr(errors, name)
    assert re.fullmatch(r"[A-Z].*[.]", error.__doc__.splitlines()[0])
    assert str(error()) == error.__doc__.splitlines()[0]
    assert str(error("what was seen")) == f"{error.__doc__.splitlines()[0].rstrip('.')}: what was seen"
