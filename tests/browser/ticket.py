"""Somebody who talks to Eva on Telegram, and a link to their page, at the Eva whose environment this runs in.

Run as `python -m tests.browser.ticket <id> <name>`, in the folder and with the environment of the server.
"""

from __future__ import annotations

import asyncio
import sys

from core.db import people, tickets
from core.db.tables import Provider
from core.memory import open_memory
from core.settings import Settings


async def main(subject: str, name: str) -> None:
    """Print the token of a link."""
    async with open_memory(Settings()) as memory, memory.database.begin() as connection:
        person = await people.meet(connection, Provider.TELEGRAM, subject, language="en")
        await people.set_name(connection, person.id, name)
        print(await tickets.issue(connection, person.id))  # noqa: T201  (the test reads it)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:3]))
