"""Traces for tests of call budgets: which functions of the project run, and which statements the database executes."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from asyncpg.connection import LoggedQuery
from sqlalchemy import event

import core
from core.db.database import Database

PROJECT = Path(core.__file__).parent.parent
PACKAGES = ("bot/app.py", "bot/kakao", "bot/telegram", "core", "leaderboard_web", "webhooks")
IGNORED_MODULES = (
    "core/jobs/maintenance.py",
    "core/jobs/queue.py",
    "core/jobs/worker.py",
    "core/tracing.py",
    "core/vision/fake_backend.py",
    "webhooks/request_metrics.py",
)
"""The queue, its worker, and the measurement of all jobs and requests, which belong to no path, and the fake model."""
TRANSACTION_COMMANDS = ("BEGIN", "COMMIT", "ROLLBACK")


@dataclass(slots=True)
class CallTrace:
    """The project functions that were called while `is_recording` was true, in all threads."""

    is_recording: bool = False
    all_functions: set[tuple[str, str]] = field(default_factory=set)
    """Paths of modules and qualified names of functions."""

    @property
    def modules(self) -> set[str]:
        """The paths of the modules."""
        return {module for module, _ in self.all_functions}

    def __str__(self) -> str:
        """The functions as a report."""
        names = "\n".join(f"{module} {name}" for module, name in sorted(self.all_functions))
        return f"{len(self.all_functions)} functions in {len(self.modules)} modules\n{names}"

    def profile(self, frame: FrameType, event_name: str, _: Any) -> None:
        """For `sys.setprofile`."""
        if not self.is_recording or event_name != "call" or frame.f_code.co_name.startswith("<"):
            return
        module = _project_module(frame)
        if module is None or not module.startswith(PACKAGES) or module.startswith(IGNORED_MODULES):
            return
        self.all_functions.add((module, frame.f_code.co_qualname))


@contextmanager
def trace_calls() -> Iterator[CallTrace]:
    """Profile this thread, and threads that start inside of the block; set `is_recording` to record."""
    trace = CallTrace()
    threading.setprofile(trace.profile)
    sys.setprofile(trace.profile)
    try:
        yield trace
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


@contextmanager
def record_statements(database: Database) -> Iterator[list[str]]:
    """Record the statements that are executed through a `Database`, without BEGIN, COMMIT and ROLLBACK."""
    statements: list[str] = []

    def log(query: LoggedQuery) -> None:
        if not query.query.startswith(TRANSACTION_COMMANDS):
            statements.append(query.query)

    def add_logger(connection: Any, *_: object) -> None:
        connection.driver_connection.add_query_logger(log)

    def remove_logger(connection: Any, *_: object) -> None:
        connection.driver_connection.remove_query_logger(log)

    engine = database.engine.sync_engine
    event.listen(engine, "checkout", add_logger)
    event.listen(engine, "checkin", remove_logger)
    try:
        yield statements
    finally:
        event.remove(engine, "checkout", add_logger)
        event.remove(engine, "checkin", remove_logger)


def _project_module(frame: FrameType) -> str | None:
    """The path of a frame's module relative to the project; None for other packages, and for compiled templates."""
    file = frame.f_code.co_filename
    is_ours = file.startswith(f"{PROJECT}/") and "/site-packages/" not in file and file.endswith(".py")
    return file.removeprefix(f"{PROJECT}/") if is_ours else None
