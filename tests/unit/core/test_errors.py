import inspect
import re

import pytest

from core import errors

NAMES = sorted(name for name, value in inspect.getmembers(errors, inspect.isclass))


@pytest.mark.parametrize("name", NAMES)
def test_message_is_first_docstring_line_and_carries_the_detail(name: str) -> None:
    error = getattr(errors, name)
    assert re.fullmatch(r"[A-Z].*[.]", error.__doc__.splitlines()[0])
    assert str(error()) == error.__doc__.splitlines()[0]
    assert str(error("what was seen")) == f"{error.__doc__.splitlines()[0].rstrip('.')}: what was seen"
