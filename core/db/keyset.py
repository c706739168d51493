"""Keyset pagination: the rows after the last row of the page before, without OFFSET."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, bindparam, func


def after_cursor(columns: Sequence[ColumnElement[Any]], *, descending: bool = True) -> ColumnElement[bool]:
    """Condition for rows after the cursor, whose values are the parameters of `cursor_values`."""
    position = func.row(*(bindparam(f"after_{number}", type_=column.type) for number, column in enumerate(columns)))
    return func.row(*columns) < position if descending else func.row(*columns) > position


def paginate(
    statement: Select[tuple[Any, ...]],
    *columns: ColumnElement[Any],
    has_cursor: bool,
    descending: bool = True,
) -> Select[tuple[Any, ...]]:
    """Order a statement and cut it to one page.

    Args:
        statement: all rows.
        columns: the order, unique in the last column; an index should have them.
        has_cursor: whether the page comes after another one; the statement then has the parameters of `cursor_values`.
        descending: the direction of all columns.

    Returns:
        The statement with the parameter `limit`.
    """
    if has_cursor:
        statement = statement.where(after_cursor(columns, descending=descending))
    order = [column.desc() if descending else column.asc() for column in columns]
    return statement.order_by(*order).limit(bindparam("limit", type_=Integer))


def cursor_values(after: Sequence[object] | None) -> dict[str, object]:
    """The parameters of a cursor: the values of the ordering columns in the last row of the page before."""
    return {f"after_{number}": value for number, value in enumerate(after or ())}
