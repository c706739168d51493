"""The weekly style card as the account page and the chat show it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar
from uuid import UUID

from core.i18n.translations import Language
from core.images.result_card import CardShape
from core.signing import UrlSigner
from core.urls import week_card_path

URL_LIFETIME = timedelta(days=1)
"""A chat stays open; only the person themselves can use the URL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekCardItem:
    """The card of a person's last seven days, which is drawn when its picture is loaded."""

    kind: ClassVar[str] = "week_card"
    story_url: str
    """1080 x 1920 px."""
    post_url: str
    """1080 x 1350 px."""


def build_week_card(signer: UrlSigner, person_id: UUID, language: Language) -> WeekCardItem:
    """The card of a person with enough looks."""
    story, post = (week_card_path(signer, person_id, language, shape, URL_LIFETIME) for shape in CardShape)
    return WeekCardItem(story_url=story, post_url=post)
