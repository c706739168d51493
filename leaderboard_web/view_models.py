"""View models of looks on the leaderboard, probabilities, what is worn, and weekly cards, in the language of the page.

See ADR 0028.
"""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from math import ceil
from typing import ClassVar, NamedTuple
from urllib.parse import quote
from uuid import UUID

import numpy as np

from core.clothing import COLORS, ITEMS
from core.conversation.display_names import generated_name
from core.conversation.narration import format_percent, style_name
from core.db.look_summaries import LeaderboardEntry
from core.i18n.clothing_names import color_name, name_whole_things, thing_name
from core.i18n.translations import Language, translate
from core.images.renditions import THUMBNAIL_WIDTH
from core.images.result_card import CardShape
from core.signing import UrlSigner
from core.styles import Style
from core.urls import week_card_path
from core.vision.attributes import MAP_LEVELS
from core.vision.verdict import Verdict
from leaderboard_web.urls import public_image_urls

ROWS_PER_WIDTH = 24
"""Rows of the grid that are as high as a card is wide, see `cards.css`."""
SEEN_ON_CARD = 2
"""Items or colors that a card names."""
WEEK_CARD_LIFETIME = timedelta(days=1)
"""A chat stays open; only the person themselves can use the URL."""


class LookCard(NamedTuple):
    """A look on the leaderboard; not a frozen dataclass, which takes eight times as long to create."""

    id: str
    path: str
    """Of the page of the look."""
    style: Style
    style_name: str
    percent: str
    """Confidence of the style, see `format_percent`."""
    owner_name: str
    """Display name of the owner; written by people, so it must be escaped."""
    owner_path: str | None
    """Of the page of the owner; None for an owner with a generated name, who has none."""
    hearts: int
    is_hearted: bool
    """Whether the viewer gave it a heart."""
    photo_url: str
    thumbnail_url: str | None
    """None where the photo is no wider than a thumbnail."""
    srcset: str | None
    """Thumbnail and photo with their widths; None without a thumbnail."""
    heatmap_url: str
    width: int
    height: int
    rank: int | None
    """Rank on the leaderboard, from 1; None on other pages."""
    alt: str
    """Text alternative of the photo."""
    by: str
    """The owner in words; escape it like the name."""
    seen: str
    """Names of what was seen first, at most `SEEN_ON_CARD`; empty if none is known."""
    photo_rows: int
    """Height of the photo on a card, in 24ths of its width, rounded up; at most twice the width."""


def build_card(entry: LeaderboardEntry, *, language: Language, rank: int | None = None) -> LookCard:
    """The view model of a look on the leaderboard.

    Args:
        entry: the look.
        language: of the page.
        rank: on the leaderboard, from 1.
    """
    look, names = entry.look, card_names(language)
    images = public_image_urls(look, language)
    style, owner = style_name(look.style, language), entry.owner_name or generated_name(look.person_id, language)
    look_id, thumbnail = str(look.id), images.thumbnail
    return LookCard(
        id=look_id,
        path=f"/looks/{look_id}",
        style=look.style,
        style_name=style,
        percent=format_percent(look.confidence),
        owner_name=owner,
        owner_path=None if entry.owner_name is None else f"/people/{quote(owner, safe='')}",
        hearts=look.hearts,
        is_hearted=entry.is_hearted,
        photo_url=images.photo,
        thumbnail_url=thumbnail,
        srcset=thumbnail and f"{thumbnail} {THUMBNAIL_WIDTH}w, {images.photo} {look.width}w",
        heatmap_url=images.heatmap,
        width=look.width,
        height=look.height,
        rank=rank,
        alt=translate("board.alt", language, style=style, name=owner),
        by=translate("board.by", language, name=owner),
        seen=" · ".join([names[key] for key in look.things if key in names][:SEEN_ON_CARD]),
        photo_rows=min(2 * ROWS_PER_WIDTH, ceil(ROWS_PER_WIDTH * look.height / look.width)),
    )


@cache
def card_names(language: Language) -> Mapping[str, str]:
    """Names of what cards may name, by key: garments, shoes, extras and colors, but no properties of them."""
    items = {item.value: thing_name(item, language) for item in ITEMS if item.is_worn_alone}
    return items | {color.value: color_name(color, language) for color in COLORS}


class ProbabilityBar(NamedTuple):
    """The probability of one style."""

    style: Style
    name: str
    percent: str
    """`<1`, or `1` to `99`, as in Eva's messages."""
    probability: float
    label: str
    """Text alternative of the bar."""


def build_bars(probabilities: Mapping[Style, float], language: Language) -> list[ProbabilityBar]:
    """The bars of styles with probabilities of 0 to 1, the most probable first."""
    bars = []
    for style, probability in sorted(probabilities.items(), key=lambda pair: -pair[1]):
        name, percentage = style_name(style, language), format_percent(probability)
        label = "page.bar" if percentage.isdecimal() else "page.bar.trace"
        bars.append(
            ProbabilityBar(
                style=style,
                name=name,
                percent=percentage,
                probability=probability,
                label=translate(label, language, style=name, percent=percentage),
            )
        )
    return bars


@dataclass(frozen=True, slots=True, kw_only=True)
class WornAttribute:
    """A seen item or color."""

    name: str
    """With the pattern, material and color that are on it."""
    percent: str
    """Of its probability."""
    map: str
    """Base64 of its evidence, one byte a cell, row by row; empty if its place is not known."""
    columns: int


def build_worn(verdict: Verdict, language: Language) -> list[WornAttribute]:
    """What is worn, with the map that each tag lights; the reasons for the style first."""
    worn = []
    for thing in name_whole_things(verdict, language):
        levels = np.rint(thing.seen.cam * MAP_LEVELS).astype(np.uint8)
        worn.append(
            WornAttribute(
                name=thing.name,
                percent=format_percent(thing.seen.probability),
                map=b64encode(levels.tobytes()).decode("ascii") if levels.any() else "",
                columns=levels.shape[1],
            )
        )
    return worn


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
    story, post = (week_card_path(signer, person_id, language, shape, WEEK_CARD_LIFETIME) for shape in CardShape)
    return WeekCardItem(story_url=story, post_url=post)
