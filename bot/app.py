"""Everything that a process of Eva's holds open: her memory, her eyes, the messengers that are on, and her queue."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import structlog
from procrastinate import App
from telegram.error import InvalidToken, NetworkError
from telegram.ext import ExtBot

from bot.kakao.app import KakaoApp, open_kakao_app
from bot.telegram.client import TelegramClient, create_bot
from bot.telegram.queue_notifier import QueueNotifier
from bot.telegram.setup import run_polling
from bot.telegram.worker import UpdateHandler, register_tasks
from core.conversation.service import ConversationService
from core.db import inbox
from core.errors import InvalidBotTokenError
from core.jobs.queue import JobQueue
from core.resources import Resources, open_resources
from core.services import retention
from core.services.photo_judging import PhotoJudgingService
from core.settings import Settings
from core.vision.backends import available_cpus
from core.vision.classifier import StyleClassifier, load_classifier

JOBS_PER_CORE = 64
"""Jobs at a time: they wait for messengers most of the time, a second for each bubble; how many photos are judged at
once is decided by the cores. Fewer would leave the cores idle while bubbles wait for their second."""
RECONNECT_DELAY = 5.0
"""Seconds until Telegram is tried again that could not be reached at the start."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class BotApplication:
    """Eva, ready to work."""

    settings: Settings
    resources: Resources
    classifier: StyleClassifier
    conversation: ConversationService
    """Eva at work, for the site as well as for the messengers."""
    kakao: KakaoApp | None
    """None while KakaoTalk is off."""
    workers: tuple[Callable[[], Awaitable[None]], ...] = field(default=())
    """What a worker does side by side, each until it is cancelled; nothing in a process that only serves."""

    async def has_pending_updates(self) -> bool:
        """Whether there are updates that are not done."""
        async with self.resources.database.transaction() as connection:
            return bool(await inbox.count_unfinished(connection))

    async def run_polling(self) -> None:
        """Fetch Telegram's updates until cancelled; nothing happens while Telegram is off.

        Raises:
            InvalidBotTokenError: Telegram does not know the token.
        """
        if self.settings.telegram_token is not None:
            async with _open_bot(self.settings) as bot:
                await run_polling(bot, self.resources)


@asynccontextmanager
async def open_application(settings: Settings, *, run_worker: bool) -> AsyncIterator[BotApplication]:
    """Open everything, and close it in the other order.

    Args:
        settings: of this process.
        works: whether it does the queue's jobs, and so talks to Telegram itself.

    Raises:
        ModelError: the model cannot be used.
        MissingSecretKeyError: EVA_SECRET_KEY is not set in production.
        PersistenceError: the database or the place for pictures cannot be used.
    """
    async with AsyncExitStack() as stack:
        classifier = stack.enter_context(load_classifier(settings))
        memory = await stack.enter_async_context(open_resources(settings))
        judging = PhotoJudgingService(memory, classifier, daily_limit=settings.photos_per_person_per_day)
        stylist = ConversationService(memory, judging, settings)
        kakao = (
            await stack.enter_async_context(open_kakao_app(stylist)) if settings.kakao_skill_key is not None else None
        )
        work = (_build_worker(memory, stylist, kakao),) if run_worker else ()
        yield BotApplication(
            settings=settings,
            resources=memory,
            classifier=classifier,
            conversation=stylist,
            kakao=kakao,
            workers=work,
        )


def _build_worker(
    resources: Resources, conversation: ConversationService, kakao: KakaoApp | None
) -> Callable[[], Awaitable[None]]:
    async def work() -> None:
        every: list[Callable[[App], None]] = [retention.register_tasks]
        if kakao is not None:
            every.append(kakao.photo_jobs.register_tasks)
        async with AsyncExitStack() as stack:
            beside = []
            if conversation.settings.telegram_token is not None:
                bot = await stack.enter_async_context(_open_bot(conversation.settings))
                sender = TelegramClient(bot)
                every.append(register_tasks(UpdateHandler(conversation, sender, bot.bot)))
                beside.append(QueueNotifier(resources, sender, bot.bot).run())
            queue = await stack.enter_async_context(JobQueue(resources.database.conninfo, *every))
            # One that fails ends the other, and so the process: nobody shall work without manners unnoticed.
            async with asyncio.TaskGroup() as group:
                for each in (
                    queue.run_worker({"resources": resources}, concurrency=JOBS_PER_CORE * available_cpus()),
                    *beside,
                ):
                    group.create_task(each)

    return work


@asynccontextmanager
async def _open_bot(settings: Settings) -> AsyncIterator[ExtBot[int]]:
    """The bot, as soon as Telegram can be reached.

    Raises:
        InvalidBotTokenError: Telegram does not know the token.
    """
    while True:
        bot = create_bot(settings)
        try:
            await bot.initialize()
            break
        except InvalidToken as error:
            raise InvalidBotTokenError from error
        except NetworkError as fault:
            log.warning("telegram cannot be reached", fault=type(fault).__name__)
            await asyncio.sleep(RECONNECT_DELAY)
    try:
        yield bot
    finally:
        await bot.shutdown()
