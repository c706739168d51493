"""What the rooms of the site share, put together once at the start."""

from dataclasses import dataclass
from pathlib import Path

from core.conversation.service import ConversationService
from core.resources import Resources
from core.settings import Settings
from core.vision.classifier import StyleClassifier
from leaderboard_web.load_shedding import PhotoSlots
from leaderboard_web.sessions import VisitorSessions


@dataclass(frozen=True, slots=True, kw_only=True)
class AppState:
    """Everything that a page may need."""

    settings: Settings
    memory: Resources
    classifier: StyleClassifier
    stylist: ConversationService
    visitor_sessions: VisitorSessions
    """Knows who visits."""
    photo_slots: PhotoSlots
    """Where photos wait."""
    samples: Path
    """A folder of JPEGs for people who have no photo at hand; may be missing."""
