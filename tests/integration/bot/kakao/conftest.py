"""A KakaoTalk of one's own, and an Eva who answers it: real HTTP, a real queue and database, scripted eyes."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from fastapi import FastAPI
from pydantic import HttpUrl, SecretStr

from bot.kakao.service import open_kakao
from bot.stylist import Stylist
from bot.testing.kakao import BOT, FakeKakao, KakaoAnswer
from core.judging import Judging
from core.memory import Memory
from core.queue import Queue
from core.settings import Environment, Settings
from core.styles import Style
from core.vision.classifier import StyleClassifier
from core.vision.scripted import SCRIPTED_CARD, ScriptedEngine, scripted_outputs
from webhooks.kakao import kakao_door
from webhooks.server import serve_app

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from core.vision.engines import Outputs

KEY = "the key of the skill"
PATIENT = 60.0
"""Seconds to wait for what must happen, on a machine that may be busy."""

Json = dict[str, Any]


class Eyes:
    """Sees the styles in their order, counts how often it looked, and waits while it is told to."""

    def __init__(self) -> None:
        self.looked = 0
        self.open = threading.Event()
        self.open.set()

    def __call__(self, pixels: NDArray[np.uint8]) -> Outputs:
        self.open.wait(PATIENT)
        self.looked += 1
        return scripted_outputs(list(Style)[self.looked % 8])


@dataclass(kw_only=True)
class Stage:
    """Eva and her KakaoTalk."""

    kakao: FakeKakao
    memory: Memory
    eyes: Eyes
    settings: Settings
    threads: ThreadPoolExecutor

    async def send(self, payload: Json, *, key: str | None = None) -> KakaoAnswer:
        """Call the skill. Every answer of Eva's must be in time and shown."""
        loop = asyncio.get_running_loop()
        answer = await loop.run_in_executor(self.threads, lambda: self.kakao.send(payload, key=key))
        if answer.status == 200:
            assert answer.breaches == []
        return answer

    async def say(self, words: str, **more: Any) -> KakaoAnswer:
        return await self.send(self.kakao.words(words, **more))

    async def show(self, photo: bytes, **more: Any) -> KakaoAnswer:
        return await self.send(self.kakao.photo(photo, **more))

    async def press(self, answer: KakaoAnswer, verb: str, *, style: Style | None = None, **more: Any) -> KakaoAnswer:
        """Press the button with this verb, and style, under an answer."""
        return await self.send(self.kakao.press(button(answer.reply, verb, style), **more))

    async def agree(self, **more: Any) -> None:
        await self.say("동의해요", **more)


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENT):
        while not await true():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


def buttons(reply: Any) -> list[Json]:
    """All buttons of a reply that carry an action."""
    template = reply["template"]
    cards = [bubble for output in template["outputs"] for bubble in output.values()]
    found = [*template.get("quickReplies", []), *(each for card in cards for each in card.get("buttons", []))]
    return [each for each in found if "extra" in each]


def verbs(reply: Any) -> list[str]:
    return [each["extra"]["do"] for each in buttons(reply)]


def button(reply: Any, verb: str, style: Style | None = None) -> Json:
    wanted = {"do": verb} | ({"style": style.value} if style else {})
    return next(each for each in buttons(reply) if wanted.items() <= each["extra"].items())


def cards(reply: Any) -> list[Json]:
    return [output["basicCard"] for output in reply["template"]["outputs"] if "basicCard" in output]


def is_verdict(reply: Any) -> bool:
    return bool(cards(reply))


@pytest.fixture
def eyes() -> Iterator[Eyes]:
    eyes = Eyes()
    yield eyes
    eyes.open.set()


@pytest.fixture
def env() -> Environment:
    return Environment.DEVELOPMENT


@pytest.fixture
def public_url() -> HttpUrl | None:
    return HttpUrl("https://eva.example")


@pytest.fixture
def settings(env: Environment, public_url: HttpUrl | None) -> Settings:
    return Settings(
        env=env,
        kakao_key=SecretStr(KEY),
        kakao_bot_id=BOT,
        kakao_image_hosts=("127.0.0.1",),
        public_url=public_url,
    )


@pytest.fixture
def daily_photos() -> int | None:
    return None


@pytest.fixture
async def stage(memory: Memory, eyes: Eyes, settings: Settings, daily_photos: int | None) -> AsyncIterator[Stage]:
    judging = Judging(memory, StyleClassifier(ScriptedEngine(eyes), SCRIPTED_CARD), daily_photos=daily_photos)
    async with open_kakao(Stylist(memory, judging, settings)) as eva:
        app = FastAPI()
        app.include_router(kakao_door(eva.conversation, settings))
        with socket.create_server(("127.0.0.1", 0)) as door, ThreadPoolExecutor(40) as threads:
            url = f"http://127.0.0.1:{door.getsockname()[1]}/kakao/skill"
            async with Queue(memory.database.conninfo, eva.tasks) as queue:
                running = [asyncio.ensure_future(serve_app(app, door)()), asyncio.ensure_future(queue.work({}))]
                with FakeKakao(skill_url=url, key=KEY) as kakao:
                    yield Stage(kakao=kakao, memory=memory, eyes=eyes, settings=settings, threads=threads)
                eyes.open.set()
                for task in running:
                    task.cancel()
                    with contextlib.suppress(asyncio.CancelledError):
                        await task
