"""Counts Eva's replies to text, so that she does not use the same words twice in a row for one person.

See ADR 0029.
"""

from collections import OrderedDict
from datetime import UTC, datetime
from uuid import UUID

from core.i18n.translations import VariantSeed

MAX_PEOPLE = 10_000
"""The people whose counts are kept, those who wrote last."""


class ReplyTurns:
    """The number of replies to each person, in the memory of this process; a new count starts at a number of the day.

    Looks have their turns in the database. Replies to text are not stored, and a repeated phrase after a restart does
    no harm.
    """

    def __init__(self) -> None:
        self._turns: OrderedDict[UUID, int] = OrderedDict()

    def next_seed(self, person_id: UUID) -> VariantSeed:
        """Count a reply to a person; the seed selects its words."""
        turn = self._turns.pop(person_id, datetime.now(UTC).toordinal()) + 1
        self._turns[person_id] = turn
        if len(self._turns) > MAX_PEOPLE:
            self._turns.popitem(last=False)
        return VariantSeed(str(person_id), turn)
