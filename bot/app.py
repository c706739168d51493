"""Assembly of a process: the shared resources, the services built on them, the messengers, and the worker."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

import httpx
import structlog
from anyio import to_thread
from procrastinate import App

from bot.kakao.photo_jobs import DEFAULT_TIMING, KakaoTiming, PhotoJobs
from bot.kakao.skill import SkillHandler
from bot.telegram.bot import open_bot
from bot.telegram.client import MessageRateLimiter, TelegramClient
from bot.telegram.daily_news import DailyNews
from bot.telegram.polling import run_polling
from bot.telegram.queue_notifier import QueueNotifier
from bot.telegram.worker import UpdateHandler, register_former_jobs
from core.conversation.service import ConversationService
from core.db import inbox
from core.jobs.maintenance import MAINTENANCE_QUEUE
from core.jobs.queue import DEFAULT_QUEUE
from core.jobs.worker import JobQueue
from core.resources import Resources, open_resources
from core.runtime import ProcessKind, available_cpus
from core.services import deletion
from core.services.photo_judging import PhotoJudgingService
from core.settings import Settings
from core.vision.classifier import StyleClassifier, load_classifier

JOBS_PER_CPU = 64
"""Concurrent jobs. Most of them wait for Telegram's rate limit; `Resources.cpu_limiter` limits the inference."""
OTHER_QUEUES = (DEFAULT_QUEUE, MAINTENANCE_QUEUE)
"""The queues of jobs that do not need Telegram."""
KAKAO_TIMEOUT = httpx.Timeout(10.0)
"""For each step of fetching a photo or posting a callback."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class KakaoApp:
    """The KakaoTalk channel of one process, which serves skill requests, runs jobs, or both."""

    skill_handler: SkillHandler
    """Answers the requests that the webhook receives."""
    photo_jobs: PhotoJobs
    """The tasks of the queue."""


@asynccontextmanager
async def open_kakao_app(
    conversation: ConversationService, timing: KakaoTiming = DEFAULT_TIMING
) -> AsyncIterator[KakaoApp]:
    """Open the channel with its HTTP client, and close the client in the end."""
    async with httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=KAKAO_TIMEOUT) as client:
        yield KakaoApp(
            skill_handler=SkillHandler(conversation, timing), photo_jobs=PhotoJobs(conversation, client, timing)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class BotApplication:
    """The services of one process."""

    settings: Settings
    resources: Resources
    classifier: StyleClassifier
    conversation: ConversationService
    kakao: KakaoApp | None
    """None without EVA_KAKAO_SKILL_KEY."""

    async def has_pending_updates(self) -> bool:
        """Whether there are unfinished updates."""
        async with self.resources.database.connection() as connection:
            return bool(await inbox.count_unfinished(connection))

    async def run_polling(self) -> None:
        """Poll Telegram for updates until canceled; returns immediately without EVA_TELEGRAM_TOKEN.

        Raises:
            InvalidBotTokenError: Telegram rejects the token.
        """
        if self.settings.telegram_token is not None:
            async with open_bot(self.settings) as bot:
                await run_polling(bot, self.resources)

    async def run_worker(self) -> None:
        """Run jobs, and send notices about waiting photos, until canceled.

        A worker that starts while Telegram cannot be reached runs all other jobs until it can.

        Raises:
            InvalidBotTokenError: Telegram rejects the token.
        """
        if self.settings.telegram_token is None:
            await self._run_jobs()
            return
        other_jobs = partial(self._run_jobs, register_former_jobs, queues=OTHER_QUEUES)
        async with open_bot(self.settings, meanwhile=other_jobs) as bot:
            client = TelegramClient(bot, MessageRateLimiter(self.settings.telegram_messages_per_second))
            handler = UpdateHandler(self.conversation, client, bot.bot)
            news = DailyNews(self.resources, client)
            # If one of the tasks fails, the group cancels the other and the process ends.
            async with asyncio.TaskGroup() as group:
                group.create_task(self._run_jobs(handler.register_tasks, news.register_tasks))
                group.create_task(QueueNotifier(self.resources, client, bot.bot).run())

    async def _run_jobs(self, *register: Callable[[App], None], queues: Sequence[str] | None = None) -> None:
        """Run the jobs of some queues, or of all, until canceled.

        Args:
            register: registers tasks of Telegram.
            queues: whose jobs are run.
        """
        others = [deletion.register_tasks]
        if self.kakao is not None:
            others.append(self.kakao.photo_jobs.register_tasks)
        async with JobQueue(self.resources.database.conninfo, *others, *register, queues=queues) as queue:
            await queue.run_worker({"resources": self.resources}, concurrency=JOBS_PER_CPU * available_cpus())


@asynccontextmanager
async def open_application(
    settings: Settings, process: ProcessKind = ProcessKind.COMMAND
) -> AsyncIterator[BotApplication]:
    """Open the resources and build the services; closes the resources at the end.

    Raises:
        MissingSecretKeyError: EVA_SECRET_KEY is not set in production.
        WeakSecretKeyError: the secret key is empty or too short.
        ModelError: the model cannot be loaded.
        DecoderUnavailableError: photos cannot be decoded.
        PersistenceError: the database or the object storage cannot be used.
    """
    async with AsyncExitStack() as stack:
        classifier = stack.enter_context(load_classifier(settings))
        resources = await stack.enter_async_context(open_resources(settings, process))
        await to_thread.run_sync(resources.decode_pool.start)
        photo_judging = PhotoJudgingService(resources, classifier, daily_limit=settings.photos_per_person_per_day)
        conversation = ConversationService(resources, photo_judging, settings)
        kakao = None
        if settings.kakao_skill_key is not None:
            kakao = await stack.enter_async_context(open_kakao_app(conversation))
        yield BotApplication(
            settings=settings, resources=resources, classifier=classifier, conversation=conversation, kakao=kakao
        )
