"""Create people with a Telegram chat and print the tokens of their login links as JSON, in the same order.

Run as `python -m tests.browser.seed_login_link NAMES`, in the folder and with the environment of the server. The names
are a JSON list; a person whose name stands there twice gets two links.
"""

import asyncio
import json
import sys
from datetime import timedelta

from core.db import one_time_tokens, people
from core.db.schema import IdentityProvider
from core.resources import open_resources
from core.settings import Settings

LIFETIME = timedelta(hours=1)
"""Until the last test of the module."""


async def main(names: list[str]) -> None:
    """Create and print the tokens."""
    tokens = []
    async with open_resources(Settings()) as resources, resources.database.transaction() as connection:
        for name in names:
            subject = f"named {name}"
            person = await people.get_or_create_by_identity(
                connection, IdentityProvider.TELEGRAM, subject, language="en"
            )
            await people.set_display_name(connection, person.id, name)
            tokens.append(await one_time_tokens.create(connection, person.id, lifetime=LIFETIME))
    print(json.dumps(tokens))  # noqa: T201  (the test reads it)


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
