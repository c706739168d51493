"""Everything that a process of Eva's holds open: her memory, her eyes, the messengers that are on, and her queue."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog
from telegram.error import InvalidToken, NetworkError

from bot.kakao.service import open_kakao
from bot.stylist import Stylist
from bot.telegram.conversation import Conversation
from bot.telegram.polling import take_all_in
from bot.telegram.sender import Sender, make_bot
from bot.telegram.tasks import tasks
from bot.telegram.usher import Usher
from core import retention
from core.db import inbox
from core.errors import TokenRefused
from core.judging import Judging
from core.memory import open_memory
from core.queue import Queue
from core.vision.classifier import load_classifier
from core.vision.engines import usable_cores

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from telegram.ext import ExtBot

    from bot.kakao.service import Kakao
    from core.memory import Memory
    from core.settings import Settings
    from core.vision.classifier import StyleClassifier

__all__ = ["Service", "open_service"]

JOBS_PER_CORE = 64
"""Jobs at a time: they wait for messengers most of the time, a second for each bubble; how many photos are judged at
once is decided by the cores. Fewer would leave the cores idle while bubbles wait for their second."""
AGAIN = 5.0
"""Seconds until Telegram is tried again that could not be reached at the start."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Eva, ready to work."""

    settings: Settings
    memory: Memory
    classifier: StyleClassifier
    stylist: Stylist
    """Eva at work, for the site as well as for the messengers."""
    kakao: Kakao | None
    """None while KakaoTalk is off."""
    work: tuple[Callable[[], Awaitable[None]], ...] = field(default=())
    """What a worker does side by side, each until it is cancelled; nothing in a process that only serves."""

    async def busy(self) -> bool:
        """Whether there are updates that are not done."""
        async with self.memory.database.begin() as connection:
            return bool(await inbox.undone(connection))

    async def poll(self) -> None:
        """Fetch Telegram's updates until cancelled; nothing happens while Telegram is off.

        Raises:
            TokenRefused: Telegram does not know the token.
        """
        if self.settings.telegram_token is not None:
            async with _open_bot(self.settings) as bot:
                await take_all_in(bot, self.memory)


@asynccontextmanager
async def open_service(settings: Settings, *, works: bool) -> AsyncIterator[Service]:
    """Open everything, and close it in the other order.

    Args:
        settings: of this process.
        works: whether it does the queue's jobs, and so talks to Telegram itself.

    Raises:
        ModelError: the model cannot be used.
        SecretMissing: EVA_SECRET_KEY is not set in production.
        MemoryFault: the database or the place for pictures cannot be used.
    """
    async with AsyncExitStack() as stack:
        classifier = stack.enter_context(load_classifier(settings))
        memory = await stack.enter_async_context(open_memory(settings))
        judging = Judging(memory, classifier, daily_photos=settings.daily_photos)
        stylist = Stylist(memory, judging, settings)
        kakao = await stack.enter_async_context(open_kakao(stylist)) if settings.kakao_key is not None else None
        work = (_do_jobs(memory, stylist, kakao),) if works else ()
        yield Service(
            settings=settings,
            memory=memory,
            classifier=classifier,
            stylist=stylist,
            kakao=kakao,
            work=work,
        )


def _do_jobs(memory: Memory, stylist: Stylist, kakao: Kakao | None) -> Callable[[], Awaitable[None]]:
    async def work() -> None:
        every = [retention.tasks, *([kakao.tasks] if kakao is not None else [])]
        async with AsyncExitStack() as stack:
            beside = []
            if stylist.settings.telegram_token is not None:
                bot = await stack.enter_async_context(_open_bot(stylist.settings))
                sender = Sender(bot)
                every.append(tasks(Conversation(stylist, sender, bot.bot)))
                beside.append(Usher(memory, sender, bot.bot).work())
            queue = await stack.enter_async_context(Queue(memory.database.conninfo, *every))
            # One that fails ends the other, and so the process: nobody shall work without manners unnoticed.
            async with asyncio.TaskGroup() as group:
                for each in (queue.work({"memory": memory}, concurrency=JOBS_PER_CORE * usable_cores()), *beside):
                    group.create_task(each)

    return work


@asynccontextmanager
async def _open_bot(settings: Settings) -> AsyncIterator[ExtBot[int]]:
    """The bot, as soon as Telegram can be reached.

    Raises:
        TokenRefused: Telegram does not know the token.
    """
    while True:
        bot = make_bot(settings)
        try:
            await bot.initialize()
            break
        except InvalidToken as error:
            raise TokenRefused from error
        except NetworkError as fault:
            log.warning("telegram cannot be reached", fault=type(fault).__name__)
            await asyncio.sleep(AGAIN)
    try:
        yield bot
    finally:
        await bot.shutdown()
