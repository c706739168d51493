"""All of Eva on Telegram, but for the web: a fake Bot API, a real database and queue, and scripted eyes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from bot.telegram import ingest
from bot.telegram.callback_data import decode_callback_data
from bot.telegram.client import ChatRateLimiter, TelegramClient, create_bot
from bot.telegram.ingest import store_update
from bot.telegram.worker import UpdateHandler, register_tasks
from bot.testing.telegram import FakeTelegram
from core.conversation.service import ConversationService
from core.db.schema import metadata
from core.jobs import queue
from core.jobs.queue import JobQueue
from core.resources import Resources
from core.services.photo_judging import PhotoJudgingService
from core.settings import Settings
from core.styles import Style
from core.vision.backends import ModelOutputs
from core.vision.classifier import StyleClassifier
from core.vision.fake_backend import FAKE_MODEL_CARD, FakeBackend, make_outputs

Json = dict[str, Any]
MINA = 42
DAILY_LIMIT = 6


class ScriptedModel:
    """An Eva who sees what she is told next, and Street where nothing was told."""

    def __init__(self) -> None:
        self.next_outputs: list[ModelOutputs] = []
        self.call_count = 0

    def __call__(self, _: object) -> ModelOutputs:
        self.call_count += 1
        return self.next_outputs.pop(0) if self.next_outputs else make_outputs(Style.STREET)


class TelegramHarness:
    """A place to play scenes on."""

    def __init__(
        self,
        telegram: FakeTelegram,
        resources: Resources,
        talk: UpdateHandler,
        queue: JobQueue,
        model: ScriptedModel,
        storage_folder: Path,
    ) -> None:
        self.telegram, self.resources, self.handler, self.queue, self.model = telegram, resources, talk, queue, model
        self.storage_folder = storage_folder
        self.updates = telegram.updates

    async def send_updates(self, *updates: Json) -> None:
        """Bring updates and have all work done."""
        for update in updates:
            await store_update(self.resources, update)
        await self.run_jobs()

    async def run_jobs(self) -> None:
        """Do the queue's jobs, those too that are tried again."""
        while True:
            await self.queue.run_worker({}, until_empty=True)
            if not await self.count_rows("procrastinate_jobs WHERE status = 'todo'"):
                return

    async def count_rows(self, from_clause: str) -> int:
        async with self.resources.database.transaction() as connection:
            number: int = (await connection.execute(text(f"SELECT count(*) FROM {from_clause}"))).scalar_one()
            return number

    async def count_unprocessed(self) -> int:
        return await self.count_rows("inbox WHERE done_at IS NULL")

    async def row_counts(self) -> dict[str, int]:
        """How many rows the tables have that are about people, those that have any."""
        tables = [table.name for table in metadata.sorted_tables if table.name not in {"days", "moderation"}]
        counted = {name: await self.count_rows(name) for name in tables}
        return {name: rows for name, rows in counted.items() if rows}

    def texts(self, chat: int = MINA) -> list[str]:
        return [message.get("text") or message.get("caption") or "" for message in self.telegram.messages(chat)]

    def photo_messages(self, chat: int = MINA) -> list[Json]:
        return self.telegram.messages(chat, "photo")

    def last_message(self, chat: int = MINA) -> Json:
        return self.telegram.messages(chat)[-1]

    def stored_files(self) -> list[Path]:
        return [path for path in self.storage_folder.rglob("*") if path.is_file()]

    def buttons(self, message: Json) -> list[str]:
        rows = message.get("reply_markup", {}).get("inline_keyboard", [])
        actions = [
            decode_callback_data(button["callback_data"]) for row in rows for button in row if "callback_data" in button
        ]
        return [action.type.value for action in actions if action]

    def press(self, message: Json, verb: str, style: Style | None = None, *, person: int = MINA) -> Json:
        """A press of the button that does this."""
        for row in message["reply_markup"]["inline_keyboard"]:
            for button in row:
                action = decode_callback_data(button.get("callback_data", ""))
                if action and action.type == verb and action.style in {style, None}:
                    return self.updates.button_press(message, button["callback_data"], user_id=person)
        raise AssertionError(f"no {verb} under {message}")


@pytest.fixture
def telegram() -> Iterator[FakeTelegram]:
    with FakeTelegram() as telegram:
        yield telegram


@pytest.fixture
def settings(telegram: FakeTelegram) -> Settings:
    return Settings(
        telegram_token=SecretStr(telegram.token), telegram_api_url=telegram.url, telegram_messages_per_second=1000
    )


@pytest.fixture
async def harness(
    telegram: FakeTelegram,
    resources: Resources,
    settings: Settings,
    storage_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[TelegramHarness]:
    monkeypatch.setattr(queue, "RETRY_DELAYS", (0, 0, 0))
    monkeypatch.setattr(ingest, "GATHER", timedelta(0))
    model = ScriptedModel()

    async def no_sleep(_: float) -> None:
        pass

    judging = PhotoJudgingService(
        resources, StyleClassifier(FakeBackend(model), FAKE_MODEL_CARD), daily_limit=DAILY_LIMIT
    )
    async with create_bot(settings) as bot:
        sender = TelegramClient(bot, rate_limiter=ChatRateLimiter(0.0), sleep=no_sleep)
        talk = UpdateHandler(ConversationService(resources, judging, settings), sender, bot.bot)
        async with JobQueue(resources.database.conninfo, register_tasks(talk)) as worker:
            yield TelegramHarness(telegram, resources, talk, worker, model, storage_folder)
