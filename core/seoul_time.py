"""Days, months and times in Seoul's time zone, for daily limits, leaderboards and lists."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

SEOUL = ZoneInfo("Asia/Seoul")


def start_of_day(now: datetime | None = None) -> datetime:
    """Midnight in Seoul at or before `now` (aware; default: the current time)."""
    return (now or datetime.now(UTC)).astimezone(SEOUL).replace(hour=0, minute=0, second=0, microsecond=0)


def start_of_month(now: datetime | None = None) -> datetime:
    """Midnight in Seoul of the first day of the month at or before `now` (aware; default: the current time)."""
    return start_of_day(now).replace(day=1)


def format_minute(time: datetime) -> str:
    """An aware time as shown in lists, in Seoul and to the minute: `2026-03-01 09:30`.

    Raises:
        ValueError: the time has no time zone.
    """
    if time.tzinfo is None:
        raise ValueError("a time without a time zone")
    return time.astimezone(SEOUL).strftime("%Y-%m-%d %H:%M")
