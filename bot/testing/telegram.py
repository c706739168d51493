"""A Telegram of one's own: the Bot API on this machine, and people who write to the bot.

    with FakeTelegram() as telegram:
        bot = Bot(telegram.token, base_url=f"{telegram.url}/bot", base_file_url=f"{telegram.url}/file/bot")
        ...                                                  # the bot calls setWebhook
        telegram.push(telegram.updates.photo(jpeg))          # a person sends a photo
        telegram.wait(lambda: telegram.sent(42, "photo"))    # the bot answers, at some time
        telegram.refuse("sendMessage", 429, retry_after=1)   # the next one is too many

`telegram.calls` holds every call in order; `telegram.sent()` what the chats show. All of it may be used from any
thread; on an event loop `push` and `wait` belong into `asyncio.to_thread`, since they block.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import httpx
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.testing.server import LocalServer
from bot.testing.telegram_api import BotApi
from bot.testing.telegram_rules import Refusal
from bot.testing.telegram_updates import Updates

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request

    from bot.testing.telegram_api import Json

__all__ = ["Call", "FakeTelegram"]

TOKEN = "123456:fake-token-of-nobody"
ME: dict[str, Any] = {"id": 123456, "is_bot": True, "first_name": "Eva", "username": "eva_stylist_bot"}
JSON_FIELDS = {"allowed_updates", "commands", "entities", "link_preview_options", "media", "reply_markup"} | {
    "reply_parameters",
    "results",
    "scope",
}
"""Fields that forms carry as JSON."""

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of the Bot API, as it came and as it was answered."""

    method: str
    fields: Mapping[str, Any]
    """Parameters, those that are JSON already read."""
    files: Mapping[str, bytes]
    status: int
    """HTTP status of the answer."""
    at: float
    """Seconds, by `time.monotonic`."""


@dataclass(slots=True)
class _Fault:
    """How the next calls of a method go wrong."""

    times: int
    refusal: Refusal | None
    delay: float


class FakeTelegram(LocalServer):
    """The Bot API for one bot, over HTTP."""

    def __init__(self, *, token: str = TOKEN) -> None:
        super().__init__(Starlette(routes=[Route("/{path:path}", self._serve, methods=["GET", "POST"])]))
        self.token = token
        self.api = BotApi(me=dict(ME))
        self.updates = Updates(self.api)
        self.calls: list[Call] = []
        self._faults: defaultdict[str, list[_Fault]] = defaultdict(list)
        self._pending: list[Json] = []
        self._changed = threading.Condition()

    def sent(self, chat: int | None = None, kind: str | None = None) -> list[Json]:
        """What the bot's messages look like now, in order.

        Args:
            chat: only those in this chat.
            kind: only those with this field, e.g. `text` or `photo`.
        """
        with self._changed:
            messages = [dict(each) for (where, _), each in self.api.messages.items() if chat in {None, where}]
        return [each for each in messages if kind is None or kind in each]

    def called(self, method: str) -> list[Call]:
        """The calls of one method, in order, refused ones too."""
        with self._changed:
            return [call for call in self.calls if call.method == method]

    def wait(self, look: Callable[[], Found], *, within: float = 30.0) -> Found:
        """Wait until something is true of what was called, and return it. Blocks.

        Args:
            look: asked after each call.
            within: seconds.

        Raises:
            TimeoutError: it did not become true.
        """
        deadline = time.monotonic() + within
        with self._changed:
            while not (found := look()):
                if not self._changed.wait(deadline - time.monotonic()) and time.monotonic() >= deadline:
                    raise TimeoutError(f"not within {within} s; called: {[call.method for call in self.calls]}")
            return found

    def refuse(
        self, method: str, status: int, description: str = "Refused", *, times: int = 1, **parameters: int
    ) -> None:
        """Answer the next calls of a method with an error.

        Args:
            method: e.g. `sendMessage`; `download` for the fetching of files.
            status: HTTP status, e.g. 429, 403, 502.
            description: what the error says.
            times: how many calls.
            parameters: `retry_after` or `migrate_to_chat_id`.
        """
        self._faults[method].append(_Fault(times, Refusal(status, description, **parameters), 0.0))

    def delay(self, method: str, seconds: float, *, times: int = 1) -> None:
        """Let the next calls of a method take effect at once, but answer them late."""
        self._faults[method].append(_Fault(times, None, seconds))

    def block(self, chat: int) -> None:
        """A person stops the bot: every message to them is refused from now on."""
        self.api.blocked.add(chat)

    def move(self, group: int, supergroup: int) -> None:
        """A group becomes a supergroup with another id."""
        self.api.moved[group] = supergroup

    def push(self, update: Json, *, patience: float = 0.0) -> int | None:
        """Send an update to the webhook, as Telegram does. Blocks.

        Args:
            update: from `updates`, or anything else.
            patience: for how many seconds it is repeated until it is taken with a 2XX.

        Returns:
            HTTP status of the last try; None if there is no webhook, then `getUpdates` brings the update, or if the
            webhook does not want this kind of update or could not be reached.
        """
        webhook = dict(self.api.webhook)
        if not webhook:
            self._pending.append(update)
            return None
        wanted = webhook.get("allowed_updates")
        if wanted and not set(wanted) & update.keys():
            return None
        secret = webhook.get("secret_token")
        headers = {"X-Telegram-Bot-Api-Secret-Token": str(secret)} if secret else {}
        deadline = time.monotonic() + patience
        while True:
            status = None
            with suppress(httpx.TransportError):
                status = httpx.post(
                    str(webhook["url"]), json=update, headers=headers, timeout=30, trust_env=False
                ).status_code
            if (status is not None and 200 <= status < 300) or time.monotonic() >= deadline:
                return status
            time.sleep(0.1)

    async def _serve(self, request: Request) -> Response:
        kind, _, rest = request.path_params["path"].partition("bot")
        token, _, what = rest.partition("/")
        if token != self.token:
            return _refused(Refusal(401, "Unauthorized"))
        if kind == "file/":
            return self._download(what)
        fields, files = await _read(request)
        fault = self._next_fault(what)
        if what == "getUpdates":
            return _refused(fault.refusal) if fault and fault.refusal else await self._get_updates(fields)
        try:
            if fault and fault.refusal:
                raise fault.refusal
            with self._changed:
                result = self.api.answer(what, fields, files)
            response: Response = JSONResponse({"ok": True, "result": result})
        except Refusal as refusal:
            response = _refused(refusal)
        with self._changed:
            self.calls.append(
                Call(method=what, fields=fields, files=files, status=response.status_code, at=time.monotonic())
            )
            self._changed.notify_all()
        if fault:
            await asyncio.sleep(fault.delay)
        return response

    def _next_fault(self, method: str) -> _Fault | None:
        faults = self._faults[method]
        if not faults:
            return None
        faults[0].times -= 1
        return faults[0] if faults[0].times else faults.pop(0)

    def _download(self, path: str) -> Response:
        fault = self._next_fault("download")
        if fault and fault.refusal:
            return _refused(fault.refusal)
        data = next((file.data for file in list(self.api.files.values()) if file.path == path), None)
        return Response(status_code=404) if data is None else Response(data, media_type="application/octet-stream")

    async def _get_updates(self, fields: Mapping[str, Any]) -> Response:
        if self.api.webhook:
            return _refused(
                Refusal(409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook first")
            )
        self._pending = [each for each in self._pending if each["update_id"] >= int(fields.get("offset", 0))]
        for _ in range(round(20 * float(fields.get("timeout", 0)))):
            if self._pending:
                break
            await asyncio.sleep(0.05)
        return JSONResponse({"ok": True, "result": self._pending[:100]})


def _refused(refusal: Refusal) -> Response:
    parameters = {"parameters": refusal.parameters} if refusal.parameters else {}
    body = {"ok": False, "error_code": refusal.status, "description": refusal.description, **parameters}
    return JSONResponse(body, status_code=refusal.status)


async def _read(request: Request) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Fields and files of a call: from the query, a form, a multipart form, or JSON."""
    fields: dict[str, Any] = dict(request.query_params)
    files: dict[str, bytes] = {}
    content_type = request.headers.get("content-type", "")
    if content_type.startswith("application/json"):
        fields |= await request.json()
    elif content_type:
        async with request.form() as form:
            for key, value in form.items():
                if isinstance(value, UploadFile):
                    files[key] = await value.read()
                else:
                    fields[key] = json.loads(value) if key in JSON_FIELDS else value
    return fields, files
