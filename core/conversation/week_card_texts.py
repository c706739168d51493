"""Weekly style cards: the looks of a person's last seven days, and what the card says.

Nothing is stored: a card is counted each time, and drawn again unless the same one was in the last minute.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from core.conversation.listings import most_frequent
from core.conversation.narration import style_name
from core.db.looks import Look
from core.db.schema import PendingQuestion
from core.db.worn_counts import WornCounts, count_worn
from core.i18n.clothing_names import color_name, thing_name
from core.i18n.translations import Language, format_month_day, translate
from core.images.result_card import CardShape
from core.images.week_card import StyleShare, WeekCardText, draw_week_card
from core.resources import Resources
from core.seoul_time import start_of_day
from core.styles import STYLES, Style
from core.vision.verdict import ConfidenceBand

AttributeT = TypeVar("AttributeT")

WEEK = timedelta(days=7)
MIN_LOOKS = 3
"""Looks of a week from which there is a card, and from which the week before is compared."""
MAX_ITEMS, MAX_COLORS = 3, 3
MOSTLY = 0.5
"""Share from which a week has one style."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """What a person wore in seven days, and in the seven before."""

    now: datetime
    current: WornCounts
    previous: WornCounts

    @property
    def missing_looks(self) -> int:
        """How many looks are missing to a card."""
        return max(0, MIN_LOOKS - self.current.total)

    @property
    def has_card(self) -> bool:
        """Whether there are enough looks."""
        return self.current.total >= MIN_LOOKS


def first_day(now: datetime) -> datetime:
    """Midnight in Seoul at which the seven days begin that end with the day of an aware time."""
    return start_of_day(now) - timedelta(days=6)


async def get_week(connection: AsyncConnection, person_id: UUID, *, now: datetime | None = None) -> Week:
    """Count a person's looks up to an aware time, the current one by default."""
    end = now or datetime.now(UTC)
    start = first_day(end)
    current = await count_worn(connection, person_id, since=start)
    previous = await count_worn(connection, person_id, since=start - WEEK, until=start)
    return Week(now=end, current=current, previous=previous)


def fills_week_card(latest: Sequence[Look]) -> bool:
    """Whether there are enough of a person's latest looks for a card, as `get_week` counts them."""
    start = first_day(datetime.now(UTC))
    counted = [
        look
        for look in latest
        if look.created_at >= start
        and look.pending_question is not PendingQuestion.GUESS
        and look.verdict.band is not ConfidenceBand.NOT_AN_OUTFIT
    ]
    return len(counted) >= MIN_LOOKS


def week_card_text(week: Week, language: Language) -> WeekCardText:
    """What the card of a week with enough looks says."""
    worn = week.current
    ranked = sorted(((style, worn.styles.get(style, 0)) for style in STYLES), key=lambda pair: -pair[1])
    shares = tuple(
        StyleShare(
            style=style,
            name=style_name(style, language),
            share=count / worn.total,
            label=f"{round(100 * count / worn.total)}%",
        )
        for style, count in ranked
        if count
    )
    first = shares[0]
    has_first = len(most_frequent(worn.styles)) == 1
    items = {item: count for item, count in worn.items.items() if count > 1 and item.is_worn_alone}
    days = [format_month_day(day, language) for day in (first_day(week.now), week.now)]
    return WeekCardText(
        heading=translate("week.heading", language, first=days[0], last=days[1], count=worn.total),
        title=first.name if has_first else translate("week.mixed", language),
        percent=first.label if has_first else "",
        change=_change_sentence(week, first.style, language) if has_first else "",
        shares=shares,
        items_label=translate("week.items", language),
        items=tuple(
            translate("week.item", language, thing=thing_name(item, language), count=count)
            for item, count in _most(items, MAX_ITEMS)
        ),
        colors_label=translate("week.colors", language),
        colors=tuple((color, color_name(color, language)) for color, _ in _most(worn.main_colors, MAX_COLORS)),
        line=_line(shares, has_first=has_first, language=language),
    )


async def draw_week(resources: Resources, week: Week, language: Language, shape: CardShape) -> bytes:
    """Draw the card of a week with enough looks, a JPEG. It is not stored.

    Args:
        resources: the limiter of the processor, and the last drawings.
        week: one with at least `MIN_LOOKS` looks.
        language: of the words on it.
        shape: its format.
    """
    text = week_card_text(week, language)
    draw = partial(draw_week_card, text, shape)
    return await resources.recent_drawings.get_or_draw((text, shape), draw, limiter=resources.cpu_limiter)


def few_looks_sentence(week: Week, language: Language) -> str:
    """How many looks are missing to a card."""
    few = week.missing_looks
    return translate("week.few.line", language, count=few) if few > 1 else translate("week.few.one", language)


def week_sentences(week: Week, language: Language) -> str:
    """The card of a week with enough looks in words, for a chat that shows no picture."""
    text = week_card_text(week, language)
    shares = ", ".join(f"{share.name} {share.label}" for share in text.shares)
    worn = [
        f"{label}: {', '.join(names)}"
        for label, names in (
            (text.items_label, text.items),
            (text.colors_label, [name for _, name in text.colors]),
        )
        if names
    ]
    return "\n".join(filter(None, (text.heading, shares, text.change, *worn, text.line)))


def _most(counts: Mapping[AttributeT, int], limit: int) -> list[tuple[AttributeT, int]]:
    return sorted(counts.items(), key=lambda pair: -pair[1])[:limit]


def _change_sentence(week: Week, style: Style, language: Language) -> str:
    """The share of a style against the week before, in percentage points; empty if that had too few looks."""
    if week.previous.total < MIN_LOOKS:
        return ""
    before = week.previous.styles.get(style, 0) / week.previous.total
    points = round(100 * (week.current.styles[style] / week.current.total - before))
    if before == 0:
        key = "week.change.new"
    elif points == 0:
        key = "week.change.same"
    else:
        key = "week.change.up" if points > 0 else "week.change.down"
    return translate(key, language, style=style_name(style, language), points=abs(points))


def _line(shares: tuple[StyleShare, ...], *, has_first: bool, language: Language) -> str:
    if len(shares) == 1:
        key = "week.line.one"
    else:
        key = "week.line.most" if has_first and shares[0].share >= MOSTLY else "week.line.mixed"
    return translate(key, language, style=shares[0].name, count=len(shares))
