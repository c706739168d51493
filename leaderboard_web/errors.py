"""Error handlers: each error becomes a status and a translated message, as a page for people or JSON for scripts."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from core.conversation import narration
from core.errors import (
    DailyLimitError,
    DatabaseUnavailableError,
    DecoderUnavailableError,
    DecompressionBombError,
    EvaError,
    InvalidSignatureError,
    LoginError,
    LoginProviderUnavailableError,
    LookNotFoundError,
    ModelError,
    NotAnImageError,
    ObjectNotFoundError,
    PersistenceError,
    PersonNotFoundError,
    PhotoError,
    PhotoTooLargeError,
)
from core.i18n.translations import Language, translate
from core.seoul_time import start_of_day
from leaderboard_web.dependencies import get_context
from leaderboard_web.templating import render_page
from leaderboard_web.viewer import request_language

log = structlog.get_logger()

STATUS_BY_ERROR: dict[type[EvaError], HTTPStatus] = {
    PhotoTooLargeError: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    DecompressionBombError: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    NotAnImageError: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    PhotoError: HTTPStatus.UNPROCESSABLE_ENTITY,
    DailyLimitError: HTTPStatus.TOO_MANY_REQUESTS,
    InvalidSignatureError: HTTPStatus.FORBIDDEN,
    LoginError: HTTPStatus.BAD_REQUEST,
    LoginProviderUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    LookNotFoundError: HTTPStatus.NOT_FOUND,
    PersonNotFoundError: HTTPStatus.NOT_FOUND,
    ObjectNotFoundError: HTTPStatus.NOT_FOUND,
    PersistenceError: HTTPStatus.SERVICE_UNAVAILABLE,
    ModelError: HTTPStatus.SERVICE_UNAVAILABLE,
    DecoderUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    EvaError: HTTPStatus.INTERNAL_SERVER_ERROR,
}
"""HTTP status by error class; a class that is not listed has the status of its base class."""

MESSAGE_KEY_BY_STATUS = {
    400: "page.bad_request",
    404: "page.not_found",
    405: "page.wrong_method",
    413: "page.too_long",
    503: "page.busy",
}
"""Translation keys of the messages for plain HTTP errors; all others have `page.trouble`."""

ONE_DAY = timedelta(days=1)


class LocalizedHTTPError(HTTPException):
    """An HTTP error with a name for scripts and a specific message."""

    def __init__(self, status: int, name: str, message_key: str, *, headers: Mapping[str, str] | None = None) -> None:
        """Describe the error.

        Args:
            status: HTTP status.
            name: `error` in JSON responses.
            message_key: translation key of the message.
            headers: further headers of the response.
        """
        super().__init__(status, headers=headers)
        self.name, self.message_key = name, message_key


class GoneError(LocalizedHTTPError):
    """404: something is not there, or not for this person; the message says what."""

    def __init__(self, message_key: str) -> None:
        super().__init__(404, HTTPStatus.NOT_FOUND.phrase, message_key)


class NoPhotoError(LocalizedHTTPError):
    """400: a form without a photo."""

    def __init__(self) -> None:
        super().__init__(400, HTTPStatus.BAD_REQUEST.phrase, "page.no_file")


def status_for(error: EvaError) -> HTTPStatus:
    """The HTTP status of an error."""
    return next(STATUS_BY_ERROR[kind] for kind in type(error).__mro__ if kind in STATUS_BY_ERROR)


def message_for(error: EvaError | HTTPException, language: Language) -> str:
    """The message that a person gets about an error."""
    if isinstance(error, EvaError):
        return narration.error_message(error, language)
    if isinstance(error, LocalizedHTTPError):
        return translate(error.message_key, language)
    return translate(MESSAGE_KEY_BY_STATUS.get(error.status_code, "page.trouble"), language)


def wants_json(request: Request) -> bool:
    """Whether a script sent the request, not a browser that shows a page."""
    return request.url.path.startswith("/api/") or accepts_json(request.headers)


def accepts_json(headers: Headers) -> bool:
    """Whether the sender of these headers asks for JSON and nothing else."""
    return headers.get("accept") == "application/json"


async def error_response(
    request: Request, status: int, name: str, message: str, *, headers: Mapping[str, str] | None = None
) -> Response:
    """A response about an error: JSON for scripts, a page for people.

    Args:
        request: that failed.
        status: HTTP status.
        name: of the error, for scripts.
        message: translated, for people.
        headers: further headers.
    """
    if wants_json(request):
        response: Response = JSONResponse({"error": name, "message": message}, status)
    else:
        response = render_page(await get_context(request), "notice_page.html", status=status, message=message)
    response.headers.update(headers or {})
    return response


async def handle_eva_error(request: Request, error: EvaError) -> Response:
    """Respond to an error of the domain."""
    status = status_for(error)
    log.info("request_refused", error=type(error).__name__, status=int(status))
    headers = {}
    if isinstance(error, DailyLimitError):
        seconds = (start_of_day() + ONE_DAY - datetime.now(UTC)).total_seconds()
        headers["Retry-After"] = str(math.ceil(seconds))
    message = message_for(error, request_language(request))
    return await error_response(request, status, type(error).__name__, message, headers=headers)


async def handle_database_unreachable(request: Request, error: DatabaseUnavailableError) -> Response:
    """Respond while the database cannot be reached."""
    log.warning("database_unreachable", error=error.detail)
    return await handle_eva_error(request, error)


async def handle_http_error(request: Request, error: HTTPException) -> Response:
    """Respond to an HTTP error that a route, a dependency or a middleware raised."""
    name = error.name if isinstance(error, LocalizedHTTPError) else HTTPStatus(error.status_code).phrase
    message = message_for(error, request_language(request))
    return await error_response(request, error.status_code, name, message, headers=error.headers)


async def handle_validation_error(request: Request, error: RequestValidationError) -> Response:
    """Respond to parameters that FastAPI refused: 404 for those of the URL, 400 for those of a form."""
    is_url = any(detail["loc"][0] in {"path", "query"} for detail in error.errors())
    return await handle_http_error(request, HTTPException(404 if is_url else 400))


async def handle_client_disconnect(request: Request, error: ClientDisconnect) -> Response:
    """End a request whose client closed the connection; it does not receive the response."""
    log.info("client_disconnected", route=getattr(request.scope.get("route"), "path", None))
    return Response(status_code=HTTPStatus.BAD_REQUEST)


REFUSAL_HANDLERS: dict[Any, Any] = {
    EvaError: handle_eva_error,
    DatabaseUnavailableError: handle_database_unreachable,
    HTTPException: handle_http_error,
    RequestValidationError: handle_validation_error,
    ClientDisconnect: handle_client_disconnect,
}
"""Handlers of expected errors, for routes and for middleware; for others see `middleware.security`."""
