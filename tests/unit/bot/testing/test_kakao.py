"""The fake enforces Kakao's rules: one callback, after a promise, with a valid reply."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.kakao.payload import parse_request
from bot.kakao.replies import callback_promise, text_reply
from bot.testing.kakao import CALLBACK_NOT_PROMISED, INVALID_REPLY, INVALID_TOKEN, FakeKakao
from bot.testing.server import LocalServer
from core.i18n.translations import Language

VALID_REPLY = text_reply("안녕하세요", language=Language.KO)


class Skill:
    """A skill server with a fixed response that records its requests."""

    def __init__(self) -> None:
        self.reply: Any = VALID_REPLY
        self.status, self.media_type = 200, "application/json"
        self.headers: list[dict[str, str]] = []
        self.bodies: list[bytes] = []
        self.app = Starlette(routes=[Route("/skill", self._serve, methods=["POST"])])

    async def _serve(self, request: Request) -> Response:
        self.headers.append(dict(request.headers))
        self.bodies.append(await request.body())
        if self.reply is None:
            return PlainTextResponse("?")
        return JSONResponse(self.reply, self.status, media_type=self.media_type)


@pytest.fixture
def skill() -> Skill:
    return Skill()


@pytest.fixture
def kakao(skill: Skill) -> Iterator[FakeKakao]:
    with LocalServer(skill.app) as server, FakeKakao(skill_url=f"{server.url}/skill", key="secret") as kakao:
        yield kakao


def post_callback(kakao: FakeKakao, payload: Any, reply: Any = VALID_REPLY) -> dict[str, Any]:
    response: dict[str, Any] = httpx.post(
        payload["userRequest"]["callbackUrl"], json=reply, trust_env=False, timeout=60
    ).json()
    return response


def test_photo_can_be_fetched_from_its_url(kakao: FakeKakao, skill: Skill) -> None:
    kakao.send(kakao.photo(b"\xff\xd8\xffphoto"))

    request = parse_request(skill.bodies[0], (kakao.host,))
    assert httpx.get(request.photo_urls[0], trust_env=False, timeout=60).content == b"\xff\xd8\xffphoto"
    assert skill.headers[0]["x-skill-key"] == "secret"
    assert urlsplit(request.photo_urls[0]).hostname == kakao.host


def test_secure_plugin_sends_all_photos_with_consent(kakao: FakeKakao, skill: Skill) -> None:
    kakao.send(kakao.secure_photos([b"one", b"two"]))

    request = parse_request(skill.bodies[0], (kakao.host,))
    assert [httpx.get(url, trust_env=False, timeout=60).content for url in request.photo_urls] == [b"one", b"two"]
    assert request.has_consent


def test_response_is_validated(kakao: FakeKakao, skill: Skill) -> None:
    assert kakao.send(kakao.text_message("안녕")).violations == []
    assert kakao.responses[0].text == "안녕하세요"
    skill.reply = {"template": {}}
    assert kakao.send(kakao.text_message("안녕")).violations
    skill.reply = None
    assert kakao.send(kakao.text_message("안녕")).violations


@pytest.mark.parametrize(
    ("status", "media_type", "reply"),
    [
        (500, "application/json", VALID_REPLY),
        (200, "text/html", VALID_REPLY),
        (200, "application/json", callback_promise(Language.KO)),
    ],
)
def test_response_that_kakao_does_not_show(
    kakao: FakeKakao, skill: Skill, status: int, media_type: str, reply: Any
) -> None:
    skill.status, skill.media_type, skill.reply = status, media_type, reply
    assert len(kakao.send(kakao.text_message("안녕")).violations) == 1


def test_callback_is_json(kakao: FakeKakao, skill: Skill) -> None:
    skill.reply = callback_promise(Language.KO)
    payload = kakao.photo(b"photo", callback=True)
    kakao.send(payload)
    url = payload["userRequest"]["callbackUrl"]
    response = httpx.post(
        url, content=json.dumps(VALID_REPLY), headers={"content-type": "text/plain"}, trust_env=False, timeout=60
    )
    assert response.json()["message"] == INVALID_REPLY


def test_pressed_button_sends_its_extra(kakao: FakeKakao, skill: Skill) -> None:
    response = kakao.send(kakao.text_message("안녕"))
    kakao.send(kakao.button_press(response.quick_replies[0]))

    assert dict(parse_request(skill.bodies[1], ()).client_extra) == {"do": "another"}


def test_callback_is_accepted_once(kakao: FakeKakao, skill: Skill) -> None:
    skill.reply = callback_promise(Language.KO)
    payload = kakao.photo(b"photo", callback=True)
    kakao.send(payload)

    assert post_callback(kakao, payload)["status"] == "SUCCESS"
    assert post_callback(kakao, payload)["message"] == INVALID_TOKEN
    assert kakao.wait_for_callback().text == "안녕하세요"
    assert [callback.status for callback in kakao.callbacks] == ["SUCCESS", "FAIL"]


def test_callback_needs_a_promise_and_a_valid_reply(kakao: FakeKakao, skill: Skill) -> None:
    unpromised = kakao.photo(b"photo", callback=True)
    kakao.send(unpromised)
    skill.reply = callback_promise(Language.KO)
    promised = kakao.photo(b"photo", callback=True)
    kakao.send(promised)

    assert post_callback(kakao, unpromised)["message"] == CALLBACK_NOT_PROMISED
    assert post_callback(kakao, promised, callback_promise(Language.KO))["message"] == INVALID_REPLY


def test_missing_callback_is_an_error(kakao: FakeKakao) -> None:
    with pytest.raises(TimeoutError):
        kakao.wait_for_callback(within=0.01)


def test_tester_and_video_match_captured_requests(kakao: FakeKakao, skill: Skill) -> None:
    kakao.send(kakao.skill_tester())
    kakao.send(kakao.video())

    tester, video = (parse_request(body, (kakao.host,)) for body in skill.bodies)
    assert tester.is_tester
    assert (video.media_type, video.photo_urls) == ("video", ())
