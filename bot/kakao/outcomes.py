"""What became of the photos of one call, kept as marks beside it, so that whoever answers can tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from core import errors
from core.db import deliveries
from core.errors import DailyLimit, EvaError

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

__all__ = ["Outcome", "keep", "recall"]

LOOKS, KNOWN, FAILED = "looks", "known", "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The looks that photos became, or why they did not."""

    looks: tuple[UUID, ...] = ()
    """In the order of the photos."""
    known: bool = False
    """Whether Eva had seen the only photo before."""
    error: EvaError | None = None
    """Why one of the photos could not be judged: the first that failed."""


async def keep(connection: AsyncConnection, inbox_id: int, outcome: Outcome) -> None:
    """Write an outcome down, once."""
    if outcome.looks:
        await deliveries.mark(connection, inbox_id, LOOKS, message=" ".join(map(str, outcome.looks)))
    if outcome.known:
        await deliveries.mark(connection, inbox_id, KNOWN)
    if outcome.error is not None:
        # Of the details only the limit is told to people; others might hold something of theirs.
        detail = outcome.error.detail if isinstance(outcome.error, DailyLimit) else ""
        name = type(outcome.error).__name__
        await deliveries.mark(connection, inbox_id, FAILED, message=f"{name} {detail}".rstrip())


async def recall(connection: AsyncConnection, inbox_id: int) -> Outcome | None:
    """The outcome, or None if there is none."""
    marks = await deliveries.sent(connection, inbox_id)
    if LOOKS not in marks and FAILED not in marks:
        return None
    name, _, detail = (marks.get(FAILED) or "").partition(" ")
    return Outcome(
        looks=tuple(map(UUID, (marks.get(LOOKS) or "").split())),
        known=KNOWN in marks,
        error=_error(name, detail) if name else None,
    )


def _error(name: str, detail: str) -> EvaError:
    kind = getattr(errors, name, None)
    # A newer version of Eva may have kept an error that this one does not know.
    return kind(detail) if isinstance(kind, type) and issubclass(kind, EvaError) else EvaError()
