"""Conditions about the viewer of public looks: who they are, and whom they do not see.

The viewer is the parameter `viewer_id`, or the person of the browser session with the key `viewer_key`. Both have a
default, which stands for a visitor without a session. Two people do not see each other once one has blocked the other.

See ADR 0033.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Text, Uuid, all_, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from core.db import schema
from core.db.blocks import hidden_from
from core.db.schema import IdentityProvider


def viewer_person_id() -> ColumnElement[UUID]:
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
    hidden = hidden_from(viewer_person_id()).scalar_subquery()
    return person_id != all_(func.array(hidden, type_=ARRAY(Uuid)))
