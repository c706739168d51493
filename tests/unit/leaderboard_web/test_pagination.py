import base64
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from leaderboard_web.pagination import MAX_INTEGER, RankCursor, TimeCursor, build_page

LOOK_ID = UUID("01a2236e-416b-7b7f-b4df-19eda6d14843")
"""Fixed, since it is part of the ids of tests, which are the same in every worker of pytest-xdist."""

KOREA = timezone(timedelta(hours=9))


def encoded(plain: str) -> str:
    return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")


@given(st.integers(0, MAX_INTEGER), st.integers(0, MAX_INTEGER), st.uuids())
def test_rank_cursor_round_trip(offset: int, hearts: int, look_id: UUID) -> None:
    cursor = RankCursor(offset=offset, hearts=hearts, look_id=look_id)
    assert RankCursor.decode(cursor.encode()) == cursor


@given(
    at=st.datetimes(
        min_value=datetime(1970, 1, 2), max_value=datetime(2999, 1, 1), timezones=st.sampled_from([UTC, KOREA])
    ),
    look_id=st.uuids(),
)
def test_time_cursor_round_trip_keeps_microseconds(at: datetime, look_id: UUID) -> None:
    cursor = TimeCursor(at=at, id=look_id)
    decoded = TimeCursor.decode(cursor.encode())
    assert (decoded.at, decoded.id) == (at, look_id)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "한글",
        encoded("1.2"),
        encoded(f"-1.2.{LOOK_ID.hex}"),
        encoded(f"1.2.{LOOK_ID.hex}0"),
        encoded(f"1.{10**10}.{LOOK_ID.hex}"),
        encoded(f"١.2.{LOOK_ID.hex}"),
        encoded(f"1.2.{LOOK_ID.hex}\n"),
        encoded(f"1.02.{LOOK_ID.hex}"),
        encoded(f"1.2.{LOOK_ID}"),
    ],
)
def test_malformed_rank_cursors_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        RankCursor.decode(text)


@pytest.mark.parametrize(
    "plain",
    [
        ".",
        "1",
        "1." + "0" * 31,
        "1." + "G" * 32,
        "-1." + "0" * 32,
        "1." + "0" * 32 + "\n",
        "9" * 18 + "." + "0" * 32,
        "9" * 40 + "." + "0" * 32,
        "١." + "0" * 32,
    ],
)
def test_malformed_time_cursors_are_refused(plain: str) -> None:
    with pytest.raises(ValueError):
        TimeCursor.decode(encoded(plain))


@given(st.text())
def test_arbitrary_text_is_a_cursor_or_refused(text: str) -> None:
    try:
        cursor = RankCursor.decode(text)
    except ValueError:
        return
    assert cursor.encode() == text


def test_a_page_has_a_next_cursor_only_if_there_are_further_rows() -> None:
    rows = [TimeCursor(at=datetime(2026, 1, day, tzinfo=UTC), id=uuid7()) for day in range(1, 5)]
    page = build_page(rows, 3, lambda row: row)
    assert (page.rows, page.next_cursor) == (rows[:3], rows[2].encode())
    assert build_page(rows, 4, lambda row: row).next_cursor is None
    assert build_page([], 4, lambda row: row).next_cursor is None
