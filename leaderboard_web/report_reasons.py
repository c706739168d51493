"""Why looks and people are reported: the choices of the forms, and what is stored of them."""

import unicodedata
from enum import StrEnum
from functools import cache

from core.i18n.translations import Language, translate

MAX_REPORT_LENGTH = 300
"""Characters of the text of a report."""
DIRECTIONS = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
"""Bidirectional classes of characters that embed, override or isolate a direction (UAX 9)."""


class ReportReason(StrEnum):
    """Why a look is reported; the value is also the end of its translation key."""

    CONSENT = "consent"
    EXPLICIT = "explicit"
    HATE = "hate"
    NO_OUTFIT = "no_outfit"
    OTHER = "other"


class PersonReportReason(StrEnum):
    """Why a person is reported; the value is also the end of its translation key."""

    NAME = "name"
    HARASSMENT = "harassment"
    IMPERSONATION = "impersonation"
    OTHER = "other"


@cache
def list_choices(reasons: type[ReportReason | PersonReportReason], language: Language) -> tuple[tuple[str, str], ...]:
    """The reasons of a form, each with its label."""
    return tuple((reason.value, _label(reason, language)) for reason in reasons)


def report_text(reason: str, line: str, *, reasons: type[StrEnum]) -> str:
    """What is stored of a report: the reason, and one line of text if there is one.

    Args:
        reason: from the form; an unknown one counts as the last of `reasons`.
        line: from the form.
        reasons: those that the form offers.
    """
    *_, other = reasons
    chosen = reason if reason in set(reasons) else other
    printable = "".join(" " if _is_control(letter) else letter for letter in line)
    text = " ".join(printable.split())[:MAX_REPORT_LENGTH]
    return f"{chosen}: {text}" if text else str(chosen)


def describe_report(stored: str, language: Language) -> str:
    """The stored text of a report with the label of its reason."""
    chosen, _, line = stored.partition(": ")
    for reason in (*ReportReason, *PersonReportReason):
        if chosen == reason:
            label = _label(reason, language)
            return f"{label}: {line}" if line else label
    return stored


def _label(reason: ReportReason | PersonReportReason, language: Language) -> str:
    kind = "reason" if isinstance(reason, ReportReason) else "person"
    return translate(f"report.{kind}.{reason}", language)


def _is_control(character: str) -> bool:
    """Whether a character controls a device, or the direction of what follows on the moderators' page."""
    is_direction = unicodedata.bidirectional(character) in DIRECTIONS
    return is_direction or unicodedata.category(character) in {"Cc", "Cs"}
