"""KakaoTalk in one piece, for a process that serves it, does its jobs, or both."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
from procrastinate import App

from bot.kakao.photo_jobs import register_tasks
from bot.kakao.skill import SkillHandler
from core.conversation.service import ConversationService

HTTP_TIMEOUT = httpx.Timeout(10.0)
"""For each step of fetching a photo, and of a callback."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KakaoApp:
    """Eva on KakaoTalk."""

    skill_handler: SkillHandler
    """For the door."""
    register_tasks: Callable[[App], None]
    """For the queue."""


@asynccontextmanager
async def open_kakao_app(conversation: ConversationService) -> AsyncIterator[KakaoApp]:
    """Open what KakaoTalk needs, and close it."""
    async with httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=HTTP_TIMEOUT) as client:
        yield KakaoApp(skill_handler=SkillHandler(conversation), register_tasks=register_tasks(conversation, client))
