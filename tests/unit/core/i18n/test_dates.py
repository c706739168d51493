from datetime import UTC, date, datetime

import pytest

from core.i18n.dates import format_day
from core.i18n.translations import Language


@pytest.mark.parametrize(
    ("day", "english", "korean"),
    [
        (date(2026, 3, 1), "1 March 2026", "2026년 3월 1일"),
        (datetime(2026, 11, 28, 14, 59, tzinfo=UTC), "28 November 2026", "2026년 11월 28일"),
        (datetime(2026, 11, 28, 15, 0, tzinfo=UTC), "29 November 2026", "2026년 11월 29일"),
    ],
)
def test_a_day_is_written_as_people_do(day: date, english: str, korean: str) -> None:
    assert format_day(day, Language.EN) == english
    assert format_day(day, Language.KO) == korean
