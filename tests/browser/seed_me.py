"""Makes people who have been here before, for the Eva whose environment this runs in; prints who they are as JSON.

Run as `python -m tests.browser.seed_me NUMBER`, in the folder and with the environment of the server. Each has every
kind of look, keeps looks of the board and follows the people who shared them, if there are any.
"""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import timedelta
from typing import Any

from sqlalchemy import func, update

from core.db import boards, follows, looks, people, pictures, reports, scraps, tables
from core.db.tables import Channel, Provider
from core.judging import Judging
from core.keys import secret_key
from core.memory import Memory, open_memory
from core.settings import Settings
from core.styles import Style
from core.vision.classifier import StyleClassifier
from core.vision.scripted import SCRIPTED_CARD, ScriptedEngine, scripted_outputs
from core.visitors import Visitors
from tests.conftest import ROOT

KINDS: list[tuple[str, str, dict[str, Any]]] = [
    ("gone", "retro", {"style": Style.RETRO, "confidence": 0.64}),
    ("old", "business_casual", {"style": Style.BUSINESS_CASUAL, "confidence": 0.83}),
    ("held", "street", {"style": Style.STREET, "confidence": 0.58}),
    ("shared", "ethnic", {"style": Style.ETHNIC, "confidence": 0.91}),
    ("nothing", "no_outfit", {"style": Style.MODE, "outfit": 0.05}),
    ("private", "astronaut", {"style": Style.GIRLISH, "confidence": 0.72}),
]
"""What becomes of each look, its sample, what is seen in it; the last one is the newest."""


async def a_person(memory: Memory, token: str, key: str) -> dict[str, str]:
    """Somebody with one look of each kind; gives their looks by kind, and their token."""
    async with memory.database.begin() as connection:
        me = await people.meet(connection, Provider.WEB, key, language="en")
    mine: dict[str, str] = {}
    for kind, sample, seen in KINDS:
        outputs = scripted_outputs(seen["style"], **{name: value for name, value in seen.items() if name != "style"})
        with StyleClassifier(ScriptedEngine([outputs]), SCRIPTED_CARD) as classifier:
            judged = await Judging(memory, classifier).judge(
                (ROOT / "samples" / f"{sample}.jpg").read_bytes(),
                person_id=me.id,
                channel=Channel.WEB,
                source=f"seed {kind}",
                language="en",
            )
        mine[kind] = str(judged.look.id)
        async with memory.database.begin() as connection:
            await become(connection, memory, kind, judged.look)
    async with memory.database.begin() as connection:
        for each in await boards.page(connection, limit=20):
            if each.look.person_id != me.id:
                await follows.follow(connection, me.id, each.look.person_id)
                await scraps.add(connection, each.look.id, me.id)
    return {**mine, "token": token}


async def become(connection: Any, memory: Memory, kind: str, look: looks.Look) -> None:
    """Let happen to a look what its kind says."""
    if kind in {"shared", "held"}:
        assert await looks.share(connection, look.id)
    if kind == "held":
        for number in range(3):
            other = await people.meet(connection, Provider.WEB, f"reporter {number}", language="en")
            await reports.add(connection, look.id, other.id)
    if kind == "gone":
        await memory.storage.delete([look.photo_key or "", look.cam_key or ""])
        await pictures.forget(connection, [look.id])
    if kind in {"gone", "old", "shared", "held"}:
        days = timedelta(days=9 if kind == "gone" else 2, hours=3)
        old = func.now() - (timedelta(hours=21, minutes=30) if kind == "old" else days)
        await connection.execute(update(tables.looks).where(tables.looks.c.id == look.id).values(created_at=old))


async def main(number: int) -> None:
    """Make so many people, and print them."""
    settings = Settings()
    visitors = Visitors(secret_key(settings))
    async with open_memory(settings) as memory:
        found = []
        for _ in range(number):
            token = visitors.new()
            found.append(await a_person(memory, token, visitors.key_of(token) or ""))
    print(json.dumps(found))  # noqa: T201  (the fixture reads it)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
