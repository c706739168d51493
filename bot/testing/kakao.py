"""A KakaoTalk of one's own: it calls the skill, takes callbacks once, and keeps pictures.

    with FakeKakao(skill_url="http://127.0.0.1:8000/kakao/skill", key="secret") as kakao:
        answer = kakao.send(kakao.photo(jpeg))               # a person sends a photo
        answer.breaches                                      # rules that the reply breaks: []
        kakao.send(kakao.photo(jpeg, callback=True))         # in a block with a callback
        kakao.wait_for_callback()                            # the later reply, or TimeoutError
        kakao.send(kakao.press(answer.quick_replies[0]))     # presses a quick reply

Payloads have the form of `userRequest` as captured; they are plain JSON and may be changed before they are sent.
Pictures lie on this machine, so the skill needs `EVA_ENV=development` and `kakao.host` in `EVA_KAKAO_IMAGE_HOSTS`.
All of it may be used from any thread; `send` and the waits block.
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
"""Seconds after which Kakao no longer waits for the skill."""
CALLBACK_VALID = 60.0
"""Seconds for which a callback address is good."""
INVALID_TOKEN = "Invalid callback token. Check your callback token."
CALLBACK_NOT_PROMISED = "The skill server settings are incorrect. Use callback true setting required."
INVALID_REPLY = "Invalid json response from bot-skill."


@dataclass(frozen=True, slots=True, kw_only=True)
class KakaoResponse:
    """What the skill answered to one call."""

    status: int
    reply: Any
    """The JSON of the answer; None if it was none."""
    seconds: float
    """How long it took."""
    violations: Sequence[str]
    """Every rule that it breaks; if there is one, Kakao shows nothing."""

    @property
    def quick_replies(self) -> list[Json]:
        """The buttons under the reply."""
        return list(self.reply.get("template", {}).get("quickReplies", []))

    @property
    def text(self) -> str:
        """Everything that is read in the reply."""
        return _readable_text(self.reply)


@dataclass(frozen=True, slots=True, kw_only=True)
class KakaoCallback:
    """One call of a callback address, refused ones too."""

    token: str
    reply: Any
    status: str
    """`SUCCESS` or `FAIL`, as Kakao answered."""
    message: str
    at: float
    """Seconds, by `time.monotonic`."""

    @property
    def text(self) -> str:
        """Everything that is read in the reply."""
        return _readable_text(self.reply)


@dataclass(slots=True)
class _CallbackToken:
    """One callback address."""

    created_at: float
    is_promised: bool = False
    """Whether the skill answered with useCallback."""
    is_used: bool = False


class FakeKakao(LocalServer):
    """Kakao's chatbot platform for one bot, over HTTP."""

    def __init__(self, *, skill_url: str = "", key: str = "", bot: str = BOT_ID) -> None:
        """Args: skill_url, key, the skill and the value of its header `x-skill-key`; bot, the bot's id."""
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
        # One for all calls: a client of its own for each would keep this machine busier than the skill does.
        self._client = httpx.Client(
            timeout=httpx.Timeout(SKILL_TIMEOUT, pool=None), trust_env=False, limits=httpx.Limits(max_connections=None)
        )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        self._client.close()

    def send(self, payload: Json, *, key: str | None = None) -> KakaoResponse:
        """Call the skill, as Kakao does. Blocks.

        Args:
            payload: from one of the methods below, or anything else.
            key: another value of the header, to see that it is refused.

        Raises:
            httpx.TimeoutException: the skill took longer than five seconds, which a person would see as an error.
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
        answer = KakaoResponse(
            status=response.status_code,
            reply=reply,
            seconds=time.monotonic() - started,
            violations=find_violations(reply),
        )
        token = str(payload.get("userRequest", {}).get("callbackUrl", "")).rpartition("/")[2]
        with self._changed:
            self.responses.append(answer)
            if token in self._tokens and isinstance(reply, dict):
                self._tokens[token].is_promised = bool(reply.get("useCallback"))
        return answer

    def wait_for_callback(self, count: int = 1, *, within: float = 60.0) -> KakaoCallback:
        """Wait until so many callbacks have come, and return the last of them. Blocks.

        Raises:
            TimeoutError: they did not come within these seconds.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.callbacks) >= count, within):
                raise TimeoutError(f"{len(self.callbacks)} of {count} callbacks within {within} s")
            return self.callbacks[count - 1]

    def add_picture(self, data: bytes, *, content_type: str = "image/jpeg") -> str:
        """Keep a picture and return its address, signed like Kakao's. Its type may be a lie."""
        path = f"{secrets.token_hex(8)}/i_{secrets.token_hex(6)}.jpg"
        self._pictures[path] = (data, content_type)
        return f"{self.url}/dna/{path}?credential=X&expires={int(time.time()) + 600}&signature=Y"

    def photo(self, data: bytes, *, person: str = USER_KEY, callback: bool = False) -> Json:
        """A photo, sent straight into the chat."""
        url = self.add_picture(data)
        return self._payload(url, person, "IMAGE_UPLOAD", callback, media={"type": "image", "url": url})

    def video(self, *, person: str = USER_KEY) -> Json:
        """A video, sent straight into the chat."""
        url = f"{self.url}/dna/a/talkv_high.mp4"
        return self._payload(url, person, "IMAGE_UPLOAD", media={"type": "video", "url": url})

    def secure_photos(self, photos: Sequence[bytes], *, person: str = USER_KEY, callback: bool = False) -> Json:
        """Photos through the secure image plugin, consent included."""
        listed = f"List({', '.join(self.add_picture(data) for data in photos)})"
        expire = "1970-01-01T00:00:00+0000"
        plugin = {
            **{"privacyAgreement": "Y", "imageQuantity": str(len(photos))},
            **{"secureUrls": listed, "expire": expire},
        }
        value = json.dumps(plugin)
        payload = self._payload("사진 보내기", person, "CARD_BUTTON_BLOCK", callback)
        payload["action"]["params"] = {"secureimage": value}
        payload["action"]["detailParams"] = {"secureimage": {"origin": listed, "value": value, "groupName": ""}}
        return payload

    def text_message(self, text: str, *, person: str = USER_KEY, callback: bool = False) -> Json:
        """Something typed."""
        return self._payload(text, person, "TEXT_INPUT", callback)

    def button_press(self, button: Json, *, person: str = USER_KEY, callback: bool = False) -> Json:
        """A press of a quick reply or of a button with the action `message`."""
        payload = self._payload(button["messageText"], person, "QUICKREPLY_BUTTON_MESSAGE", callback)
        payload["action"]["clientExtra"] = dict(button.get("extra", {}))
        return payload

    def skill_tester(self) -> Json:
        """The tester of the skill's form in the manager."""
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
            message = _callback_error(token, reply)
            if token is not None:
                token.is_used = True
            status = "FAIL" if message else "SUCCESS"
            self.callbacks.append(
                KakaoCallback(token=name, reply=reply, status=status, message=message, at=time.monotonic())
            )
            self._changed.notify_all()
        body = {"taskId": secrets.token_hex(16), "status": status, "message": message or status}
        return JSONResponse(body | {"timestamp": round(1000 * time.time())})


def _callback_error(token: _CallbackToken | None, reply: object) -> str:
    """What Kakao says against a callback; empty if nothing."""
    if token is None or token.is_used or time.monotonic() - token.created_at > CALLBACK_VALID:
        return INVALID_TOKEN
    if not token.is_promised:
        return CALLBACK_NOT_PROMISED
    if not isinstance(reply, dict) or "template" not in reply or find_violations(reply):
        return INVALID_REPLY
    return ""


def _readable_text(value: object) -> str:
    """Every title, text and description within a reply, in order, one a line."""
    if isinstance(value, list):
        return "\n".join(filter(None, map(_readable_text, value)))
    if not isinstance(value, dict):
        return ""
    read = [value[key] for key in ("title", "text", "description") if isinstance(value.get(key), str)]
    within = [_readable_text(inner) for key, inner in value.items() if key not in {"quickReplies", "buttons"}]
    return "\n".join(filter(None, [*read, *within]))
