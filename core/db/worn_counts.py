"""What a person wore most: counts over their own looks of a time."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, literal_column, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from core.clothing import Color, Item
from core.db import schema
from core.styles import Style
from core.vision.attributes import ATTRIBUTES_BY_CODE
from core.vision.verdict import ConfidenceBand

MAX_LOOKS = 300
"""The latest looks that are counted."""
_ACCEPTED_STYLE = func.coalesce(schema.looks.c.corrected_style, schema.looks.c.style)
"""As `Look.accepted_style`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WornCounts:
    """Over looks that show an outfit."""

    total: int
    styles: Mapping[Style, int]
    items: Mapping[Item, int]
    """In how many looks each item was seen; without items that never were."""
    main_colors: Mapping[Color, int]
    """In how many looks each color was named as the one of most of the clothes."""


async def count_worn(
    connection: AsyncConnection, person_id: UUID, *, since: datetime, until: datetime | None = None
) -> WornCounts:
    """Count a person's looks since a time and before another, at most MAX_LOOKS; not those still to be guessed.

    Args:
        connection: any connection.
        person_id: whose looks are counted.
        since: the earliest time of a counted look.
        until: all counted looks are before it; None for no end.
    """
    table = schema.looks
    codes = func.jsonb_path_query_array(table.c.attributes, literal_column("'$.seen[*].code'::jsonpath"))
    main_color = table.c.attributes["main_colour"].astext
    statement = (
        select(_ACCEPTED_STYLE.label("style"), codes.label("codes"), main_color.label("main_color"))
        .where(
            table.c.person_id == person_id,
            table.c.created_at >= since,
            true() if until is None else table.c.created_at < until,
            table.c.pending_question.is_distinct_from(schema.PendingQuestion.GUESS),
            table.c.band != ConfidenceBand.NOT_AN_OUTFIT,
        )
        .order_by(table.c.created_at.desc())
        .limit(MAX_LOOKS)
    )
    rows = (await connection.execute(statement)).all()
    things = [[ATTRIBUTES_BY_CODE[code] for code in row.codes or ()] for row in rows]
    return WornCounts(
        total=len(rows),
        styles=Counter(Style(row.style) for row in rows),
        items=Counter(thing for look in things for thing in look if isinstance(thing, Item)),
        main_colors=Counter(Color(row.main_color) for row in rows if row.main_color is not None),
    )


async def count_styles(connection: AsyncConnection, person_id: UUID) -> dict[Style, int]:
    """How often a person wore each style, the most frequent first; without styles never worn."""
    table = schema.looks
    style = _ACCEPTED_STYLE.label("style")
    statement = (
        select(style, func.count().label("looks"))
        .where(table.c.person_id == person_id, table.c.band != ConfidenceBand.NOT_AN_OUTFIT)
        .group_by(style)
        .order_by(func.count().desc(), style)
    )
    return {Style(row.style): row.looks for row in await connection.execute(statement)}
