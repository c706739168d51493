"""The one place where an error becomes an HTTP answer: a status, and Eva's sentence as page or JSON."""

import math
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

import structlog
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from core.conversation.narration import error_message
from core.errors import (
    DailyLimitError,
    DatabaseUnavailableError,
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
from leaderboard_web.middleware.csp import SECURITY_HEADERS
from leaderboard_web.templating import render_page, request_language

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
    EvaError: HTTPStatus.INTERNAL_SERVER_ERROR,
}
"""The status of each kind of error; a kind that is missing here has its parent's."""

ONE_DAY = timedelta(days=1)

MESSAGE_KEY_BY_STATUS = {400: "page.no_file", 404: "page.not_found", 405: "page.not_found", 503: "page.busy"}
"""What Eva says about a status that is no error of hers; about every other one `page.trouble`."""


def status_for(error: EvaError) -> HTTPStatus:
    """The HTTP status of an error."""
    return next(STATUS_BY_ERROR[kind] for kind in type(error).__mro__ if kind in STATUS_BY_ERROR)


def message_for(error: EvaError | HTTPException, language: Language) -> str:
    """What Eva says about an error."""
    if isinstance(error, EvaError):
        return error_message(error, language)
    return translate(MESSAGE_KEY_BY_STATUS.get(error.status_code, "page.trouble"), language)


def wants_json(request: Request) -> bool:
    """Whether a script asks, not a browser that shows a page."""
    return request.url.path.startswith("/api/") or request.headers.get("accept") == "application/json"


def error_response(request: Request, status: int, error: str, message: str) -> Response:
    """An answer that says no: JSON to scripts, a page to people.

    Args:
        request: what was asked.
        status: the HTTP status.
        error: its name, for scripts.
        message: Eva's sentence.
    """
    if wants_json(request):
        return JSONResponse({"error": error, "message": message}, status)
    return render_page(request, "message.html", status=status, message=message)


def register_error_handlers(app: FastAPI) -> None:
    """Make the app answer every error in Eva's words."""

    @app.exception_handler(EvaError)
    async def eva_error(request: Request, error: EvaError) -> Response:
        status = status_for(error)
        log.info("refused", error=type(error).__name__, status=int(status))
        answer = error_response(request, status, type(error).__name__, message_for(error, request_language(request)))
        if isinstance(error, DailyLimitError):
            answer.headers["Retry-After"] = str(
                math.ceil((start_of_day() + ONE_DAY - datetime.now(UTC)).total_seconds())
            )
        return answer

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> Response:
        name, sentence = HTTPStatus(error.status_code).phrase, message_for(error, request_language(request))
        answer = error_response(request, error.status_code, name, sentence)
        answer.headers.update(error.headers or {})
        return answer

    @app.exception_handler(ClientDisconnect)
    async def left(request: Request, error: ClientDisconnect) -> Response:
        # The line broke: nobody hears the answer, and it is no mistake of ours.
        log.info("left", path=request.url.path)
        return Response(status_code=HTTPStatus.BAD_REQUEST)

    @app.exception_handler(DatabaseUnavailableError)
    async def away(request: Request, error: DatabaseUnavailableError) -> Response:
        log.warning("the database cannot be reached", error=error.detail)
        return await eva_error(request, error)

    @app.exception_handler(Exception)
    async def bug(request: Request, error: Exception) -> Response:
        sentence = translate("page.trouble", request_language(request))
        answer = error_response(request, HTTPStatus.INTERNAL_SERVER_ERROR, "InternalError", sentence)
        # Starlette answers bugs outside of all middleware.
        answer.headers.update(SECURITY_HEADERS)
        return answer
