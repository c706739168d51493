"""The one place where an error becomes an HTTP answer: a status, and Eva's sentence as page or JSON."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

import structlog
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from bot.texts import text
from bot.voice import apologise
from core.days import midnight
from core.errors import (
    DailyLimit,
    DatabaseUnavailable,
    DecompressionBomb,
    EvaError,
    LinkRefused,
    LoginError,
    LoginUnavailable,
    LookGone,
    MemoryFault,
    ModelError,
    NotAnImage,
    PersonGone,
    PhotoError,
    PhotoTooLarge,
    PictureMissing,
)
from leaderboard_web.pages import language_of, render
from leaderboard_web.security import SECURITY_HEADERS

if TYPE_CHECKING:
    from fastapi import FastAPI, Request

    from bot.texts import Language

__all__ = ["answer_errors", "refuse", "sentence_for", "status_of", "wants_json"]

log = structlog.get_logger()

STATUS: dict[type[EvaError], HTTPStatus] = {
    PhotoTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    DecompressionBomb: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    NotAnImage: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    PhotoError: HTTPStatus.UNPROCESSABLE_ENTITY,
    DailyLimit: HTTPStatus.TOO_MANY_REQUESTS,
    LinkRefused: HTTPStatus.FORBIDDEN,
    LoginError: HTTPStatus.BAD_REQUEST,
    LoginUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    LookGone: HTTPStatus.NOT_FOUND,
    PersonGone: HTTPStatus.NOT_FOUND,
    PictureMissing: HTTPStatus.NOT_FOUND,
    MemoryFault: HTTPStatus.SERVICE_UNAVAILABLE,
    ModelError: HTTPStatus.SERVICE_UNAVAILABLE,
    EvaError: HTTPStatus.INTERNAL_SERVER_ERROR,
}
"""The status of each kind of error; a kind that is missing here has its parent's."""

A_DAY = timedelta(days=1)

TEXTS = {400: "page.no_file", 404: "page.not_found", 405: "page.not_found", 503: "page.busy"}
"""What Eva says about a status that is no error of hers; about every other one `page.trouble`."""


def status_of(error: EvaError) -> HTTPStatus:
    """The HTTP status of an error."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def sentence_for(error: EvaError | HTTPException, language: Language) -> str:
    """What Eva says about an error."""
    if isinstance(error, EvaError):
        return apologise(error, language)
    return text(TEXTS.get(error.status_code, "page.trouble"), language)


def wants_json(request: Request) -> bool:
    """Whether a script asks, not a browser that shows a page."""
    return request.url.path.startswith("/api/") or request.headers.get("accept") == "application/json"


def refuse(request: Request, status: int, error: str, message: str) -> Response:
    """An answer that says no: JSON to scripts, a page to people.

    Args:
        request: what was asked.
        status: the HTTP status.
        error: its name, for scripts.
        message: Eva's sentence.
    """
    if wants_json(request):
        return JSONResponse({"error": error, "message": message}, status)
    return render(request, "message.html", status=status, message=message)


def answer_errors(app: FastAPI) -> None:
    """Make the app answer every error in Eva's words."""

    @app.exception_handler(EvaError)
    async def eva_error(request: Request, error: EvaError) -> Response:
        status = status_of(error)
        log.info("refused", error=type(error).__name__, status=int(status))
        answer = refuse(request, status, type(error).__name__, sentence_for(error, language_of(request)))
        if isinstance(error, DailyLimit):
            answer.headers["Retry-After"] = str(math.ceil((midnight() + A_DAY - datetime.now(UTC)).total_seconds()))
        return answer

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> Response:
        name, sentence = HTTPStatus(error.status_code).phrase, sentence_for(error, language_of(request))
        answer = refuse(request, error.status_code, name, sentence)
        answer.headers.update(error.headers or {})
        return answer

    @app.exception_handler(ClientDisconnect)
    async def left(request: Request, error: ClientDisconnect) -> Response:
        # The line broke: nobody hears the answer, and it is no mistake of ours.
        log.info("left", path=request.url.path)
        return Response(status_code=HTTPStatus.BAD_REQUEST)

    @app.exception_handler(DatabaseUnavailable)
    async def away(request: Request, error: DatabaseUnavailable) -> Response:
        log.warning("the database cannot be reached", error=error.detail)
        return await eva_error(request, error)

    @app.exception_handler(Exception)
    async def bug(request: Request, error: Exception) -> Response:
        sentence = text("page.trouble", language_of(request))
        answer = refuse(request, HTTPStatus.INTERNAL_SERVER_ERROR, "InternalError", sentence)
        # Starlette answers bugs outside of all middleware.
        answer.headers.update(SECURITY_HEADERS)
        return answer
