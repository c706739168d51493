"""Lists of looks for chats: a person's own looks, and today's leaderboard."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from core.conversation.display_names import display_name
from core.conversation.narration import format_percent, style_name
from core.db import leaderboard, looks
from core.db.database import Database
from core.db.leaderboard import Period
from core.db.look_summaries import LeaderboardEntry
from core.db.looks import Look
from core.db.people import Person
from core.db.schema import PendingQuestion
from core.db.similar_looks import can_compare, find_similar
from core.db.worn_counts import WornCounts, count_styles, count_worn
from core.i18n.clothing_names import color_name, thing_name
from core.i18n.translations import Language, format_recent_day, translate
from core.seoul_time import start_of_month
from core.styles import Style
from core.vision.verdict import ConfidenceBand

CountedT = TypeVar("CountedT")

OWN_LOOKS_LIMIT = 5
"""The most looks in a person's list."""
MIN_MONTH_LOOKS = 3
"""Looks of a month from which something may be said of all of them."""
MIN_MOSTLY = 3
"""Looks of a color from which a month may be mostly of it."""
TOP_LIMIT = 3
"""The most looks of others in a chat."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnLooks:
    """A person's own looks."""

    count: int
    """How many there are."""
    has_pending_guess: bool
    """Whether one of the latest looks waits for a guess; the most frequent style could give its verdict away."""
    top_styles: tuple[Style, ...]
    """The most frequent style, or several that are equally frequent; empty if no look shows an outfit."""
    looks: Sequence[Look]
    """The latest ones that show an outfit and have no pending guess, newest first."""
    worn: WornCounts | None = None
    """What was worn this month; None while a guess is pending."""


async def get_own_looks(database: Database, person: Person) -> OwnLooks:
    """The number, the most frequent style and the latest of a person's own looks."""
    async with database.transaction() as connection:
        count = await looks.count(connection, person.id)
        styles = await count_styles(connection, person.id)
        latest = await looks.list_for_person(connection, person.id, limit=OWN_LOOKS_LIMIT)
        worn = await count_worn(connection, person.id, since=start_of_month())
    revealed = [look for look in latest if look.pending_question is not PendingQuestion.GUESS]
    return OwnLooks(
        count=count if latest else 0,
        has_pending_guess=len(revealed) < len(latest),
        top_styles=most_frequent(styles),
        worn=worn if len(revealed) == len(latest) else None,
        looks=[look for look in revealed if look.verdict.band is not ConfidenceBand.NOT_AN_OUTFIT],
    )


def most_frequent(counts: Mapping[CountedT, int]) -> tuple[CountedT, ...]:
    """The style or color with the highest count, or all that share it; empty without counts."""
    most = max(counts.values(), default=0)
    return tuple(counted for counted, count in counts.items() if count == most)


async def list_top_of_today(database: Database, viewer_id: UUID | None) -> list[LeaderboardEntry]:
    """The looks shared today that have the most hearts, of people whom the viewer sees."""
    async with database.transaction() as connection:
        return await leaderboard.get_page(connection, period=Period.TODAY, limit=TOP_LIMIT, viewer_id=viewer_id)


class Similarity(StrEnum):
    """What came of a search for similar looks; the values are message ids."""

    FOUND = "talk.similar"
    NONE = "talk.similar.none"
    NOT_COMPARABLE = "talk.similar.unknown"
    LOOK_GONE = "talk.look_gone"
    NO_LOOKS = "talk.me.nothing"
    AWAITS_GUESS = "talk.guess.ask"


@dataclass(frozen=True, slots=True, kw_only=True)
class SimilarLooks:
    """Public looks that resemble a look."""

    similarity: Similarity
    entries: Sequence[LeaderboardEntry] = ()
    """The most similar first; empty unless some were found."""
    guess_look_id: UUID | None = None
    """The look whose guess comes first."""


async def list_similar(database: Database, person: Person, look_id: UUID | None) -> SimilarLooks:
    """Public looks of others that resemble one of a person's looks, or why there are none.

    Args:
        database: the database.
        person: the owner of the look.
        look_id: the look; None for the one that was shown last.
    """
    async with database.transaction() as connection:
        look = await (looks.get_current(connection, person.id) if look_id is None else looks.get(connection, look_id))
        if look is None or look.person_id != person.id:
            return SimilarLooks(similarity=Similarity.NO_LOOKS if look_id is None else Similarity.LOOK_GONE)
        if look.pending_question is PendingQuestion.GUESS:
            return SimilarLooks(similarity=Similarity.AWAITS_GUESS, guess_look_id=look.id)
        if look.verdict.band is ConfidenceBand.NOT_AN_OUTFIT or not await can_compare(connection, look.id):
            return SimilarLooks(similarity=Similarity.NOT_COMPARABLE)
        entries = await find_similar(connection, look.id, limit=TOP_LIMIT, viewer_id=person.id)
    return SimilarLooks(similarity=Similarity.FOUND if entries else Similarity.NONE, entries=entries)


def own_looks_text(own_looks: OwnLooks, language: Language) -> str:
    """How many looks a person has, of which style most, and a line for each of the latest."""
    count, names = own_looks.count, [style_name(style, language) for style in own_looks.top_styles]
    if not count:
        return translate("talk.me.nothing", language)
    if own_looks.has_pending_guess:
        summary = translate("talk.me.count", language, count=count)
    elif len(names) == 1:
        summary = translate("talk.me.first" if count == 1 else "talk.me", language, count=count, style=names[0])
    elif names:
        summary = translate("talk.me.tie", language, count=count, styles=", ".join(names))
    else:
        summary = translate("talk.me.plain", language, count=count)
    month = "" if own_looks.worn is None else " ".join(format_month(own_looks.worn, language))
    lines = "\n".join(own_look_line(look, language) for look in own_looks.looks)
    return "\n\n".join(filter(None, [summary, month, lines]))


def format_month(worn: WornCounts, language: Language) -> list[str]:
    """The most frequent style, color and garment of a month; empty for fewer than MIN_MONTH_LOOKS looks."""
    if worn.total < MIN_MONTH_LOOKS:
        return []
    sentences = []
    if len(first := most_frequent(worn.styles)) == 1:
        share = round(100 * worn.styles[first[0]] / worn.total)
        sentences.append(translate("worn.me.style", language, style=style_name(first[0], language), percent=share))
    colors = most_frequent(worn.main_colors)
    if len(colors) == 1 and (count := worn.main_colors[colors[0]]) > 1:
        is_most = count >= MIN_MOSTLY and 2 * count > sum(worn.main_colors.values())
        key = "worn.me.color" if is_most else "worn.me.color.some"
        sentences.append(translate(key, language, color=color_name(colors[0], language)))
    if items := [pair for pair in worn.items.items() if pair[1] > 1 and pair[0].is_worn_alone]:
        item, seen = max(items, key=lambda pair: pair[1])
        name = thing_name(item, language)
        sentences.append(translate("worn.me.item", language, thing=name, count=seen, total=worn.total))
    return sentences


def own_look_line(look: Look, language: Language) -> str:
    """One line about a person's own look: its day in Seoul, its style, how sure Eva is, and if it is on the board."""
    key = "talk.me.line"
    if look.shared_at is not None:
        key = "talk.me.line.shared" if look.is_public else "talk.me.line.held"
    if look.corrected_style is not None:
        key += ".told"
    return translate(
        key,
        language,
        date=format_recent_day(look.created_at, language),
        style=style_name(look.accepted_style, language),
        percent=format_percent(look.verdict.confidence),
    )


def leaderboard_line(entry: LeaderboardEntry, language: Language) -> str:
    """One line about a look of the leaderboard: owner, style, and hearts if it has any."""
    return translate(
        "talk.board.line" if entry.look.hearts else "talk.board.line.new",
        language,
        name=display_name(entry.look.person_id, entry.owner_name, language),
        style=style_name(entry.look.style, language),
        hearts=entry.look.hearts,
    )
