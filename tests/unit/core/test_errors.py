import inspect
import re

import pytest

from core import errors


def _documented_tree() -> dict[str, str | None]:
    """Name to parent, from the indented list in the module's docstring."""
    parents: dict[str, str | None] = {}
    path: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"^( +)(?:- )?([A-Z][A-Za-z]+)\b", line)
        if found is None:
            continue
        depth = len(found[1])
        path = [(at, name) for at, name in path if at < depth]
        parents[found[2]] = path[-1][1] if path else None
        path.append((depth, found[2]))
    return parents


def _classes() -> dict[str, str | None]:
    found = inspect.getmembers(errors, lambda each: inspect.isclass(each) and each.__module__ == errors.__name__)
    return {name: None if each.__base__ is Exception else each.__base__.__name__ for name, each in found}


def test_docstring_lists_every_class_under_its_parent() -> None:
    assert _documented_tree() == _classes()


@pytest.mark.parametrize("name", sorted(_classes()))
def test_message_is_first_docstring_line_and_carries_the_detail(name: str) -> None:
    error = getattr(errors, name)
    assert re.fullmatch(r"[A-Z].*[.]", error.__doc__.splitlines()[0])
    assert str(error()) == error.__doc__.splitlines()[0]
    assert str(error("what was seen")) == f"{error.__doc__.splitlines()[0].rstrip('.')}: what was seen"
