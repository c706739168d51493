"""Create a person with a Telegram chat and print the token of a login link.

Run as `python -m tests.browser.seed_login_link <id> <name>`, in the folder and with the environment of the server.
"""

import asyncio
import sys

from core.db import one_time_tokens, people
from core.db.schema import IdentityProvider
from core.resources import open_resources
from core.settings import Settings


async def main(subject: str, name: str) -> None:
    """Print the token of a link."""
    async with open_resources(Settings()) as resources, resources.database.transaction() as connection:
        person = await people.get_or_create_by_identity(connection, IdentityProvider.TELEGRAM, subject, language="en")
        await people.set_display_name(connection, person.id, name)
        print(await one_time_tokens.create(connection, person.id))  # noqa: T201  (the test reads it)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:3]))
