"""View models of the moderators' pages: reported looks and people, and the log, in the language of the page."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from core.conversation.display_names import display_name
from core.conversation.narration import style_name
from core.db.look_summaries import LookSummary
from core.db.moderation import ModerationLogEntry, ReportedLook
from core.db.person_reports import ReportedPerson
from core.db.schema import ModerationAction
from core.i18n.translations import Language, translate
from core.signing import UrlSigner
from leaderboard_web.report_reasons import describe_report
from leaderboard_web.urls import private_image_url


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedLookView:
    """What the page shows of a reported look."""

    look: LookSummary
    photo_url: str | None
    style_name: str
    owner_name: str
    is_owner_banned: bool
    report_count: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedPersonView:
    """What the page shows of a reported person."""

    id: UUID
    name: str
    page_name: str | None
    """Name in the path of the person's page; None where they have none."""
    is_banned: bool
    report_count: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntryView:
    """What the page shows of a moderation action."""

    action: ModerationAction
    created_at: datetime
    moderator: str
    person: str
    banned_person_id: UUID | None
    """Set if the action was a ban that still applies."""
    look_id: UUID | None
    """Set if the look is on the leaderboard."""


def build_reported_look(row: ReportedLook, signer: UrlSigner, language: Language) -> ReportedLookView:
    """Describe a reported look; `signer` signs the URL of its photo."""
    look = row.look
    return ReportedLookView(
        look=look,
        photo_url=private_image_url(signer, look, look.photo_key) if look.photo_key else None,
        style_name=style_name(look.style, language),
        owner_name=display_name(look.person_id, row.owner_name, language),
        is_owner_banned=row.is_owner_banned,
        report_count=row.report_count,
        reasons=_describe_reasons(row.reasons, language),
    )


def build_reported_person(row: ReportedPerson, language: Language) -> ReportedPersonView:
    """Describe a reported person."""
    return ReportedPersonView(
        id=row.id,
        name=display_name(row.id, row.name, language),
        page_name=row.name if row.has_page else None,
        is_banned=row.is_banned,
        report_count=row.report_count,
        reasons=_describe_reasons(row.reasons, language),
    )


def build_log_entry(entry: ModerationLogEntry, language: Language) -> LogEntryView:
    """Describe a moderation action."""

    def describe(person: tuple[UUID, str | None] | None, forgotten_key: str) -> str:
        if person is None:
            return translate(forgotten_key, language)
        return translate("admin.named", language, name=display_name(*person, language))

    return LogEntryView(
        action=entry.action,
        created_at=entry.created_at,
        moderator=describe(entry.moderator, "admin.forgotten.moderator"),
        person=describe(entry.person, "admin.forgotten"),
        banned_person_id=entry.person[0] if entry.is_person_banned and entry.person else None,
        look_id=entry.look_id if entry.is_look_public else None,
    )


def _describe_reasons(reasons: Iterable[str], language: Language) -> tuple[str, ...]:
    return tuple(describe_report(reason, language) for reason in reasons)
