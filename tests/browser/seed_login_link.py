"""People with a Telegram chat and login links."""

from datetime import timedelta

from core.db import one_time_tokens, people
from core.db.schema import IdentityProvider
from core.i18n.translations import Language
from core.resources import open_resources
from core.settings import Settings

LIFETIME = timedelta(hours=1)
"""Until the last test of the module."""


async def create_login_links(settings: Settings, names: list[str]) -> list[str]:
    """Create people of these names; the tokens of their links, in the same order.

    A person whose name stands there twice gets two.
    """
    tokens = []
    async with open_resources(settings) as resources, resources.database.transaction() as connection:
        for name in names:
            subject = f"named {name}"
            person = await people.get_or_create_by_identity(
                connection, IdentityProvider.TELEGRAM, subject, language=Language.EN
            )
            await people.update_display_name(connection, person.id, name)
            tokens.append(await one_time_tokens.create(connection, person.id, lifetime=LIFETIME))
    return tokens
