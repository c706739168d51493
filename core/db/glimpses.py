"""Looks as light as a page with many of them needs them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.db import tables
from core.styles import Style

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from uuid import UUID


__all__ = ["GLIMPSE", "Glimpse", "as_glimpse"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Glimpse:
    """As much of a look as a page with many of them shows."""

    id: UUID
    person_id: UUID
    photo_key: str | None
    """None once the picture was deleted."""
    cam_key: str | None
    """None once the picture was deleted."""
    width: int
    height: int
    style: Style
    """In which Eva saw it."""
    confidence: float
    """How clearly, 0 to 1."""
    hearts: int
    shared_at: datetime | None
    hidden_at: datetime | None
    """When it was taken off the board for good."""
    held_at: datetime | None
    """When it was taken off the board until a moderator has seen it."""

    @property
    def on_board(self) -> bool:
        """Whether everybody sees it."""
        return self.shared_at is not None and self.hidden_at is None and self.held_at is None


GLIMPSE = tuple(
    tables.looks.c[name]
    for name in (
        "id",
        "person_id",
        "photo_key",
        "cam_key",
        "width",
        "height",
        "style",
        "probabilities",
        "hearts",
        "shared_at",
        "hidden_at",
        "held_at",
    )
)
"""The columns of a `Glimpse`."""


def as_glimpse(row: Iterable[Any]) -> Glimpse:
    """A row that begins with the columns `GLIMPSE`; for the other repositories."""
    look_id, person_id, photo_key, cam_key, width, height, style, shares, hearts, shared, hidden, held, *_ = row
    style = Style(style)
    return Glimpse(
        id=look_id,
        person_id=person_id,
        photo_key=photo_key,
        cam_key=cam_key,
        width=width,
        height=height,
        style=style,
        confidence=shares[style.position],
        hearts=hearts,
        shared_at=shared,
        hidden_at=hidden,
        held_at=held,
    )
