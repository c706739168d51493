"""Days as people write them."""

from calendar import month_name
from datetime import date, datetime

from core.i18n.translations import Language, translate
from core.seoul_time import SEOUL


def format_day(day: date, language: Language) -> str:
    """A day in words: `28 November 2026`, `2026년 11월 28일`; that of an aware time is its day in Seoul."""
    if isinstance(day, datetime):
        day = day.astimezone(SEOUL).date()
    month = day.month if language is Language.KO else month_name[day.month]
    return translate("page.date", language, day=day.day, month=month, year=day.year)
