from datetime import UTC, date, datetime

import pytest

from core.i18n.translations import Language, format_day, format_recent_day


@pytest.mark.parametrize(
    ("day", "english", "korean"),
    [
        (date(2026, 3, 1), "March 1, 2026", "2026년 3월 1일"),
        (datetime(2026, 11, 28, 14, 59, tzinfo=UTC), "November 28, 2026", "2026년 11월 28일"),
        (datetime(2026, 11, 28, 15, 0, tzinfo=UTC), "November 29, 2026", "2026년 11월 29일"),
    ],
)
def test_a_day_is_written_as_people_do(day: date, english: str, korean: str) -> None:
    assert format_day(day, Language.EN) == english
    assert format_day(day, Language.KO) == korean


@pytest.mark.parametrize(
    ("time", "english", "korean"),
    [
        (datetime(2026, 11, 28, 15, 0, tzinfo=UTC), "Today", "오늘"),
        (datetime(2026, 11, 28, 14, 59, tzinfo=UTC), "Yesterday", "어제"),
        (datetime(2026, 11, 26, 15, 0, tzinfo=UTC), "November 27", "11월 27일"),
        (datetime(2025, 11, 29, 1, 0, tzinfo=UTC), "November 29, 2025", "2025년 11월 29일"),
    ],
)
def test_a_recent_day_is_as_short_as_it_can_be(time: datetime, english: str, korean: str) -> None:
    now = datetime(2026, 11, 29, 14, 0, tzinfo=UTC)
    assert format_recent_day(time, Language.EN, now=now) == english
    assert format_recent_day(time, Language.KO, now=now) == korean
