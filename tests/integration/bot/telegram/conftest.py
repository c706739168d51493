"""The Telegram bot without HTTP: a fake Bot API, a real database and queue, and a model with scripted outputs."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from bot.telegram.bot import create_bot
from bot.telegram.client import RESPONSE_SECONDS, MessageRateLimiter, TelegramClient
from bot.telegram.ingest import store_update
from bot.telegram.keyboards import decode_callback_data
from bot.telegram.retries import RetryDelays
from bot.telegram.worker import UpdateHandler
from bot.testing.telegram import FakeTelegram
from core.conversation.service import ConversationService
from core.db import looks
from core.db.identities import get_identity
from core.db.looks import Look
from core.db.schema import IdentityProvider, metadata
from core.jobs.worker import JobQueue
from core.resources import Resources
from core.services.photo_judging import PhotoJudgingService
from core.settings import Settings
from core.styles import Style
from core.vision.backends import ModelOutputs
from core.vision.classifier import StyleClassifier
from core.vision.fake_backend import FAKE_MODEL_CARD, FakeBackend, make_outputs

Json = dict[str, Any]
USER_ID = 42
DAILY_LIMIT = 6
NO_DELAYS = RetryDelays(photo=3 * (0,), delivery=6 * (0,))


class ScriptedModel:
    """Returns the given outputs, and Street when none are left."""

    def __init__(self) -> None:
        self.next_outputs: list[ModelOutputs] = []
        self.call_count = 0

    def __call__(self, _: object) -> ModelOutputs:
        self.call_count += 1
        return self.next_outputs.pop(0) if self.next_outputs else make_outputs(Style.STREET)


class TelegramHarness:
    """Sends updates as Telegram does, runs the jobs, and reads the replies."""

    def __init__(
        self,
        telegram: FakeTelegram,
        resources: Resources,
        handler: UpdateHandler,
        queue: JobQueue,
        model: ScriptedModel,
        storage_folder: Path,
    ) -> None:
        self.telegram, self.resources, self.handler, self.queue, self.model = telegram, resources, handler, queue, model
        self.storage_folder = storage_folder
        self.updates = telegram.updates

    async def store(self, update: object) -> int | None:
        """Store an update without running its job."""
        return await store_update(self.resources, update, album_delay=timedelta(0))

    async def send_updates(self, *updates: Json) -> None:
        """Store updates and run all jobs."""
        for update in updates:
            await self.store(update)
        await self.run_jobs()

    async def run_jobs(self) -> None:
        """Run all jobs, retries included, without waiting for those that are due later."""
        while True:
            await self.queue.run_worker({}, until_empty=True)
            if not await self.count_rows("procrastinate_jobs WHERE status = 'todo'"):
                return
            await self._skip_to_next_job()

    async def _skip_to_next_job(self) -> None:
        """Let the time pass, here and at Telegram, until the next job is due."""
        due = "SELECT extract(epoch FROM min(scheduled_at) - now()) FROM procrastinate_jobs WHERE status = 'todo'"
        sooner = "scheduled_at = scheduled_at - make_interval(secs => :seconds)"
        async with self.resources.database.connection() as connection:
            seconds = float((await connection.execute(text(due))).scalar_one() or 0.0)
            if seconds > 0:
                self.telegram.skip_time(seconds)
                statement = text(f"UPDATE procrastinate_jobs SET {sooner} WHERE status = 'todo'")
                await connection.execute(statement, {"seconds": seconds})

    async def execute(self, statement: str) -> None:
        async with self.resources.database.connection() as connection:
            await connection.execute(text(statement))

    async def count_rows(self, from_clause: str) -> int:
        async with self.resources.database.connection() as connection:
            number: int = (await connection.execute(text(f"SELECT count(*) FROM {from_clause}"))).scalar_one()
            return number

    async def count_unprocessed(self) -> int:
        return await self.count_rows("inbox WHERE processed_at IS NULL")

    async def row_counts(self) -> dict[str, int]:
        """The number of rows in each table about people that has any."""
        tables = [
            table.name
            for table in metadata.sorted_tables
            if table.name not in {"daily_counts", "moderation_log", "rate_limits"}
        ]
        counts = {name: await self.count_rows(name) for name in tables}
        return {name: count for name, count in counts.items() if count}

    def texts(self, chat_id: int = USER_ID) -> list[str]:
        """The texts and captions in a chat."""
        return [message.get("text") or message.get("caption") or "" for message in self.telegram.messages(chat_id)]

    def photo_messages(self, chat_id: int = USER_ID) -> list[Json]:
        return self.telegram.messages(chat_id, "photo")

    def last_message(self, chat_id: int = USER_ID) -> Json:
        return self.telegram.messages(chat_id)[-1]

    def last_with_buttons(self, chat_id: int = USER_ID) -> Json:
        """The latest message that has buttons."""
        return next(message for message in self.telegram.messages(chat_id)[::-1] if self.buttons(message))

    def stored_files(self) -> list[Path]:
        return [path for path in self.storage_folder.rglob("*") if path.is_file()]

    def buttons(self, message: Json) -> list[str]:
        """The action types of the buttons under a message."""
        rows = message.get("reply_markup", {}).get("inline_keyboard", [])
        contents = [
            decode_callback_data(button["callback_data"]) for row in rows for button in row if "callback_data" in button
        ]
        return [content.action.type.value for content in contents if content]

    def press(self, message: Json, action_type: str, style: Style | None = None, *, user_id: int = USER_ID) -> Json:
        """The update of a button press."""
        for row in message["reply_markup"]["inline_keyboard"]:
            for button in row:
                content = decode_callback_data(button.get("callback_data", ""))
                if content and content.action.type == action_type and content.action.style in {style, None}:
                    return self.updates.button_press(message, button["callback_data"], user_id=user_id)
        raise AssertionError(f"no {action_type} under {message}")


@pytest.fixture
def telegram() -> Iterator[FakeTelegram]:
    with FakeTelegram() as telegram:
        yield telegram


@pytest.fixture
def settings(telegram: FakeTelegram) -> Settings:
    return Settings(telegram_token=SecretStr(telegram.token), telegram_api_url=telegram.url)


@pytest.fixture
def response_seconds() -> float:
    """For how long the client waits for a response when the worker is stopped."""
    return RESPONSE_SECONDS


@pytest.fixture
async def harness(
    telegram: FakeTelegram, resources: Resources, settings: Settings, storage_folder: Path, response_seconds: float
) -> AsyncIterator[TelegramHarness]:
    model = ScriptedModel()

    async def no_sleep(_: float) -> None:
        pass

    classifier = StyleClassifier(FakeBackend(model), FAKE_MODEL_CARD)
    judging = PhotoJudgingService(resources, classifier, daily_limit=DAILY_LIMIT)
    conversation = ConversationService(resources, judging, settings)
    async with create_bot(settings) as bot:
        limiter = MessageRateLimiter(sleep=no_sleep)
        client = TelegramClient(bot, limiter, sleep=no_sleep, response_seconds=response_seconds)
        handler = UpdateHandler(conversation, client, bot.bot, NO_DELAYS)
        async with JobQueue(resources.database.conninfo, handler.register_tasks) as queue:
            yield TelegramHarness(telegram, resources, handler, queue, model, storage_folder)


async def list_looks(harness: TelegramHarness, user_id: int = USER_ID) -> list[Look]:
    async with harness.resources.database.transaction() as connection:
        identity = await get_identity(connection, IdentityProvider.TELEGRAM, str(user_id))
        assert identity is not None
        return await looks.list_for_person(connection, identity.person_id, limit=99)
