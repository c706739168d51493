"""A fake KakaoTalk platform: sends skill requests, accepts each callback once, and hosts images.

    with FakeKakao(skill_url="http://127.0.0.1:8000/kakao/skill", key="secret") as kakao:
        response = kakao.send(kakao.photo(jpeg))                    # a person sends a photo
        response.violations                                         # rules that the reply violates: []
        kakao.send(kakao.photo(jpeg, callback=True))                # in a block with a callback
        kakao.wait_for_callback()                                   # the later reply, or TimeoutError
        kakao.send(kakao.button_press(response.quick_replies[0]))   # presses a quick reply

Payloads have the form of captured requests; they are plain JSON and may be changed before they are sent. Images are
hosted on this machine, so the skill needs `EVA_ENV=development` and `kakao.host` in `EVA_KAKAO_IMAGE_HOSTS`. All
methods may be used from any thread; `send` and `wait_for_callback` block.
"""

import json
import secrets
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.kakao.reply_rules import find_violations
from bot.testing.server import LocalServer

Json = dict[str, Any]

USER_KEY = "b944" + 60 * "0"
BOT_ID = "65a0000000000000000000aa"
BLOCK = {"id": "65a1b2c3d4e5f60718293a4b", "name": "폴백 블록"}
SKILL_TIMEOUT = 5.0
"""Seconds that Kakao waits for the skill."""
CALLBACK_VALID = 60.0
"""Seconds for which a callback URL is valid."""
INVALID_TOKEN = "Invalid callback token. Check your callback token."
CALLBACK_NOT_PROMISED = "The skill server settings are incorrect. Use callback true setting required."
INVALID_REPLY = "Invalid json response from bot-skill."


@dataclass(frozen=True, slots=True, kw_only=True)
class KakaoResponse:
    """The response of the skill to one request."""

    status: int
    reply: Any
    """The decoded JSON; None if the response is not JSON."""
    seconds: float
    """Duration of the request."""
    violations: Sequence[str]
    """Violated rules; with any, Kakao shows nothing."""

    @property
    def quick_replies(self) -> list[Json]:
        """The quick replies."""
        return list(self.reply.get("template", {}).get("quickReplies", []))

    @property
    def text(self) -> str:
        """All texts of the reply."""
        return _readable_text(self.reply)


@dataclass(frozen=True, slots=True, kw_only=True)
class KakaoCallback:
    """One request to a callback URL, accepted or refused."""

    token: str
    reply: Any
    status: str
    """Kakao's response, `SUCCESS` or `FAIL`."""
    message: str
    at: float
    """When it was received, by `time.monotonic`."""

    @property
    def text(self) -> str:
        """All texts of the reply."""
        return _readable_text(self.reply)


@dataclass(slots=True)
class _CallbackToken:
    """State of one callback URL."""

    created_at: float
    is_promised: bool = False
    """Whether the skill responded with useCallback."""
    is_used: bool = False


class FakeKakao(LocalServer):
    """Kakao's chatbot platform for one bot, over HTTP."""

    def __init__(
        self, *, skill_url: str = "", key: str = "", bot: str = BOT_ID, skill_timeout: float = SKILL_TIMEOUT
    ) -> None:
        """Create a platform.

        Args:
            skill_url: URL of the skill.
            key: value of its header `x-skill-key`.
            bot: id of the bot.
            skill_timeout: seconds that it waits for the skill; longer in tests that are not about time.
        """
        routes = [
            Route("/dna/{path:path}", self._serve_picture),
            Route("/callback/{token}", self._receive_callback, methods=["POST"]),
        ]
        super().__init__(Starlette(routes=routes))
        self.skill_url, self.key, self.bot = skill_url, key, bot
        self.responses: list[KakaoResponse] = []
        self.callbacks: list[KakaoCallback] = []
        self._pictures: dict[str, tuple[bytes, str]] = {}
        self._tokens: dict[str, _CallbackToken] = {}
        self._changed = threading.Condition()
        # A client for each request would use more processor time than the skill.
        self._client = httpx.Client(
            timeout=httpx.Timeout(skill_timeout, pool=None), trust_env=False, limits=httpx.Limits(max_connections=None)
        )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        self._client.close()

    def send(self, payload: Json, *, key: str | None = None) -> KakaoResponse:
        """Send a request to the skill. Blocks.

        Args:
            payload: from one of the methods below, or any other JSON.
            key: another value of the header `x-skill-key`.

        Raises:
            httpx.TimeoutException: the skill did not respond in time.
        """
        started = time.monotonic()
        response = self._client.post(
            self.skill_url,
            content=json.dumps(payload, ensure_ascii=False).encode(),
            headers={
                "content-type": "application/json",
                "user-agent": "AHC/2.1",
                "x-request-id": f"chp-{secrets.token_hex(16)}",
                "x-skill-key": self.key if key is None else key,
            },
        )
        try:
            reply = response.json()
        except ValueError:
            reply = None
        callback_url = str((payload.get("userRequest") or {}).get("callbackUrl") or "")
        result = KakaoResponse(
            status=response.status_code,
            reply=reply,
            seconds=time.monotonic() - started,
            violations=_find_response_violations(response, reply, has_callback=bool(callback_url)),
        )
        token = callback_url.rpartition("/")[2]
        with self._changed:
            self.responses.append(result)
            if token in self._tokens and isinstance(reply, dict):
                self._tokens[token].is_promised = bool(reply.get("useCallback"))
        return result

    def wait_for_callback(self, count: int = 1, *, within: float = 60.0) -> KakaoCallback:
        """Wait for a number of callbacks and return the last one. Blocks.

        Raises:
            TimeoutError: they were not received within this number of seconds.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.callbacks) >= count, within):
                raise TimeoutError(f"{len(self.callbacks)} of {count} callbacks within {within} s")
            return self.callbacks[count - 1]

    def add_picture(self, data: bytes, *, content_type: str = "image/jpeg") -> str:
        """Host an image and return its URL, signed like those of Kakao; the content type may be wrong."""
        path = f"{secrets.token_hex(8)}/i_{secrets.token_hex(6)}.jpg"
        self._pictures[path] = (data, content_type)
        return f"{self.url}/dna/{path}?credential=X&expires={int(time.time()) + 600}&signature=Y"

    def photo(self, data: bytes, *, person: str = USER_KEY, callback: bool = False) -> Json:
        """A photo sent in the chat."""
        url = self.add_picture(data)
        return self._payload(url, person, "IMAGE_UPLOAD", callback, media={"type": "image", "url": url})

    def video(self, *, person: str = USER_KEY) -> Json:
        """A video sent in the chat."""
        url = f"{self.url}/dna/a/talkv_high.mp4"
        return self._payload(url, person, "IMAGE_UPLOAD", media={"type": "video", "url": url})

    def secure_photos(self, photos: Sequence[bytes], *, person: str = USER_KEY, callback: bool = False) -> Json:
        """Photos sent with the secure image plugin, which includes consent."""
        url_list = f"List({', '.join(self.add_picture(data) for data in photos)})"
        expire = "1970-01-01T00:00:00+0000"
        plugin = {
            **{"privacyAgreement": "Y", "imageQuantity": str(len(photos))},
            **{"secureUrls": url_list, "expire": expire},
        }
        value = json.dumps(plugin)
        payload = self._payload("사진 보내기", person, "CARD_BUTTON_BLOCK", callback)
        payload["action"]["params"] = {"secureimage": value}
        payload["action"]["detailParams"] = {"secureimage": {"origin": url_list, "value": value, "groupName": ""}}
        return payload

    def text_message(self, text: str, *, person: str = USER_KEY, callback: bool = False) -> Json:
        """A typed message."""
        return self._payload(text, person, "TEXT_INPUT", callback)

    def button_press(self, button: Json, *, person: str = USER_KEY, callback: bool = False) -> Json:
        """A pressed quick reply or button with the action `message`."""
        payload = self._payload(button["messageText"], person, "QUICKREPLY_BUTTON_MESSAGE", callback)
        payload["action"]["clientExtra"] = dict(button.get("extra", {}))
        return payload

    def skill_tester(self) -> Json:
        """A request of the test form in the bot manager."""
        block = {"id": "q1w2e3r4t5", "name": "블록 이름"}
        return {
            "intent": block,
            "userRequest": {
                "timezone": "Asia/Seoul",
                "params": {"ignoreMe": "true", "surface": "BuilderBotTest"},
                "block": block,
                "utterance": "발화 내용\n",
                "lang": None,
                "user": {"id": "871630", "type": "accountId", "properties": {}},
            },
            "bot": {"id": f"{self.bot}!", "name": "봇 이름"},
            "action": {"id": "y6u7i8o9p0", "name": "skill", "clientExtra": None, "params": {}, "detailParams": {}},
            "contexts": [],
        }

    def _payload(self, utterance: str, person: str, trigger: str, callback: bool = False, **params: object) -> Json:
        request: Json = {
            "timezone": "Asia/Seoul",
            "params": {"surface": "Kakaotalk.plusfriend", **params},
            "block": BLOCK,
            "utterance": utterance,
            "lang": "ko",
            "user": {
                "id": person,
                "type": "botUserKey",
                "properties": {"botUserKey": person, "plusfriendUserKey": "eZv-U-Hibbbo", "isFriend": True},
            },
        }
        if callback:
            token = secrets.token_hex(16)
            self._tokens[token] = _CallbackToken(created_at=time.monotonic())
            request["callbackUrl"] = f"{self.url}/callback/{token}"
        return {
            "intent": {**BLOCK, "extra": {"reason": {"code": 1, "message": "OK"}}},
            "userRequest": request,
            "bot": {"id": self.bot, "name": "Eva"},
            "action": {"id": "65a0000000000000000000bb", "name": "skill"}
            | {"params": {}, "detailParams": {}, "clientExtra": {}},
            "contexts": [],
            "flow": {"trigger": {"type": trigger}, "lastBlock": BLOCK},
        }

    async def _serve_picture(self, request: Request) -> Response:
        data, content_type = self._pictures.get(request.path_params["path"], (b"", ""))
        return Response(data, media_type=content_type) if content_type else Response(status_code=404)

    async def _receive_callback(self, request: Request) -> Response:
        name = request.path_params["token"]
        try:
            reply = await request.json()
        except ValueError:
            reply = None
        with self._changed:
            token = self._tokens.get(name)
            is_json = _is_json(request.headers.get("content-type", ""))
            message = _callback_error(token, reply if is_json else None)
            if token is not None:
                token.is_used = True
            status = "FAIL" if message else "SUCCESS"
            self.callbacks.append(
                KakaoCallback(token=name, reply=reply, status=status, message=message, at=time.monotonic())
            )
            self._changed.notify_all()
        body = {"taskId": secrets.token_hex(16), "status": status, "message": message or status}
        return JSONResponse(body | {"timestamp": round(1000 * time.time())})


def _find_response_violations(response: httpx.Response, reply: object, *, has_callback: bool) -> list[str]:
    """Why Kakao shows nothing of a response; empty for one that it shows.

    Args:
        response: of the skill.
        reply: its JSON.
        has_callback: whether the request offered a callback.
    """
    violations = find_violations(reply)
    if response.status_code != 200:
        violations.append(f"status: {response.status_code}")
    if not _is_json(response.headers.get("content-type", "")):
        violations.append("content-type: not JSON")
    if isinstance(reply, dict) and reply.get("useCallback") and not has_callback:
        violations.append("useCallback: no callback was offered")
    return violations


def _is_json(content_type: str) -> bool:
    return content_type.partition(";")[0].strip().lower() == "application/json"


def _callback_error(token: _CallbackToken | None, reply: object) -> str:
    """Kakao's reason for refusing a callback; empty if it is accepted."""
    if token is None or token.is_used or time.monotonic() - token.created_at > CALLBACK_VALID:
        return INVALID_TOKEN
    if not token.is_promised:
        return CALLBACK_NOT_PROMISED
    if not isinstance(reply, dict) or "template" not in reply or find_violations(reply):
        return INVALID_REPLY
    return ""


def _readable_text(value: object) -> str:
    """All titles, texts and descriptions of a reply in order, one per line."""
    if isinstance(value, list):
        return "\n".join(filter(None, map(_readable_text, value)))
    if not isinstance(value, dict):
        return ""
    texts = [value[key] for key in ("title", "text", "description") if isinstance(value.get(key), str)]
    nested = [_readable_text(inner) for key, inner in value.items() if key not in {"quickReplies", "buttons"}]
    return "\n".join(filter(None, [*texts, *nested]))
