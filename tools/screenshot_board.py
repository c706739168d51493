"""What the screenshots show: the samples on the board, looks that people reported, and what a moderator did."""

from itertools import count
from uuid import UUID

from core.db import looks, moderation, one_time_tokens, people
from core.db.identities import create_identity
from core.db.schema import IdentityProvider
from core.i18n.translations import Language
from core.resources import Resources, open_resources
from core.services import moderation as moderation_service
from core.settings import Settings
from core.styles import Style
from core.urls import LOGIN_LINK_PATH
from tests.browser.seed_board import SCRIPT_NAME, SHARED, share_sample

REPORTED = [
    (
        "Tweed Magpie 40",
        "retro",
        Style.RETRO,
        0.71,
        ("consent: My sister is in it, and she was not asked.", "consent", "other"),
    ),
    ("누빔 두루미 58", "business_casual", Style.BUSINESS_CASUAL, 0.64, ("no_outfit",)),
]
"""Owner, sample, style, confidence, and why it is reported; the third report takes a look off the board."""
REVIEWED = [("Flannel Swallow 19", "street", Style.STREET, 0.6), ("페이즐리 여우 77", "ethnic", Style.ETHNIC, 0.8)]
"""Owner, sample, style and confidence of a look that is hidden, and of one that nothing is wrong with."""
FIRST_NUMBER = 50
"""From here on no number of a person is taken."""


async def seed_board(settings: Settings) -> tuple[str, str]:
    """Put the samples on the board, and some in front of moderators.

    Returns:
        The id of the first look, and the path of a link that lets the second person in, who is also a moderator.
    """
    entries = [entry for entry in SHARED if entry[0] != SCRIPT_NAME]
    async with open_resources(settings) as resources:
        shared = [await share_sample(resources, number, entry) for number, entry in zip(count(), entries, strict=False)]
        async with resources.database.transaction() as connection:
            guest = await looks.get(connection, UUID(shared[1]))
            assert guest is not None
        await _seed_reports(resources, guest.person_id)
        async with resources.database.transaction() as connection:
            await create_identity(connection, guest.person_id, IdentityProvider.TELEGRAM, "moderator")
            token = await one_time_tokens.create(connection, guest.person_id)
    return shared[0], f"{LOGIN_LINK_PATH}/{token}"


async def _seed_reports(resources: Resources, moderator: UUID) -> None:
    """Fill the queue and the log of this moderator."""
    shared = []
    samples = [*REVIEWED, *(row[:4] for row in REPORTED)]
    for number, (name, sample, style, confidence) in enumerate(samples, FIRST_NUMBER):
        look_id = UUID(await share_sample(resources, number, (name, sample, style, confidence, (0.5, 0.4))))
        async with resources.database.transaction() as connection:
            found = await looks.get(connection, look_id)
        assert found is not None
        shared.append(found)
    hidden, fine, *reported = shared
    for look, (*_, reasons) in zip(reported, REPORTED, strict=True):
        async with resources.database.transaction() as connection:
            for number, reason in enumerate(reasons):
                reporter = await people.get_or_create_by_identity(
                    connection, IdentityProvider.WEB, f"reporter {number}", language=Language.EN
                )
                await moderation.create_report(connection, look.id, reporter.id, reason)
    await moderation_service.restore_look(resources, moderator, fine.id)
    await moderation_service.remove_look(resources, moderator, hidden.id)
    await moderation_service.ban_person(resources, moderator, hidden.person_id)
    await moderation_service.ban_person(resources, moderator, fine.person_id)
    await moderation_service.unban_person(resources, moderator, fine.person_id)
    async with resources.database.transaction() as connection:
        # The board of the other pictures is what it was.
        await looks.unshare(connection, fine.id)
