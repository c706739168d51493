"""Logs: readable lines while developing, JSON in production. Nothing about a person is ever logged.

No file names, no addresses, no chat or user names: what is logged are Eva's own events, with counts and
durations.
"""

import logging
import sys
from collections.abc import Iterable
from typing import Any

import structlog
from structlog.typing import Processor

from core.settings import Environment

REDACTED = "***"
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
"""Loggers of others that speak only from WARNING on. httpx logs addresses, and Telegram's hold the bot's token; the
queue's would name chats, by its locks."""


class _RedactSecrets:
    """The last processor: takes secrets out of the line that is written."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = sorted(filter(None, secrets), key=len, reverse=True)

    def __call__(self, logger: object, name: str, written: Any) -> str:
        line = str(written)
        for secret in self._secrets:
            line = line.replace(secret, REDACTED)
        return line


def configure_logging(environment: Environment, *, secrets: Iterable[str] = ()) -> None:
    """Send Eva's events and the standard library's logging through one renderer to stderr.

    Args:
        environment: decides the form.
        secrets: never shown, wherever they stand; libraries quote tokens in their errors.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderers: list[Processor]
    if environment is Environment.PRODUCTION:
        renderers = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    else:
        # Pretty tracebacks would print local variables, and with them parts of photos.
        renderers = [
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)
        ]
    renderers.append(_RedactSecrets(secrets))
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for name in NOISY_LOGGERS:
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
        logging.getLogger(name).setLevel(logging.WARNING)
