"""Looks that people reported, and what a moderator did, for the pictures of the pages for moderators."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from core import moderation
from core.db import looks, people, reports
from core.db.tables import Provider
from core.styles import Style
from tests.browser.seed import share

if TYPE_CHECKING:
    from core.memory import Memory

__all__ = ["report_some"]

REPORTED = [
    (
        *("Tweed Magpie 40", "retro", Style.RETRO, 0.71),
        ("consent: My sister is in it, and nobody asked her.", "consent", "other"),
    ),
    ("누빔 두루미 58", "business_casual", Style.BUSINESS_CASUAL, 0.64, ("no_outfit",)),
]
"""Owner, sample, style, confidence, and why it is reported; the third report takes a look off the board."""
SETTLED = [("Flannel Swallow 19", "street", Style.STREET, 0.6), ("페이즐리 여우 77", "ethnic", Style.ETHNIC, 0.8)]
"""Owner, sample, style and confidence of a look that is hidden, and of one that nothing is wrong with."""
FREE = 50
"""From here on no number of a person is taken."""


async def report_some(memory: Memory, moderator: UUID) -> None:
    """Fill the queue and the log of this moderator."""
    shared = []
    for number, (name, sample, style, confidence, *_) in enumerate([*SETTLED, *REPORTED], FREE):
        look = UUID(await share(memory, number, (name, sample, style, confidence, (0.5, 0.4))))
        async with memory.database.begin() as connection:
            found = await looks.get(connection, look)
        assert found is not None
        shared.append(found)
    hidden, fine, *reported = shared
    for look, (*_, reasons) in zip(reported, REPORTED, strict=True):
        async with memory.database.begin() as connection:
            for number, reason in enumerate(reasons):
                somebody = await people.meet(connection, Provider.WEB, f"reporter {number}", language="en")
                await reports.add(connection, look.id, somebody.id, reason)
    await moderation.restore(memory, moderator, fine.id)
    await moderation.hide(memory, moderator, hidden.id)
    await moderation.ban(memory, moderator, hidden.person_id)
    await moderation.ban(memory, moderator, fine.person_id)
    await moderation.unban(memory, moderator, fine.person_id)
    async with memory.database.begin() as connection:
        # The board of the other pictures is what it was.
        await looks.unshare(connection, fine.id)
