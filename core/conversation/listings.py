"""Lists of looks for chats: a person's own looks, and today's leaderboard."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.conversation.display_names import display_name
from core.conversation.narration import percent, style_name
from core.db import leaderboard, looks
from core.db.database import Database
from core.db.leaderboard import LeaderboardEntry, Period
from core.db.looks import Look
from core.db.people import Person
from core.db.schema import PendingQuestion
from core.i18n.translations import Language, translate
from core.seoul_time import SEOUL
from core.styles import Style
from core.vision.verdict import ConfidenceBand

OWN_LOOKS_LIMIT = 5
"""The most looks in a person's list."""
TOP_LIMIT = 3
"""The most looks of the leaderboard in a chat."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnLooks:
    """A person's own looks."""

    count: int
    """How many there are."""
    has_pending_guess: bool
    """Whether one of the latest looks waits for a guess; the most frequent style could give its verdict away."""
    top_style: Style | None
    """The most frequent style; None if no look shows an outfit."""
    looks: Sequence[Look]
    """The latest ones that show an outfit and have no pending guess, newest first."""


async def get_own_looks(database: Database, person: Person) -> OwnLooks:
    """The number, the most frequent style and the latest of a person's own looks."""
    async with database.transaction() as connection:
        count = await looks.count(connection, person.id)
        styles = await looks.count_styles(connection, person.id)
        latest = await looks.list_for_person(connection, person.id, limit=OWN_LOOKS_LIMIT)
    revealed = [look for look in latest if look.pending_question is not PendingQuestion.GUESS]
    return OwnLooks(
        count=count if latest else 0,
        has_pending_guess=len(revealed) < len(latest),
        top_style=next(iter(styles), None),
        looks=[look for look in revealed if look.verdict.band is not ConfidenceBand.NOT_AN_OUTFIT],
    )


async def list_top_of_today(database: Database) -> list[LeaderboardEntry]:
    """The looks shared today that have the most hearts."""
    async with database.transaction() as connection:
        return await leaderboard.get_page(connection, period=Period.TODAY, limit=TOP_LIMIT)


def own_looks_text(own_looks: OwnLooks, language: Language) -> str:
    """How many looks a person has, of which style most, and a line for each of the latest."""
    count, style = own_looks.count, own_looks.top_style
    if not count:
        return translate("talk.me.nothing", language)
    if own_looks.has_pending_guess:
        summary = translate("talk.me.count", language, count=count)
    elif style is not None:
        summary = translate("talk.me", language, count=count, style=style_name(style, language))
    else:
        summary = translate("talk.me.plain", language, count=count)
    lines = "\n".join(own_look_line(look, language) for look in own_looks.looks)
    return "\n\n".join(filter(None, [summary, lines]))


def own_look_line(look: Look, language: Language) -> str:
    """One line about a person's own look: date in Seoul, style, probability, and whether it is shared."""
    return translate(
        "talk.me.line" if look.shared_at is None else "talk.me.line.shared",
        language,
        date=look.created_at.astimezone(SEOUL).date().isoformat(),
        style=style_name(look.verdict.style, language),
        percent=percent(look.verdict.confidence),
    )


def leaderboard_line(entry: LeaderboardEntry, language: Language) -> str:
    """One line about a look of the leaderboard: owner, style and hearts."""
    return translate(
        "talk.board.line",
        language,
        name=display_name(entry.look.person_id, entry.owner_name, language),
        style=style_name(entry.look.style, language),
        hearts=entry.look.hearts,
    )
