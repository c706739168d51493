import pytest
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from structlog.testing import capture_logs

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
from leaderboard_web.errors import handle_client_disconnect, status_for

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


async def test_the_log_of_a_lost_client_has_the_template_of_the_path_alone() -> None:
    """Paths hold names of people and live login tokens."""

    async def sign_in(request: Request) -> Response:
        return Response()

    scope = {"type": "http", "path": "/login/link/secret", "route": Route("/login/link/{token}", sign_in)}
    with capture_logs() as logs:
        await handle_client_disconnect(Request(scope), ClientDisconnect())
    assert [(entry["event"], entry["route"]) for entry in logs] == [("client_disconnected", "/login/link/{token}")]
    assert "secret" not in str(logs)
