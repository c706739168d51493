"""Eva at work, put together by hand for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from bot.service import Service
from bot.stylist import Stylist
from core.judging import Judging
from core.settings import Settings

if TYPE_CHECKING:
    from core.memory import Memory
    from core.vision.classifier import StyleClassifier

__all__ = ["a_service"]


def a_service(memory: Memory, classifier: StyleClassifier, **settings: Any) -> Service:
    """An Eva who serves pages and does no jobs; her settings are the defaults and those given, no page is kept."""
    chosen = Settings(**{"secret_key": SecretStr("secret" * 6), "keep_pages": 0, **settings})
    stylist = Stylist(memory, Judging(memory, classifier, daily_photos=chosen.daily_photos), chosen)
    return Service(
        settings=chosen, memory=memory, classifier=classifier, stylist=stylist, kakao=None
    )
