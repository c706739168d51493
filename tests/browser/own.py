"""Puts one more look on the board, which belongs to a browser that the site knows; prints the look's id.

Run as `python -m tests.browser.own KEY NAME`, in the folder and with the environment of the server.
"""

from __future__ import annotations

import asyncio
import sys

from core.db import looks, people
from core.db.tables import Channel, Provider
from core.judging import Judging
from core.memory import open_memory
from core.settings import Settings
from core.styles import Style
from core.vision.classifier import StyleClassifier
from core.vision.scripted import SCRIPTED_CARD, ScriptedEngine, scripted_outputs
from tests.conftest import ROOT


async def main(key: str, name: str) -> None:
    """Share a look of the visitor with this key, under this name."""
    with StyleClassifier(ScriptedEngine([scripted_outputs(Style.CASUAL)]), SCRIPTED_CARD) as classifier:
        async with open_memory(Settings()) as memory:
            async with memory.database.begin() as connection:
                person = await people.meet(connection, Provider.WEB, key, language="en")
                assert await people.set_name(connection, person.id, name)
            judged = await Judging(memory, classifier).judge(
                (ROOT / "samples" / "business_casual.jpg").read_bytes(),
                person_id=person.id,
                channel=Channel.WEB,
                source="own",
                language="en",
            )
            async with memory.database.begin() as connection:
                assert await looks.share(connection, judged.look.id)
    print(judged.look.id)  # noqa: T201  (the test reads it)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
