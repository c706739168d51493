import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.kakao.callback import post_callback
from bot.kakao.replies import callback_promise, text_reply
from bot.testing.kakao import CALLBACK_NOT_PROMISED, INVALID_TOKEN, FakeKakao
from bot.testing.server import LocalServer
from core.errors import DeliveryError, ForbiddenUrlError, InvalidReplyError
from core.i18n.translations import Language
from core.metrics import DeliveryOutcome
from core.settings import Environment, Settings

REPLY = text_reply("다 봤어요.", language=Language.KO)
DEVELOPMENT = Settings(env=Environment.DEVELOPMENT, kakao_image_hosts=("127.0.0.1",))


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        yield client


@pytest.fixture
def kakao() -> Iterator[FakeKakao]:
    async def promise(_: Request) -> Response:
        return JSONResponse(callback_promise(Language.KO))

    app = Starlette(routes=[Route("/skill", promise, methods=["POST"])])
    with LocalServer(app) as skill, FakeKakao(skill_url=f"{skill.url}/skill") as kakao:
        yield kakao


def callback_url(payload: dict[str, Any]) -> str:
    return str(payload["userRequest"]["callbackUrl"])


async def test_callback_url_accepts_one_reply(client: httpx.AsyncClient, kakao: FakeKakao) -> None:
    payload = kakao.text_message("안녕", callback=True)
    await asyncio.to_thread(kakao.send, payload)
    first = await post_callback(client, callback_url(payload), REPLY, DEVELOPMENT)
    second = await post_callback(client, callback_url(payload), REPLY, DEVELOPMENT)

    assert first.outcome is DeliveryOutcome.SENT
    assert (second.outcome, second.message) == (DeliveryOutcome.REFUSED, INVALID_TOKEN)
    assert kakao.callbacks[0].text == "다 봤어요."


async def test_callback_before_the_promise_is_refused(client: httpx.AsyncClient, kakao: FakeKakao) -> None:
    result = await post_callback(client, callback_url(kakao.text_message("안녕", callback=True)), REPLY, DEVELOPMENT)

    assert (result.outcome, result.message) == (DeliveryOutcome.REFUSED, CALLBACK_NOT_PROMISED)


@pytest.mark.parametrize(
    "url", ["https://evil.example/cb", "https://kakao.com.evil.example/", "http://bot-api.kakao.com/"]
)
async def test_url_of_another_host_is_forbidden(client: httpx.AsyncClient, url: str) -> None:
    with pytest.raises(ForbiddenUrlError):
        await post_callback(client, url, REPLY, DEVELOPMENT)


async def test_local_url_is_allowed_in_development_only(client: httpx.AsyncClient, kakao: FakeKakao) -> None:
    production = Settings(env=Environment.PRODUCTION, kakao_image_hosts=("127.0.0.1",))
    with pytest.raises(ForbiddenUrlError):
        await post_callback(client, callback_url(kakao.text_message("안녕", callback=True)), REPLY, production)
    assert kakao.callbacks == []


async def test_invalid_reply_is_not_sent(client: httpx.AsyncClient, kakao: FakeKakao) -> None:
    with pytest.raises(InvalidReplyError):
        await post_callback(
            client, callback_url(kakao.text_message("안녕", callback=True)), {"version": "2.0"}, DEVELOPMENT
        )
    assert kakao.callbacks == []


async def test_failed_connection_is_a_delivery_error(client: httpx.AsyncClient) -> None:
    with pytest.raises(DeliveryError):
        await post_callback(client, "http://127.0.0.1:1/callback/x", REPLY, DEVELOPMENT)


@pytest.mark.parametrize("response", [PlainTextResponse("busy", 500), JSONResponse([]), JSONResponse({})])
async def test_invalid_response_is_an_unknown_outcome(client: httpx.AsyncClient, response: Response) -> None:
    async def callback(_: Request) -> Response:
        return response

    with LocalServer(Starlette(routes=[Route("/callback", callback, methods=["POST"])])) as server:
        result = await post_callback(client, f"{server.url}/callback", REPLY, DEVELOPMENT)

    assert result.outcome is DeliveryOutcome.UNSURE
