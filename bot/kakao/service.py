"""KakaoTalk in one piece, for a process that serves it, does its jobs, or both."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx

from bot.kakao.conversation import Conversation
from bot.kakao.tasks import tasks

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from procrastinate import App

    from bot.stylist import Stylist

__all__ = ["Kakao", "open_kakao"]

TIMEOUT = httpx.Timeout(10.0)
"""For each step of fetching a photo, and of a callback."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kakao:
    """Eva on KakaoTalk."""

    conversation: Conversation
    """For the door."""
    tasks: Callable[[App], None]
    """For the queue."""


@asynccontextmanager
async def open_kakao(stylist: Stylist) -> AsyncIterator[Kakao]:
    """Open what KakaoTalk needs, and close it."""
    async with httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=TIMEOUT) as client:
        yield Kakao(conversation=Conversation(stylist), tasks=tasks(stylist, client))
