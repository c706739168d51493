"""A fake KakaoTalk against the channel: real HTTP, real queue and database, a scripted model."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import SecretStr
from sqlalchemy import text as sql

from bot.app import BotApplication, KakaoApp, open_kakao_app
from bot.kakao.photo_jobs import KakaoTiming
from bot.testing.kakao import BOT_ID, SKILL_TIMEOUT, FakeKakao, KakaoResponse
from core.conversation.service import ConversationService
from core.db import looks, people
from core.db.looks import Look
from core.db.people import Person
from core.db.schema import IdentityProvider
from core.i18n.translations import Language
from core.jobs.worker import JobQueue
from core.resources import Resources
from core.services.photo_judging import PhotoJudgingService
from core.settings import Environment, Settings
from core.styles import Style
from core.vision.backends import ModelOutputs
from core.vision.classifier import StyleClassifier
from core.vision.fake_backend import FAKE_MODEL_CARD, FakeBackend, make_outputs
from tests.harness import serve_on_free_port
from webhooks.app import create_webhook_app
from webhooks.messengers import RESPONSE_DEADLINE

KEY = "the key of the skill"
WAIT_SECONDS = 60.0
"""Limit for everything that must happen, on a machine that may be busy."""

Json = dict[str, Any]


class PausableModel:
    """Returns the styles in turn, counts its calls, and can be paused."""

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
    """The channel and a fake KakaoTalk."""

    app: KakaoApp
    kakao: FakeKakao
    resources: Resources
    model: PausableModel
    settings: Settings
    threads: ThreadPoolExecutor

    async def send(self, payload: Json, *, key: str | None = None) -> KakaoResponse:
        """Send a skill request. Every response must be valid."""
        loop = asyncio.get_running_loop()
        response = await loop.run_in_executor(self.threads, lambda: self.kakao.send(payload, key=key))
        if response.status == 200:
            assert response.violations == []
        return response

    async def send_text(self, text: str, **more: Any) -> KakaoResponse:
        return await self.send(self.kakao.text_message(text, **more))

    async def send_photo(self, photo: bytes, **more: Any) -> KakaoResponse:
        return await self.send(self.kakao.photo(photo, **more))

    async def press_button(
        self, response: KakaoResponse, action: str, *, style: Style | None = None, **more: Any
    ) -> KakaoResponse:
        """Press the button of an action, and style, under a response."""
        return await self.send(self.kakao.button_press(find_button(response.reply, action, style), **more))

    async def give_consent(self, **more: Any) -> KakaoResponse:
        """Press the button of a consent card of any age."""
        button = {"label": "동의해요", "messageText": "동의해요", "extra": {"do": "agree"}}
        return await self.send(self.kakao.button_press(button, **more))

    def change_timing(self, **changes: Any) -> None:
        """Change time limits of the running channel."""
        timing = replace(self.app.photo_jobs.timing, **changes)
        self.app.skill_handler.results.timing = self.app.photo_jobs.timing = timing


async def wait_until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(WAIT_SECONDS):
        while not await condition():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def inbox_rows(harness: KakaoHarness) -> list[tuple[bool, bool]]:
    """For every update: whether it is processed, and whether it still has a payload."""
    async with harness.resources.database.transaction() as connection:
        rows = await connection.execute(sql("SELECT processed_at, payload FROM inbox ORDER BY id"))
        return [(row.processed_at is not None, row.payload is not None) for row in rows]


async def wait_until_processed(harness: KakaoHarness) -> None:
    """Wait until every photo request is processed."""

    async def all_processed() -> bool:
        return all(is_processed for is_processed, _ in await inbox_rows(harness))

    await wait_until(all_processed)


async def count_looks(harness: KakaoHarness) -> int:
    async with harness.resources.database.transaction() as connection:
        number: int = (await connection.execute(sql("SELECT count(*) FROM looks"))).scalar_one()
        return number


async def get_person(harness: KakaoHarness) -> Person:
    async with harness.resources.database.transaction() as connection:
        (subject,) = (
            await connection.execute(sql("SELECT subject FROM identities WHERE provider = 'kakao'"))
        ).scalars()
        return await people.get_or_create_by_identity(connection, IdentityProvider.KAKAO, subject, language=Language.KO)


async def get_only_look(harness: KakaoHarness) -> Look:
    person = await get_person(harness)
    async with harness.resources.database.transaction() as connection:
        (look,) = await looks.list_for_person(connection, person.id, limit=9)
        return look


def buttons(reply: Any) -> list[Json]:
    """All buttons of a reply that carry an action."""
    template = reply["template"]
    cards = [bubble for output in template["outputs"] for bubble in output.values()]
    all_buttons = [*template.get("quickReplies", []), *(button for card in cards for button in card.get("buttons", []))]
    return [button for button in all_buttons if "extra" in button]


def button_actions(reply: Any) -> list[str]:
    return [button["extra"]["do"] for button in buttons(reply)]


def find_button(reply: Any, action: str, style: Style | None = None) -> Json:
    extra = {"do": action} | ({"style": style.value} if style else {})
    return next(button for button in buttons(reply) if extra.items() <= button["extra"].items())


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
def timing() -> KakaoTiming:
    """Results are waited for as long as it takes: a busy machine may need longer than KakaoTalk waits."""
    return KakaoTiming(result_wait=WAIT_SECONDS)


@pytest.fixture
def skill_timeout() -> float:
    """Seconds that KakaoTalk waits for a response."""
    return 2 * WAIT_SECONDS


@pytest.fixture
async def harness(
    resources: Resources,
    model: PausableModel,
    settings: Settings,
    daily_photos: int | None,
    timing: KakaoTiming,
    skill_timeout: float,
) -> AsyncIterator[KakaoHarness]:
    classifier = StyleClassifier(FakeBackend(model), FAKE_MODEL_CARD)
    judging = PhotoJudgingService(resources, classifier, daily_limit=daily_photos)
    conversation = ConversationService(resources, judging, settings)
    async with open_kakao_app(conversation, timing) as kakao_app:
        application = BotApplication(
            settings=settings, resources=resources, classifier=classifier, conversation=conversation, kakao=kakao_app
        )
        app = create_webhook_app(application, skill_deadline=RESPONSE_DEADLINE / SKILL_TIMEOUT * skill_timeout)
        # Its threads end last: their requests may wait for the server.
        with ThreadPoolExecutor(40) as threads:
            async with (
                serve_on_free_port(app) as url,
                JobQueue(resources.database.conninfo, kakao_app.photo_jobs.register_tasks) as queue,
            ):
                working = asyncio.create_task(queue.run_worker({}))
                with FakeKakao(skill_url=f"{url}/kakao/skill", key=KEY, skill_timeout=skill_timeout) as kakao:
                    yield KakaoHarness(
                        app=kakao_app, kakao=kakao, resources=resources, model=model, settings=settings, threads=threads
                    )
                model.unpaused.set()
                working.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await working
