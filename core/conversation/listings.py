"""Looks that people ask for, in words: their own, and those of the board."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.conversation.display_names import generated_name
from core.conversation.narration import percent, style_name
from core.db import leaderboard, looks
from core.db.database import Database
from core.db.leaderboard import LeaderboardEntry, Period
from core.db.looks import Look
from core.db.people import Person
from core.db.schema import PendingQuestion
from core.i18n.translations import Language, translate
from core.seoul_time import SEOUL
from core.vision.verdict import ConfidenceBand

OWN_LOOKS_LIMIT = 5
"""Looks in a person's list."""
TOP_LIMIT = 3
"""Looks of the board."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnLooks:
    """What there is to say about a person's own looks."""

    text: str
    """How many there were, of which style most, and a line for each of the latest."""
    looks: Sequence[Look]
    """The latest ones whose verdict was told and that show an outfit, the newest first."""


async def summarize_own_looks(database: Database, person: Person, language: Language) -> OwnLooks:
    """A person's own looks. While a look waits for their guess, nothing gives by the way what she saw on it."""
    async with database.transaction() as connection:
        count = await looks.count_since(connection, person.id, person.created_at)
        styles = await looks.count_styles(connection, person.id)
        latest = await looks.list_for_person(connection, person.id, limit=OWN_LOOKS_LIMIT)
    if not latest:
        return OwnLooks(text=translate("talk.me.nothing", language), looks=())
    told = [look for look in latest if look.pending_question is not PendingQuestion.GUESS]
    if len(told) < len(latest):
        words = translate("talk.me.count", language, count=count)
    elif styles:
        words = translate("talk.me", language, count=count, style=style_name(next(iter(styles)), language))
    else:
        words = translate("talk.me.plain", language, count=count)
    seen = [look for look in told if look.verdict.band is not ConfidenceBand.NOT_AN_OUTFIT]
    lines = "\n".join(own_look_line(look, language) for look in seen)
    return OwnLooks(text="\n\n".join(filter(None, [words, lines])), looks=seen)


async def top_of_today(database: Database) -> list[LeaderboardEntry]:
    """The most hearted looks that were shared today."""
    async with database.transaction() as connection:
        return await leaderboard.get_page(connection, period=Period.TODAY, limit=TOP_LIMIT)


def own_look_line(look: Look, language: Language) -> str:
    """A person's look in a line: when, which style, how sure, and whether it is on the board."""
    return translate(
        "talk.me.line" if look.shared_at is None else "talk.me.line.shared",
        language,
        date=look.created_at.astimezone(SEOUL).date().isoformat(),
        style=style_name(look.verdict.style, language),
        percent=percent(look.verdict.confidence),
    )


def leaderboard_line(entry: LeaderboardEntry, language: Language) -> str:
    """A look of the board in a line: whose it is, and how it is liked."""
    return translate(
        "talk.board.line",
        language,
        name=entry.owner_name or generated_name(entry.look.person_id, language),
        style=style_name(entry.look.style, language),
        hearts=entry.look.hearts,
    )
