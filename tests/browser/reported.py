"""Puts one more look on the board of the Eva whose environment this runs in; prints it, three visitors, a moderator.

Run as `python -m tests.browser.reported`, in the folder and with the environment of the server. Visitors are printed as
the tokens of their cookies.
"""

from __future__ import annotations

import asyncio
import json

from core.db import looks, people
from core.db.tables import Channel, Provider
from core.judging import Judging
from core.keys import secret_key
from core.memory import open_memory
from core.settings import Settings
from core.styles import Style
from core.vision.classifier import StyleClassifier
from core.vision.scripted import SCRIPTED_CARD, ScriptedEngine, scripted_outputs
from core.visitors import Visitors
from tests.conftest import ROOT

OWNER = "Velvet Wren 8"
MODERATOR = "Moderator Min"


async def main() -> None:
    """Do it, and print it as JSON."""
    settings = Settings()
    visitors = Visitors(secret_key(settings))
    tokens = [visitors.new() for _ in range(4)]
    async with open_memory(settings) as memory:
        with StyleClassifier(ScriptedEngine([scripted_outputs(Style.GIRLISH)]), SCRIPTED_CARD) as classifier:
            async with memory.database.begin() as connection:
                owner = await people.meet(connection, Provider.TELEGRAM, "reported", language="en")
                assert await people.set_name(connection, owner.id, OWNER)
                moderator = await people.meet(connection, Provider.TELEGRAM, "moderator", language="en")
                assert await people.set_name(connection, moderator.id, MODERATOR)
                for place, token in enumerate(tokens):
                    key = visitors.key_of(token) or ""
                    if place == 0:
                        assert await people.link(connection, moderator.id, Provider.WEB, key)
                    else:
                        # With a chat: of those who are a cookie alone, one counts for each address.
                        visitor = await people.meet(connection, Provider.WEB, key, language="en")
                        assert await people.link(connection, visitor.id, Provider.TELEGRAM, f"visitor {place}")
            judged = await Judging(memory, classifier).judge(
                (ROOT / "samples" / "retro.jpg").read_bytes(),
                person_id=owner.id,
                channel=Channel.TELEGRAM,
                source="reported",
                language="en",
            )
        async with memory.database.begin() as connection:
            assert await looks.share(connection, judged.look.id)
    print(json.dumps({"look": str(judged.look.id), "moderator": tokens[0], "visitors": tokens[1:]}))  # noqa: T201


if __name__ == "__main__":
    asyncio.run(main())
