"""Structured logging: readable lines in development, one JSON object a line in production.

Nothing about a person is logged: no file names, URLs, chat ids or names. Events have stable snake_case names and carry
counts, durations and ids of rows; `docs/operations.md` lists them.
"""

import logging
import sys
from collections.abc import Iterable

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from core.metrics import LOGGED_ERRORS
from core.settings import Environment

REDACTED = "***"
ERROR_METHODS = {"error", "exception", "critical"}
NOISY_LOGGERS = (
    "PIL",
    "alembic",
    "asyncio",
    "httpcore",
    "httpx",
    "multipart",
    "procrastinate",
    "python_multipart",
    "telegram",
    "uvicorn",
    "uvicorn.access",
    "uvicorn.error",
)
"""Third-party loggers that are limited to warnings. httpx logs URLs, and Telegram's contain the bot token;
procrastinate logs job locks, which contain chat ids."""


def _count_error(logger: WrappedLogger, method_name: str, event_dict: EventDict) -> EventDict:
    """Processor that counts Eva's own events of the level error: those of libraries are no fixed names."""
    if method_name in ERROR_METHODS:
        LOGGED_ERRORS.labels(str(event_dict["event"])).inc()
    return event_dict


class _RedactSecrets:
    """Processor that replaces secrets in every value of an event."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = sorted(filter(None, secrets), key=len, reverse=True)

    def __call__(self, logger: WrappedLogger, method_name: str, event_dict: EventDict) -> EventDict:
        return {key: self._redact(value) for key, value in event_dict.items()}

    def _redact(self, value: object) -> object:
        if isinstance(value, (bool, int, float, type(None))):
            return value
        text = str(value)
        redacted = text
        for secret in self._secrets:
            redacted = redacted.replace(secret, REDACTED)
        return value if redacted == text else redacted


def configure_logging(environment: Environment, *, secrets: Iterable[str] = ()) -> None:
    """Send structlog events and the standard library's records through one renderer to stderr.

    Args:
        environment: JSON in production, readable lines otherwise.
        secrets: strings that are removed from all fields; libraries quote tokens in their errors.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    # Tracebacks become text before redaction. structlog's rich tracebacks would print local variables, and with them
    # parts of photos.
    final: list[Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        _RedactSecrets(secrets),
    ]
    if environment is Environment.PRODUCTION:
        final.append(structlog.processors.JSONRenderer())
    else:
        final.append(structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()))
    structlog.configure(
        processors=[_count_error, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=final))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for name in NOISY_LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(logging.WARNING)
