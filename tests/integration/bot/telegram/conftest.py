"""All of Eva on Telegram, but for the web: a fake Bot API, a real database and queue, and scripted eyes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from bot.stylist import Stylist
from bot.telegram import mailbox
from bot.telegram.callbacks import decode
from bot.telegram.conversation import Conversation
from bot.telegram.mailbox import take_in
from bot.telegram.pace import Pace
from bot.telegram.sender import Sender, make_bot
from bot.telegram.tasks import tasks
from bot.testing.telegram import FakeTelegram
from core import queue
from core.db.tables import metadata
from core.judging import Judging
from core.memory import Memory
from core.queue import Queue
from core.settings import Settings
from core.styles import Style
from core.vision.classifier import StyleClassifier
from core.vision.engines import Outputs
from core.vision.scripted import SCRIPTED_CARD, ScriptedEngine, scripted_outputs

Json = dict[str, Any]
MINA = 42
DAILY = 6


class Eyes:
    """An Eva who sees what she is told next, and Street where nothing was told."""

    def __init__(self) -> None:
        self.next: list[Outputs] = []
        self.looked = 0

    def __call__(self, _: object) -> Outputs:
        self.looked += 1
        return self.next.pop(0) if self.next else scripted_outputs(Style.STREET)


class Stage:
    """A place to play scenes on."""

    def __init__(
        self, telegram: FakeTelegram, memory: Memory, talk: Conversation, queue: Queue, eyes: Eyes, pictures: Path
    ) -> None:
        self.telegram, self.memory, self.talk, self.queue, self.eyes = telegram, memory, talk, queue, eyes
        self.pictures = pictures
        self.updates = telegram.updates

    async def play(self, *updates: Json) -> None:
        """Bring updates and have all work done."""
        for update in updates:
            await take_in(self.memory, update)
        await self.work()

    async def work(self) -> None:
        """Do the queue's jobs, those too that are tried again."""
        while True:
            await self.queue.work({}, until_empty=True)
            if not await self.count("procrastinate_jobs WHERE status = 'todo'"):
                return

    async def count(self, what: str) -> int:
        async with self.memory.database.begin() as connection:
            number: int = (await connection.execute(text(f"SELECT count(*) FROM {what}"))).scalar_one()
            return number

    async def undone(self) -> int:
        return await self.count("inbox WHERE done_at IS NULL")

    async def rows(self) -> dict[str, int]:
        """How many rows the tables have that are about people, those that have any."""
        tables = [table.name for table in metadata.sorted_tables if table.name not in {"days", "moderation"}]
        counted = {name: await self.count(name) for name in tables}
        return {name: rows for name, rows in counted.items() if rows}

    def said(self, chat: int = MINA) -> list[str]:
        return [message.get("text") or message.get("caption") or "" for message in self.telegram.sent(chat)]

    def photos(self, chat: int = MINA) -> list[Json]:
        return self.telegram.sent(chat, "photo")

    def last(self, chat: int = MINA) -> Json:
        return self.telegram.sent(chat)[-1]

    def files(self) -> list[Path]:
        return [path for path in self.pictures.rglob("*") if path.is_file()]

    def verbs(self, message: Json) -> list[str]:
        rows = message.get("reply_markup", {}).get("inline_keyboard", [])
        actions = [decode(button["callback_data"]) for row in rows for button in row if "callback_data" in button]
        return [action.verb.value for action in actions if action]

    def press(self, message: Json, verb: str, style: Style | None = None, *, person: int = MINA) -> Json:
        """A press of the button that does this."""
        for row in message["reply_markup"]["inline_keyboard"]:
            for button in row:
                action = decode(button.get("callback_data", ""))
                if action and action.verb == verb and action.style in {style, None}:
                    return self.updates.press(message, button["callback_data"], person=person)
        raise AssertionError(f"no {verb} under {message}")


@pytest.fixture
def telegram() -> Iterator[FakeTelegram]:
    with FakeTelegram() as telegram:
        yield telegram


@pytest.fixture
def settings(telegram: FakeTelegram) -> Settings:
    return Settings(telegram_token=SecretStr(telegram.token), telegram_api_url=telegram.url, telegram_rate=1000)


@pytest.fixture
async def stage(
    telegram: FakeTelegram, memory: Memory, settings: Settings, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Stage]:
    monkeypatch.setattr(queue, "RETRIES", (0, 0, 0))
    monkeypatch.setattr(mailbox, "GATHER", timedelta(0))
    eyes = Eyes()

    async def no_sleep(_: float) -> None:
        pass

    judging = Judging(memory, StyleClassifier(ScriptedEngine(eyes), SCRIPTED_CARD), daily_photos=DAILY)
    async with make_bot(settings) as bot:
        sender = Sender(bot, pace=Pace(0.0), sleep=no_sleep)
        talk = Conversation(Stylist(memory, judging, settings), sender, bot.bot)
        async with Queue(memory.database.conninfo, tasks(talk)) as worker:
            yield Stage(telegram, memory, talk, worker, eyes, pictures)
