import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.kakao.callback import CallbackStatus, post_callback
from bot.kakao.replies import callback_promise, text_reply
from bot.testing.kakao import CALLBACK_NOT_PROMISED, INVALID_TOKEN, FakeKakao
from bot.testing.server import LocalServer
from core.errors import DeliveryError, ForbiddenUrlError, InvalidReplyError
from core.i18n.translations import Language
from core.settings import Environment, Settings

REPLY = text_reply("다 봤어요.", language=Language.KO)
DEVELOPMENT = Settings(env=Environment.DEVELOPMENT, kakao_image_hosts=("127.0.0.1",))


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False) as client:
        yield client


@pytest.fixture
def kakao() -> Iterator[FakeKakao]:
    async def promised(_: Request) -> Response:
        return JSONResponse(callback_promise(Language.KO))

    app = Starlette(routes=[Route("/skill", promised, methods=["POST"])])
    with LocalServer(app) as skill, FakeKakao(skill_url=f"{skill.url}/skill") as kakao:
        yield kakao


def address(payload: dict[str, Any]) -> str:
    return str(payload["userRequest"]["callbackUrl"])


async def test_later_answer_is_taken_once(client: httpx.AsyncClient, kakao: FakeKakao) -> None:
    payload = kakao.text_message("안녕", callback=True)
    await asyncio.to_thread(kakao.send, payload)
    first = await post_callback(client, address(payload), REPLY, DEVELOPMENT)
    second = await post_callback(client, address(payload), REPLY, DEVELOPMENT)

    assert first.status is CallbackStatus.ACCEPTED
    assert (second.status, second.message) == (CallbackStatus.REFUSED, INVALID_TOKEN)
    assert kakao.callbacks[0].text == "다 봤어요."


async def test_answer_before_the_promise_is_refused(client: httpx.AsyncClient, kakao: FakeKakao) -> None:
    answer = await post_callback(client, address(kakao.text_message("안녕", callback=True)), REPLY, DEVELOPMENT)

    assert (answer.status, answer.message) == (CallbackStatus.REFUSED, CALLBACK_NOT_PROMISED)


@pytest.mark.parametrize(
    "url", ["https://evil.example/cb", "https://kakao.com.evil.example/", "http://bot-api.kakao.com/"]
)
async def test_address_of_somebody_else_gets_nothing(client: httpx.AsyncClient, url: str) -> None:
    with pytest.raises(ForbiddenUrlError):
        await post_callback(client, url, REPLY, DEVELOPMENT)


async def test_local_address_is_for_development_alone(client: httpx.AsyncClient, kakao: FakeKakao) -> None:
    production = Settings(env=Environment.PRODUCTION, kakao_image_hosts=("127.0.0.1",))
    with pytest.raises(ForbiddenUrlError):
        await post_callback(client, address(kakao.text_message("안녕", callback=True)), REPLY, production)
    assert kakao.callbacks == []


async def test_reply_that_would_not_be_shown_is_not_sent(client: httpx.AsyncClient, kakao: FakeKakao) -> None:
    with pytest.raises(InvalidReplyError):
        await post_callback(client, address(kakao.text_message("안녕", callback=True)), {"version": "2.0"}, DEVELOPMENT)
    assert kakao.callbacks == []


async def test_no_connection_means_nothing_was_sent(client: httpx.AsyncClient) -> None:
    with pytest.raises(DeliveryError):
        await post_callback(client, "http://127.0.0.1:1/callback/x", REPLY, DEVELOPMENT)


@pytest.mark.parametrize("answer", [PlainTextResponse("busy", 500), JSONResponse([]), JSONResponse({})])
async def test_answer_that_cannot_be_read_leaves_it_unsure(client: httpx.AsyncClient, answer: Response) -> None:
    async def callback(_: Request) -> Response:
        return answer

    with LocalServer(Starlette(routes=[Route("/callback", callback, methods=["POST"])])) as server:
        acknowledged = await post_callback(client, f"{server.url}/callback", REPLY, DEVELOPMENT)

    assert acknowledged.status is CallbackStatus.UNKNOWN
