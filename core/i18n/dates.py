"""Days as people write them."""

from calendar import month_name
from datetime import UTC, date, datetime

from core.i18n.translations import Language, translate
from core.seoul_time import SEOUL


def format_day(day: date, language: Language) -> str:
    """A day in words: `28 November 2026`, `2026년 11월 28일`; that of an aware time is its day in Seoul."""
    if isinstance(day, datetime):
        day = day.astimezone(SEOUL).date()
    month = day.month if language is Language.KO else month_name[day.month]
    return translate("page.date", language, day=day.day, month=month, year=day.year)


def format_recent_day(time: datetime, language: Language, *, now: datetime | None = None) -> str:
    """The day of an aware time in Seoul, as short as it can be: `Today`, `Yesterday`, `28 November`, `1 March 2025`.

    Args:
        time: when something happened.
        language: of the text.
        now: an aware time; the current one by default.
    """
    day, today = time.astimezone(SEOUL).date(), (now or datetime.now(UTC)).astimezone(SEOUL).date()
    if 0 <= (today - day).days <= 1:
        return translate("date.today" if day == today else "date.yesterday", language)
    if day.year != today.year:
        return format_day(day, language)
    return format_month_day(day, language)


def format_month_day(day: date, language: Language) -> str:
    """A day without its year: `28 November`, `11월 28일`; that of an aware time is its day in Seoul."""
    if isinstance(day, datetime):
        day = day.astimezone(SEOUL).date()
    month = day.month if language is Language.KO else month_name[day.month]
    return translate("date.this_year", language, day=day.day, month=month)
