"""What the rooms of the site share, put together once at the start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from bot.stylist import Stylist
    from core.memory import Memory
    from core.settings import Settings
    from core.vision.classifier import StyleClassifier
    from leaderboard_web.desk import Desk
    from leaderboard_web.visitors import Guests

__all__ = ["Site"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Everything that a page may need."""

    settings: Settings
    memory: Memory
    classifier: StyleClassifier
    stylist: Stylist
    guests: Guests
    """Knows who visits."""
    desk: Desk
    """Where photos wait."""
    samples: Path
    """A folder of JPEGs for people who have no photo at hand; may be missing."""
