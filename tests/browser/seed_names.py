"""Makes people with the widest names that there can be, for the Eva whose environment this runs in; prints them.

Run as `python -m tests.browser.seed_names`, in the folder and with the environment of the server. Each has every kind
of look, is logged in with Telegram too, and follows and keeps what the others share. The first one is a moderator.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING
from uuid import UUID

from bot.names import MOST_LETTERS, tidy
from bot.texts import Language, text, variants
from core.db import follows, people, scraps, tickets
from core.db.tables import Provider
from core.keys import secret_key
from core.memory import open_memory
from core.settings import Settings
from core.visitors import Visitors
from tests.browser.seed_me import a_person

if TYPE_CHECKING:
    from core.memory import Memory


def longest_made_up(language: Language) -> str:
    """The longest name that Eva makes up in a language."""
    parts = {
        part: max((text(key, language) for key in variants(f"name.{part}", language)), key=len)
        for part in ("first", "second")
    }
    return f"{text('name.pattern', language, **parts)} 888"


WIDEST = [MOST_LETTERS * "W", MOST_LETTERS * "뷁", *map(longest_made_up, Language)]
"""Without a space at which a line could break, and with some; the first one is the moderator's."""


async def named(memory: Memory, visitors: Visitors, name: str, subject: str) -> dict[str, str]:
    """Somebody of that name: their looks by kind, their token, a link that logs in as them, and who they are."""
    assert tidy(name) == name
    token = visitors.new()
    key = visitors.key_of(token) or ""
    found = await a_person(memory, token, key)
    async with memory.database.begin() as connection:
        person = await people.meet(connection, Provider.WEB, key, language="en")
        assert await people.set_name(connection, person.id, name)
        assert await people.link(connection, person.id, Provider.TELEGRAM, subject)
        await people.set_naming(connection, person.id, UUID(found["private"]))
        link = await tickets.issue(connection, person.id)
    return {**found, "name": name, "link": link, "id": str(person.id)}


async def main() -> None:
    """Make them, and print them."""
    settings = Settings()
    visitors = Visitors(secret_key(settings))
    async with open_memory(settings) as memory:
        everybody = [
            await named(memory, visitors, name, f"wide {number}" if number else "moderator")
            for number, name in enumerate(WIDEST)
        ]
        async with memory.database.begin() as connection:
            for one in everybody:
                for other in everybody:
                    if one is not other:
                        await follows.follow(connection, UUID(one["id"]), UUID(other["id"]))
                        await scraps.add(connection, UUID(other["shared"]), UUID(one["id"]))
    print(json.dumps(everybody))  # noqa: T201  (the test reads it)


if __name__ == "__main__":
    asyncio.run(main())
