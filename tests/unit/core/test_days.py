from __future__ import annotations

from datetime import UTC, datetime

import pytest

from core.days import midnight, monday


@pytest.mark.parametrize(
    ("now", "day", "week"),
    [
        # In Seoul it is nine hours later: the evening of a Sunday in UTC is Monday there.
        (datetime(2026, 11, 22, 14, 59, tzinfo=UTC), "2026-11-22T00:00:00+09:00", "2026-11-16T00:00:00+09:00"),
        (datetime(2026, 11, 22, 15, 0, tzinfo=UTC), "2026-11-23T00:00:00+09:00", "2026-11-23T00:00:00+09:00"),
        (datetime(2026, 11, 25, 2, 0, tzinfo=UTC), "2026-11-25T00:00:00+09:00", "2026-11-23T00:00:00+09:00"),
    ],
)
def test_days_and_weeks_turn_at_midnight_in_seoul(now: datetime, day: str, week: str) -> None:
    assert midnight(now).isoformat() == day
    assert monday(now).isoformat() == week
    assert midnight() >= monday()
