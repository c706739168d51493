"""Conditions on looks: who their viewer is and whom that person does not see, and what was seen on them.

The viewer is the parameter `viewer_id`, or the person of the browser session with the key `viewer_key`. Both have a
default, which stands for a visitor without a session. Two people do not see each other once one has blocked the other.

A pair of things has a code of its own, since an index finds looks that have two frequent things only by reading all
looks that have either.

See ADR 0033.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Text, Uuid, all_, bindparam, func, literal_column, select
from sqlalchemy.dialects.postgresql import ARRAY

from core.db import schema
from core.db.blocks import select_hidden_people
from core.db.schema import IdentityProvider
from core.vision.attributes import Attribute, pair_codes


def select_viewer_id() -> ColumnElement[UUID]:
    """The viewer; null for a visitor without a session."""
    identities = schema.identities
    is_session = (
        identities.c.provider == IdentityProvider.WEB,
        identities.c.subject == bindparam("viewer_key", "", type_=Text),
    )
    of_session = select(identities.c.person_id).where(*is_session).scalar_subquery()
    return func.coalesce(bindparam("viewer_id", None, type_=Uuid), of_session)


def is_visible_to_viewer(person_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether neither the viewer nor this person has blocked the other.

    The people whom the viewer does not see are read once for a statement, so that the condition changes no plan.
    """
    hidden = select_hidden_people(select_viewer_id()).scalar_subquery()
    return person_id != all_(func.array(hidden, type_=ARRAY(Uuid)))


def build_thing_conditions(things: tuple[Attribute, ...]) -> list[ColumnElement[bool]]:
    """Conditions for looks in which all of these were seen.

    The codes stand in the statement itself: whether the order or the things have the better index depends on how
    frequent they are, which a plan for any values would not know.
    """
    if not things:
        return []
    codes = ", ".join(f"'{code}'" for code in pair_codes(things) or [thing.value for thing in things])
    return [schema.looks.c.filters.contains(literal_column(f"ARRAY[{codes}]::text[]"))]
