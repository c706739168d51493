from __future__ import annotations

import pytest

from core import errors
from core.errors import (
    DailyLimit,
    EvaError,
    LinkRefused,
    LoginError,
    LoginUnavailable,
    LookGone,
    MemoryFault,
    ModelError,
    PersonGone,
    PhotoError,
    PictureMissing,
)
from leaderboard_web.errors import status_of

EVERY = [getattr(errors, name) for name in errors.__all__]


@pytest.mark.parametrize("kind", EVERY, ids=errors.__all__)
def test_every_error_says_whose_fault_it_is(kind: type[EvaError]) -> None:
    status = status_of(kind())
    named = {DailyLimit: 429, LinkRefused: 403, LookGone: 404, PersonGone: 404, PictureMissing: 404}
    if kind in named:
        assert status == named[kind]
    elif issubclass(kind, PhotoError):
        assert 400 <= status < 500
    elif issubclass(kind, ModelError | MemoryFault | LoginUnavailable):
        assert status == 503
    elif issubclass(kind, LoginError):
        assert status == 400
    else:
        assert status == 500
