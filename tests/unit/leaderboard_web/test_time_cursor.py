from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard_web.pagination import TimeCursor

EAST = timezone(timedelta(hours=9))


@given(
    at=st.datetimes(
        min_value=datetime(1970, 1, 1), max_value=datetime(2999, 1, 1), timezones=st.sampled_from([UTC, EAST])
    ),
    look=st.uuids(),
)
def test_a_cursor_comes_back_as_it_was_to_the_microsecond(at: datetime, look: UUID) -> None:
    moment = TimeCursor(at=at if at.tzinfo is UTC else at + timedelta(days=1), id=look)
    found = TimeCursor.decode(moment.encode())
    assert found is not None
    assert (found.at, found.id) == (moment.at, look)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "1",
        "1." + "0" * 31,
        "1." + "G" * 32,
        "-1." + "0" * 32,
        "1." + "0" * 32 + "\n",
        "9" * 18 + "." + "0" * 32,
        "١." + "0" * 32,
    ],
)
def test_what_we_did_not_write_is_no_cursor(text: str) -> None:
    assert TimeCursor.decode(text) is None
