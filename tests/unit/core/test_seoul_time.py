from datetime import UTC, datetime

import pytest

from core.seoul_time import format_minute, start_of_day, start_of_month


@pytest.mark.parametrize(
    ("now", "day", "month"),
    [
        # In Seoul it is nine hours later: the evening of a day in UTC is the next day there.
        (datetime(2026, 11, 30, 14, 59, tzinfo=UTC), "2026-11-30T00:00:00+09:00", "2026-11-01T00:00:00+09:00"),
        (datetime(2026, 11, 30, 15, 0, tzinfo=UTC), "2026-12-01T00:00:00+09:00", "2026-12-01T00:00:00+09:00"),
        (datetime(2026, 11, 25, 2, 0, tzinfo=UTC), "2026-11-25T00:00:00+09:00", "2026-11-01T00:00:00+09:00"),
    ],
)
def test_days_and_months_start_at_midnight_in_seoul(now: datetime, day: str, month: str) -> None:
    assert start_of_day(now).isoformat() == day
    assert start_of_month(now).isoformat() == month
    assert start_of_day() >= start_of_month()


def test_times_are_shown_in_seoul_to_the_minute() -> None:
    assert format_minute(datetime(2026, 2, 28, 23, 30, 59, tzinfo=UTC)) == "2026-03-01 08:30"
    with pytest.raises(ValueError, match="time zone"):
        format_minute(datetime(2026, 2, 28, 23, 30))
