"""A fake Telegram: the Bot API on this machine, and users who write to the bot.

    with FakeTelegram() as telegram:
        bot = Bot(telegram.token, base_url=f"{telegram.url}/bot", base_file_url=f"{telegram.url}/file/bot")
        ...                                                       # the bot calls setWebhook
        telegram.deliver_update(telegram.updates.photo(jpeg))     # a user sends a photo
        telegram.wait(lambda: telegram.messages(42, "photo"))     # the bot replies
        telegram.fail_next("sendMessage", 429, retry_after=1)     # the next message is rejected

`telegram.calls` lists all calls in order, `telegram.messages()` the current messages of the chats. All methods are
thread-safe; on an event loop call `deliver_update` and `wait` in `asyncio.to_thread`, since they block.
"""

import asyncio
import itertools
import json
import math
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.testing.server import LocalServer
from bot.testing.telegram_api import FakeBotApi
from bot.testing.telegram_rules import BotApiError, JsonObject
from bot.testing.telegram_updates import UpdateFactory

TOKEN = "123456:fake-token-of-nobody"
BOT_USER: dict[str, Any] = {
    "id": 123456,
    "is_bot": True,
    "first_name": "Eva",
    "username": "eva_stylist_bot",
    "supports_inline_queries": True,
}
JSON_FIELDS = {"allowed_updates", "button", "commands", "entities", "link_preview_options", "media", "reply_markup"} | {
    "reply_parameters",
    "results",
    "scope",
}
"""Parameters whose values in forms are JSON."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiCall:
    """One call of the Bot API and the status of its response."""

    method: str
    fields: Mapping[str, Any]
    """Parameters, with JSON values parsed."""
    files: Mapping[str, bytes]
    status: int
    """HTTP status of the response."""
    at: float
    """Seconds, by `time.monotonic`."""


@dataclass(slots=True)
class _PlannedFault:
    """An error or a delay of the next calls of a method."""

    remaining: int
    error: BotApiError | None
    delay: float


UPDATE_ID_OFFSET = 700_000
"""Difference of the first ids of updates and messages, so that one is not taken for the other."""


class FakeTelegram(LocalServer):
    """The Bot API for one bot, over HTTP."""

    def __init__(self, *, token: str = TOKEN, first_id: int = 1) -> None:
        """Create the fake.

        Args:
            token: of its bot.
            first_id: where the ids of messages begin, and those of updates somewhat later; a bot that keeps its
                database takes ids that it has seen for repetitions.
        """
        super().__init__(Starlette(routes=[Route("/{path:path}", self._serve, methods=["GET", "POST"])]))
        self.token = token
        self.api = FakeBotApi(me=dict(BOT_USER), id_counter=itertools.count(first_id))
        self.updates = UpdateFactory(self.api, itertools.count(first_id + UPDATE_ID_OFFSET))
        self.calls: list[ApiCall] = []
        self._faults: defaultdict[str, list[_PlannedFault]] = defaultdict(list)
        self._pending: list[JsonObject] = []
        self._flood_ends_at, self._skipped_seconds = 0.0, 0.0
        self._changed = threading.Condition()

    def messages(self, chat_id: int | None = None, kind: str | None = None) -> list[JsonObject]:
        """The current messages of the bot, in order.

        Args:
            chat_id: only those in this chat.
            kind: only those with this field, e.g. `text` or `photo`.
        """
        with self._changed:
            messages = [dict(message) for (other, _), message in self.api.messages.items() if chat_id in {None, other}]
        return [message for message in messages if kind is None or kind in message]

    def calls_to(self, method: str) -> list[ApiCall]:
        """The calls of one method in order, failed ones included."""
        with self._changed:
            return [call for call in self.calls if call.method == method]

    def wait(self, condition: Callable[[], T], *, timeout: float = 30.0) -> T:
        """Wait until a condition has a true value, and return the value. Blocks.

        Args:
            condition: evaluated after each call of the API.
            timeout: seconds.

        Raises:
            TimeoutError: the condition did not become true.
        """
        deadline = time.monotonic() + timeout
        with self._changed:
            while not (value := condition()):
                if not self._changed.wait(deadline - time.monotonic()) and time.monotonic() >= deadline:
                    raise TimeoutError(f"not within {timeout} s; called: {[call.method for call in self.calls]}")
            return value

    def fail_next(
        self,
        method: str,
        status: int,
        description: str = "Refused",
        *,
        count: int = 1,
        delay: float = 0.0,
        **parameters: int,
    ) -> None:
        """Let the next calls of a method fail.

        Args:
            method: e.g. `sendMessage`; `download` for downloads of files.
            status: HTTP status, e.g. 429, 403, 502.
            description: error text.
            count: number of calls.
            delay: seconds until the response.
            parameters: `retry_after` or `migrate_to_chat_id`.
        """
        self._faults[method].append(_PlannedFault(count, BotApiError(status, description, **parameters), delay))

    def demand_wait(self, seconds: float) -> None:
        """Refuse all messages and edits until this time has passed, as after a flood; see `skip_time`."""
        self._flood_ends_at = self._now() + seconds

    def skip_time(self, seconds: float) -> None:
        """Let time pass at once."""
        self._skipped_seconds += seconds

    def _now(self) -> float:
        return time.monotonic() + self._skipped_seconds

    def _check_flood(self, method: str) -> None:
        """Refuse a call during a flood.

        Raises:
            BotApiError: the flood has not ended.
        """
        seconds = math.ceil(self._flood_ends_at - self._now())
        if seconds > 0 and method.startswith(("send", "edit")):
            raise BotApiError(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)

    def delay_next(self, method: str, seconds: float, *, count: int = 1) -> None:
        """Delay the responses to the next calls of a method, which have their effect at once."""
        self._faults[method].append(_PlannedFault(count, None, seconds))

    def block_bot(self, chat_id: int) -> None:
        """Block the bot in a chat: messages to it fail from now on."""
        self.api.blocked_chats.add(chat_id)

    def migrate_chat(self, group_id: int, supergroup_id: int) -> None:
        """Upgrade a group to a supergroup with another id."""
        self.api.migrated_chats[group_id] = supergroup_id

    def deliver_update(self, update: JsonObject, *, retry_for: float = 0.0) -> int | None:
        """Send an update to the webhook as Telegram does. Blocks.

        Args:
            update: from `updates`, or any other JSON.
            retry_for: seconds during which it is repeated until the response is 2XX.

        Returns:
            HTTP status of the last response; None without a webhook, so that `getUpdates` returns the update, for a
            type of update that is not in `allowed_updates`, and for a webhook that cannot be reached.
        """
        webhook = dict(self.api.webhook)
        if not webhook:
            self._pending.append(update)
            return None
        allowed = webhook.get("allowed_updates")
        if allowed and not set(allowed) & update.keys():
            return None
        secret = webhook.get("secret_token")
        headers = {"X-Telegram-Bot-Api-Secret-Token": str(secret)} if secret else {}
        deadline = time.monotonic() + retry_for
        while True:
            status = None
            with suppress(httpx.TransportError):
                # Loading the certificates of authorities takes longer than the rest.
                status = httpx.post(
                    str(webhook["url"]), json=update, headers=headers, timeout=30, trust_env=False, verify=False
                ).status_code
            if status is None or not 200 <= status < 300:
                reason = "Connection refused" if status is None else f"Wrong response from the webhook: {status}"
                self.api.webhook_error = {"last_error_date": int(time.time()), "last_error_message": reason}
            if (status is not None and 200 <= status < 300) or time.monotonic() >= deadline:
                return status
            time.sleep(0.1)

    async def _serve(self, request: Request) -> Response:
        kind, _, rest = request.path_params["path"].partition("bot")
        token, _, method = rest.partition("/")
        if token != self.token:
            return _error_response(BotApiError(401, "Unauthorized"))
        if kind == "file/":
            return self._download(method)
        fields, files = await _read_parameters(request)
        fault = self._next_fault(method)
        if method == "getUpdates":
            return _error_response(fault.error) if fault and fault.error else await self._get_updates(fields)
        try:
            if fault and fault.error:
                raise fault.error
            self._check_flood(method)
            with self._changed:
                result = self.api.call_method(method, fields, files)
            response: Response = JSONResponse({"ok": True, "result": result})
        except BotApiError as error:
            response = _error_response(error)
        with self._changed:
            self.calls.append(
                ApiCall(method=method, fields=fields, files=files, status=response.status_code, at=time.monotonic())
            )
            self._changed.notify_all()
        if fault:
            await asyncio.sleep(fault.delay)
        return response

    def _next_fault(self, method: str) -> _PlannedFault | None:
        faults = self._faults[method]
        if not faults:
            return None
        faults[0].remaining -= 1
        return faults[0] if faults[0].remaining else faults.pop(0)

    def _download(self, path: str) -> Response:
        fault = self._next_fault("download")
        if fault and fault.error:
            return _error_response(fault.error)
        data = next((file.data for file in list(self.api.files.values()) if file.path == path), None)
        return Response(status_code=404) if data is None else Response(data, media_type="application/octet-stream")

    async def _get_updates(self, fields: Mapping[str, Any]) -> Response:
        if self.api.webhook:
            return _error_response(
                BotApiError(
                    409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook first"
                )
            )
        self._pending = [update for update in self._pending if update["update_id"] >= int(fields.get("offset", 0))]
        for _ in range(round(20 * float(fields.get("timeout", 0)))):
            if self._pending:
                break
            await asyncio.sleep(0.05)
        return JSONResponse({"ok": True, "result": self._pending[:100]})


def _error_response(error: BotApiError) -> Response:
    parameters = {"parameters": error.parameters} if error.parameters else {}
    body = {"ok": False, "error_code": error.status, "description": error.description, **parameters}
    return JSONResponse(body, status_code=error.status)


async def _read_parameters(request: Request) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Parameters and files of a call: from the query, a form, a multipart form, or JSON."""
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
