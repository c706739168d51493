"""When a day begins: at midnight in Seoul, for daily limits and for the boards."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

SEOUL = ZoneInfo("Asia/Seoul")


def start_of_day(now: datetime | None = None) -> datetime:
    """The last midnight in Seoul before a moment (an aware time; now, if none is given)."""
    return (now or datetime.now(UTC)).astimezone(SEOUL).replace(hour=0, minute=0, second=0, microsecond=0)


def start_of_week(now: datetime | None = None) -> datetime:
    """The midnight in Seoul with which the week of a moment began (an aware time; now, if none is given)."""
    day = start_of_day(now)
    return day - timedelta(days=day.weekday())
