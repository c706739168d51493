import pytest

from core import errors
from core.errors import (
    DailyLimitError,
    DecoderUnavailableError,
    EvaError,
    InvalidSignatureError,
    LoginError,
    LoginProviderUnavailableError,
    LookNotFoundError,
    ModelError,
    ObjectNotFoundError,
    PersistenceError,
    PersonNotFoundError,
    PhotoError,
)
from leaderboard_web.errors import status_for

ERROR_CLASSES = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, EvaError)]


@pytest.mark.parametrize("kind", ERROR_CLASSES, ids=lambda kind: kind.__name__)
def test_every_error_class_has_a_fitting_status(kind: type[EvaError]) -> None:
    status = status_for(kind())
    expected = {
        DailyLimitError: 429,
        InvalidSignatureError: 403,
        LookNotFoundError: 404,
        PersonNotFoundError: 404,
        ObjectNotFoundError: 404,
    }
    if kind in expected:
        assert status == expected[kind]
    elif issubclass(kind, PhotoError):
        assert 400 <= status < 500
    elif issubclass(kind, DecoderUnavailableError | ModelError | PersistenceError | LoginProviderUnavailableError):
        assert status == 503
    elif issubclass(kind, LoginError):
        assert status == 400
    else:
        assert status == 500
