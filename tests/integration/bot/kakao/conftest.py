"""A KakaoTalk of one's own, and an Eva who answers it: real HTTP, a real queue and database, scripted eyes."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI
from numpy.typing import NDArray
from pydantic import SecretStr

from bot.kakao.app import open_kakao_app
from bot.testing.kakao import BOT_ID, FakeKakao, KakaoResponse
from core.conversation.service import ConversationService
from core.jobs.queue import JobQueue
from core.resources import Resources
from core.services.photo_judging import PhotoJudgingService
from core.settings import Environment, Settings
from core.styles import Style
from core.vision.backends import ModelOutputs
from core.vision.classifier import StyleClassifier
from core.vision.fake_backend import FAKE_MODEL_CARD, FakeBackend, make_outputs
from webhooks.kakao import create_skill_router
from webhooks.server import serve

KEY = "the key of the skill"
WAIT_SECONDS = 60.0
"""Seconds to wait for what must happen, on a machine that may be busy."""

Json = dict[str, Any]


class PausableModel:
    """Sees the styles in their order, counts how often it looked, and waits while it is told to."""

    def __init__(self) -> None:
        self.call_count = 0
        self.unpaused = threading.Event()
        self.unpaused.set()

    def __call__(self, pixels: NDArray[np.uint8]) -> ModelOutputs:
        self.unpaused.wait(WAIT_SECONDS)
        self.call_count += 1
        return make_outputs(list(Style)[self.call_count % 8])


@dataclass(kw_only=True)
class KakaoHarness:
    """Eva and her KakaoTalk."""

    kakao: FakeKakao
    resources: Resources
    model: PausableModel
    settings: Settings
    conversations: ThreadPoolExecutor

    async def send(self, payload: Json, *, key: str | None = None) -> KakaoResponse:
        """Call the skill. Every answer of Eva's must be in time and shown."""
        loop = asyncio.get_running_loop()
        answer = await loop.run_in_executor(self.conversations, lambda: self.kakao.send(payload, key=key))
        if answer.status == 200:
            assert answer.violations == []
        return answer

    async def send_text(self, words: str, **more: Any) -> KakaoResponse:
        return await self.send(self.kakao.text_message(words, **more))

    async def send_photo(self, photo: bytes, **more: Any) -> KakaoResponse:
        return await self.send(self.kakao.photo(photo, **more))

    async def press_button(
        self, answer: KakaoResponse, verb: str, *, style: Style | None = None, **more: Any
    ) -> KakaoResponse:
        """Press the button with this verb, and style, under an answer."""
        return await self.send(self.kakao.button_press(find_button(answer.reply, verb, style), **more))

    async def give_consent(self, **more: Any) -> None:
        await self.send_text("동의해요", **more)


async def wait_until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(WAIT_SECONDS):
        while not await condition():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


def buttons(reply: Any) -> list[Json]:
    """All buttons of a reply that carry an action."""
    template = reply["template"]
    cards = [bubble for output in template["outputs"] for bubble in output.values()]
    found = [*template.get("quickReplies", []), *(each for card in cards for each in card.get("buttons", []))]
    return [each for each in found if "extra" in each]


def button_actions(reply: Any) -> list[str]:
    return [each["extra"]["do"] for each in buttons(reply)]


def find_button(reply: Any, verb: str, style: Style | None = None) -> Json:
    wanted = {"do": verb} | ({"style": style.value} if style else {})
    return next(each for each in buttons(reply) if wanted.items() <= each["extra"].items())


def cards(reply: Any) -> list[Json]:
    return [output["basicCard"] for output in reply["template"]["outputs"] if "basicCard" in output]


def is_verdict(reply: Any) -> bool:
    return bool(cards(reply))


@pytest.fixture
def model() -> Iterator[PausableModel]:
    model = PausableModel()
    yield model
    model.unpaused.set()


@pytest.fixture
def env() -> Environment:
    return Environment.DEVELOPMENT


@pytest.fixture
def public_url() -> str | None:
    return "https://eva.example"


@pytest.fixture
def settings(env: Environment, public_url: str | None) -> Settings:
    return Settings(
        env=env,
        kakao_skill_key=SecretStr(KEY),
        kakao_bot_id=BOT_ID,
        kakao_image_hosts=("127.0.0.1",),
        public_url=public_url,
    )


@pytest.fixture
def daily_photos() -> int | None:
    return None


@pytest.fixture
async def harness(
    resources: Resources, model: PausableModel, settings: Settings, daily_photos: int | None
) -> AsyncIterator[KakaoHarness]:
    judging = PhotoJudgingService(
        resources, StyleClassifier(FakeBackend(model), FAKE_MODEL_CARD), daily_limit=daily_photos
    )
    async with open_kakao_app(ConversationService(resources, judging, settings)) as eva:
        app = FastAPI()
        app.include_router(create_skill_router(eva.skill_handler, settings))
        with socket.create_server(("127.0.0.1", 0)) as door, ThreadPoolExecutor(40) as threads:
            url = f"http://127.0.0.1:{door.getsockname()[1]}/kakao/skill"
            async with JobQueue(resources.database.conninfo, eva.register_tasks) as queue:
                running = [asyncio.ensure_future(serve(app, door)()), asyncio.ensure_future(queue.run_worker({}))]
                with FakeKakao(skill_url=url, key=KEY) as kakao:
                    yield KakaoHarness(
                        kakao=kakao, resources=resources, model=model, settings=settings, conversations=threads
                    )
                model.unpaused.set()
                for task in running:
                    task.cancel()
                    with contextlib.suppress(asyncio.CancelledError):
                        await task
