from __future__ import annotations

import pytest

from core import errors
from core.errors import EvaError, ModelError, PhotoError
from leaderboard_web.errors import status_of

EVERY = [getattr(errors, name) for name in errors.__all__]


@pytest.mark.parametrize("kind", EVERY, ids=errors.__all__)
def test_every_error_says_whose_fault_it_is(kind: type[EvaError]) -> None:
    status = status_of(kind())
    if issubclass(kind, PhotoError):
        assert 400 <= status < 500
    elif issubclass(kind, ModelError):
        assert status == 503
    else:
        assert status == 500
