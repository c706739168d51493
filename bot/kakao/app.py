"""The KakaoTalk channel of one process, which serves skill requests, runs jobs, or both."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from bot.kakao.photo_jobs import DEFAULT_TIMING, KakaoTiming, PhotoJobs
from bot.kakao.skill import SkillHandler
from core.conversation.service import ConversationService

HTTP_TIMEOUT = httpx.Timeout(10.0)
"""For each step of fetching a photo or posting a callback."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KakaoApp:
    """The parts of the channel."""

    skill_handler: SkillHandler
    """Answers the requests that the webhook receives."""
    photo_jobs: PhotoJobs
    """The tasks of the queue."""


@asynccontextmanager
async def open_kakao_app(
    conversation: ConversationService, timing: KakaoTiming = DEFAULT_TIMING
) -> AsyncIterator[KakaoApp]:
    """Open the channel with its HTTP client, and close the client in the end."""
    async with httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=HTTP_TIMEOUT) as client:
        yield KakaoApp(
            skill_handler=SkillHandler(conversation, timing), photo_jobs=PhotoJobs(conversation, client, timing)
        )
