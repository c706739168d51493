"""Conditions by what was seen on a look: its items and colors, and each color together with each item.

A pair has a code of its own, since an index finds looks that have two frequent things only by reading all looks that
have either.

See ADR 0036.
"""

from sqlalchemy import ColumnElement, literal_column

from core.db import schema
from core.vision.attributes import Thing, pair_codes


def shows_things(things: tuple[Thing, ...]) -> list[ColumnElement[bool]]:
    """Conditions for looks in which all of these were seen.

    The codes stand in the statement itself: whether the order or the things have the better index depends on how
    frequent they are, which a plan for any values would not know.
    """
    if not things:
        return []
    codes = ", ".join(f"'{code}'" for code in pair_codes(things) or [thing.value for thing in things])
    return [schema.looks.c.filters.contains(literal_column(f"ARRAY[{codes}]::text[]"))]
