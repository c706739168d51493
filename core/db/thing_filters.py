"""Codes by which the leaderboard is filtered: what was seen on a look, and each color of it together with each item.

A pair has a code of its own, since an index finds looks that have two frequent things only by reading all looks that
have either.
"""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, literal_column

from core.clothing import Color, Item
from core.db import schema
from core.vision.attributes import Attributes, Thing


def code_columns(attributes: Attributes | None) -> dict[str, list[str]]:
    """The values of `things`, what was seen with the most probable items first, and of `filters`, with its pairs."""
    seen = [] if attributes is None else [each.thing for each in (*attributes.seen, *attributes.colors)]
    codes = [thing.value for thing in seen]
    return {"things": codes, "filters": codes + _pair_codes(seen) if seen else []}


def shows_things(things: tuple[Thing, ...]) -> list[ColumnElement[bool]]:
    """Conditions for looks in which all of these were seen.

    The codes stand in the statement itself: whether the order or the things have the better index depends on how
    frequent they are, which a plan for any values would not know.
    """
    if not things:
        return []
    codes = ", ".join(f"'{code}'" for code in _pair_codes(things) or [thing.value for thing in things])
    return [schema.looks.c.filters.contains(literal_column(f"ARRAY[{codes}]::text[]"))]


def _pair_codes(things: Sequence[Thing]) -> list[str]:
    colors = [thing for thing in things if isinstance(thing, Color)]
    return [f"{color}+{item}" for item in things if isinstance(item, Item) for color in colors]
