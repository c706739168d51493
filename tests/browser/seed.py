"""Puts looks of several people on the board of the Eva whose environment this runs in; prints the look of each.

Run as `python -m tests.browser.seed`, in the folder and with the environment of the server.
"""

from __future__ import annotations

import asyncio
import json
from itertools import count

from core.db import hearts, looks, opinions, people
from core.db.tables import Asked, Channel, Provider
from core.judging import Judging
from core.memory import Memory, open_memory
from core.settings import Settings
from core.styles import Style
from core.vision.classifier import StyleClassifier
from core.vision.scripted import SCRIPTED_CARD, ScriptedEngine, scripted_outputs
from tests.conftest import ROOT

ATTACK = "<img src=x onerror=window.hacked=1>"
"""A name that `bot.names` would never let in, written past it."""

SHARED = [
    ("Linen Heron 24", "street", Style.STREET, 0.72, (0.3, 0.5)),
    ("미나", "ethnic", Style.ETHNIC, 0.91, (0.6, 0.5)),
    ("Corduroy Fox 71", "retro", Style.RETRO, 0.66, (0.4, 0.4)),
    ("새틴 고양이 12", "business_casual", Style.BUSINESS_CASUAL, 0.83, (0.3, 0.6)),
    (ATTACK, "street", Style.STREET, 0.55, (0.7, 0.5)),
    ("Denim Otter 33", "ethnic", Style.FEMININE, 0.48, (0.5, 0.3)),
]
"""Name, sample, style, confidence, where it is hot; the first one has the most hearts."""


async def share(memory: Memory, number: int, entry: tuple[str, str, Style, float, tuple[float, float]]) -> str:
    """Judge one photo and put it on the board; gives its id."""
    name, sample, style, confidence, hot = entry
    rest = (1 - confidence) * 0.6
    outputs = scripted_outputs(style, confidence=confidence, second=Style.CASUAL, second_confidence=rest, hot=hot)
    with StyleClassifier(ScriptedEngine([outputs]), SCRIPTED_CARD) as classifier:
        async with memory.database.begin() as connection:
            person = await people.meet(connection, Provider.TELEGRAM, f"seed {number}", language="en")
            await people.set_name(connection, person.id, name)
        judged = await Judging(memory, classifier).judge(
            (ROOT / "samples" / f"{sample}.jpg").read_bytes(),
            person_id=person.id,
            channel=Channel.TELEGRAM,
            source="seed",
            language="en",
        )
    async with memory.database.begin() as connection:
        if number == 0:
            await opinions.ask(connection, judged.look.id, Asked.GUESS)
            await opinions.guess(connection, judged.look.id, Style.CASUAL)
            await opinions.correct(connection, judged.look.id, Style.MODE)
        assert await looks.share(connection, judged.look.id)
        for fan in range(2 * (len(SHARED) - number)):
            whose = await people.meet(connection, Provider.WEB, f"fan {fan}", language="en")
            await hearts.give(connection, judged.look.id, whose.id)
    return str(judged.look.id)


async def main() -> None:
    """Share all, and print their ids by name as JSON."""
    async with open_memory(Settings()) as memory:
        shared = {entry[0]: await share(memory, number, entry) for number, entry in zip(count(), SHARED, strict=False)}
    print(json.dumps(shared))  # noqa: T201  (the fixture reads it)


if __name__ == "__main__":
    asyncio.run(main())
