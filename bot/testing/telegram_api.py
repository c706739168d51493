"""The methods of the fake Bot API; `telegram_rules` has what they refuse.

Source: https://core.telegram.org/bots/api. Error texts that it does not document are those that bots receive.
"""

from __future__ import annotations

import io
import itertools
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from PIL import Image, UnidentifiedImageError

from bot.testing.telegram_rules import (
    CHAT_ACTIONS,
    MAX_CALLBACK_ANSWER_LENGTH,
    MAX_CAPTION_LENGTH,
    MAX_DESCRIPTION,
    MAX_SHORT_DESCRIPTION,
    MAX_TEXT_LENGTH,
    BotApiError,
    JsonObject,
    check_commands,
    check_description,
    check_inline_results,
    check_webhook,
    parse_keyboard,
    parse_reply,
    parse_text,
)
from core.i18n.translations import utf16_length

MAX_PHOTO_BYTES, MAX_DOWNLOAD_BYTES = 10_000_000, 20_000_000
MAX_PHOTO_SIDES, MAX_PHOTO_RATIO = 10_000, 20
"""Width plus height in pixels, and the longer side divided by the shorter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file on the servers of Telegram."""

    data: bytes
    path: str
    """The `file_path` of `getFile`, e.g. `photos/file_1.jpg`."""
    unique_id: str


@dataclass(slots=True)
class FakeBotApi:
    """The state of the fake, and its methods."""

    me: JsonObject
    files: dict[str, StoredFile] = field(default_factory=dict)
    """By file_id."""
    messages: dict[tuple[int, int], JsonObject] = field(default_factory=dict)
    """The current messages of the bot, by chat id and message id."""
    webhook: JsonObject = field(default_factory=dict)
    """Parameters of the last setWebhook; empty without a webhook."""
    webhook_error: JsonObject = field(default_factory=dict)
    """Time and reason of the last failed delivery, which `getWebhookInfo` tells for good."""
    commands: dict[str, list[JsonObject]] = field(default_factory=dict)
    """By language code; the empty one is the default."""
    open_queries: set[str] = field(default_factory=set)
    """Ids of callback and inline queries that were not answered."""
    blocked_chats: set[int] = field(default_factory=set)
    """Chats that blocked the bot."""
    migrated_chats: dict[int, int] = field(default_factory=dict)
    """The new ids of groups that were upgraded to supergroups."""
    received: dict[tuple[int, int], JsonObject] = field(default_factory=dict)
    """Messages of users, by chat id and message id."""
    topics: set[tuple[int, int]] = field(default_factory=set)
    """Topics in which users wrote, by chat id and thread id."""
    id_counter: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def call_method(self, method: str, fields: Mapping[str, Any], files: Mapping[str, bytes]) -> object:
        """Call a method.

        Args:
            method: e.g. `sendMessage`.
            fields: its parameters.
            files: the uploaded files by parameter.

        Raises:
            BotApiError: the API responds with an error.
        """
        handler = METHODS.get(method)
        if handler is None:
            raise BotApiError(404, "Not Found")
        if "chat_id" in fields:
            self._check_chat(int(fields["chat_id"]))
        return handler(self, fields, files)

    def store_file(self, data: bytes, path: str | None = None) -> str:
        """Store a file and return its file_id."""
        number = next(self.id_counter)
        file_id = f"AgACAgIAAxk{number:06}"
        self.files[file_id] = StoredFile(data=data, path=path or f"photos/file_{number}.jpg", unique_id=f"AQAD{number}")
        return file_id

    def photo_sizes(self, data: bytes) -> list[JsonObject]:
        """Store a photo in two sizes, a thumbnail and the original, as Telegram does; their `PhotoSize` objects.

        Raises:
            BotApiError: the data is not an image that can be sent as a photo.
        """
        try:
            with Image.open(io.BytesIO(data)) as image:
                width, height = image.size
        except (UnidentifiedImageError, OSError) as error:
            raise BotApiError(400, "Bad Request: IMAGE_PROCESS_FAILED") from error
        if width + height > MAX_PHOTO_SIDES or max(width, height) > MAX_PHOTO_RATIO * min(width, height):
            raise BotApiError(400, "Bad Request: PHOTO_INVALID_DIMENSIONS")
        scale = min(1.0, 90 / max(width, height))
        thumbnail = (max(1, round(width * scale)), max(1, round(height * scale)))
        return [self._size(data, *thumbnail), self._size(data, width, height)]

    def _size(self, data: bytes, width: int, height: int) -> JsonObject:
        file_id = self.store_file(data)
        return {
            "file_id": file_id,
            "file_unique_id": self.files[file_id].unique_id,
            "width": width,
            "height": height,
            "file_size": len(data),
        }

    def _check_chat(self, chat_id: int) -> None:
        if chat_id in self.migrated_chats:
            raise BotApiError(
                400,
                "Bad Request: group chat was upgraded to a supergroup chat",
                migrate_to_chat_id=self.migrated_chats[chat_id],
            )
        if chat_id in self.blocked_chats:
            raise BotApiError(403, "Forbidden: bot was blocked by the user")

    def _check_place(self, chat_id: int, fields: Mapping[str, Any]) -> None:
        """Check that the topic and the message to reply to exist."""
        if "message_thread_id" in fields and (chat_id, int(fields["message_thread_id"])) not in self.topics:
            raise BotApiError(400, "Bad Request: message thread not found")
        replied_id, may_be_missing = parse_reply(fields)
        is_known = replied_id is None or (chat_id, int(replied_id)) in self.received | self.messages
        if not is_known and not may_be_missing:
            raise BotApiError(400, "Bad Request: message to be replied not found")

    def _send(self, fields: Mapping[str, Any], **content: Any) -> JsonObject:
        chat_id = int(fields["chat_id"])
        self._check_place(chat_id, fields)
        message = {
            "message_id": next(self.id_counter),
            "date": int(time.time()),
            "chat": {"id": chat_id, "type": "private" if chat_id > 0 else "supergroup"},
            "from": self.me,
            **content,
        }
        replied_id, _ = parse_reply(fields)
        replied = None if replied_id is None else self.received.get((chat_id, int(replied_id)))
        if replied is not None:
            message["reply_to_message"] = {key: replied[key] for key in replied if key != "reply_to_message"}
        if "message_thread_id" in fields:
            message |= {"message_thread_id": int(fields["message_thread_id"]), "is_topic_message": True}
        if markup := parse_keyboard(fields):
            message["reply_markup"] = markup
        self.messages[chat_id, message["message_id"]] = message
        return message

    def _photo(self, fields: Mapping[str, Any], files: Mapping[str, bytes]) -> list[JsonObject]:
        """The photo of a call: uploaded, or the file_id of a stored one."""
        data = files.get("photo")
        if data is None:
            stored = self.files.get(str(fields.get("photo", "")))
            if stored is None:
                raise BotApiError(400, "Bad Request: wrong file identifier/HTTP URL specified")
            data = stored.data
        if len(data) > MAX_PHOTO_BYTES:
            raise BotApiError(413, "Request Entity Too Large")
        return self.photo_sizes(data)

    def _get_me(self, _: Mapping[str, Any], __: Mapping[str, bytes]) -> object:
        return self.me

    def _send_message(self, fields: Mapping[str, Any], _: Mapping[str, bytes]) -> object:
        return self._send(
            fields, text=parse_text(fields, "text", MAX_TEXT_LENGTH, "message is too long", required=True)
        )

    def _send_photo(self, fields: Mapping[str, Any], files: Mapping[str, bytes]) -> object:
        caption = parse_text(fields, "caption", MAX_CAPTION_LENGTH, "message caption is too long")
        content: JsonObject = {"photo": self._photo(fields, files), **({"caption": caption} if caption else {})}
        if str(fields.get("has_spoiler")).lower() == "true":
            content["has_media_spoiler"] = True
        return self._send(fields, **content)

    def _send_chat_action(self, fields: Mapping[str, Any], _: Mapping[str, bytes]) -> object:
        if fields.get("action") not in CHAT_ACTIONS:
            raise BotApiError(400, "Bad Request: wrong parameter action in request")
        self._check_place(int(fields["chat_id"]), fields)
        return True

    def _edit_message_reply_markup(self, fields: Mapping[str, Any], _: Mapping[str, bytes]) -> object:
        message = self.messages.get((int(fields["chat_id"]), int(fields["message_id"])))
        if message is None:
            raise BotApiError(400, "Bad Request: message to edit not found")
        markup = parse_keyboard(fields)
        if markup == message.get("reply_markup"):
            raise BotApiError(400, "Bad Request: message is not modified")
        message.pop("reply_markup", None)
        if markup is not None:
            message["reply_markup"] = markup
        return message

    def _answer_callback_query(self, fields: Mapping[str, Any], _: Mapping[str, bytes]) -> object:
        if utf16_length(str(fields.get("text", ""))) > MAX_CALLBACK_ANSWER_LENGTH:
            raise BotApiError(400, "Bad Request: MESSAGE_TOO_LONG")
        if "url" in fields and not str(fields["url"]).startswith(f"https://t.me/{self.me['username']}?start="):
            raise BotApiError(400, "Bad Request: URL_INVALID")
        return self._close_query(str(fields.get("callback_query_id")))

    def _answer_inline_query(self, fields: Mapping[str, Any], _: Mapping[str, bytes]) -> object:
        check_inline_results(fields)
        return self._close_query(str(fields.get("inline_query_id")))

    def _close_query(self, query_id: str) -> bool:
        if query_id not in self.open_queries:
            raise BotApiError(400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
        self.open_queries.discard(query_id)
        return True

    def _get_file(self, fields: Mapping[str, Any], _: Mapping[str, bytes]) -> object:
        file_id = str(fields.get("file_id"))
        stored = self.files.get(file_id)
        if stored is None:
            raise BotApiError(400, "Bad Request: invalid file_id")
        if len(stored.data) > MAX_DOWNLOAD_BYTES:
            raise BotApiError(400, "Bad Request: file is too big")
        return {
            "file_id": file_id,
            "file_unique_id": stored.unique_id,
            "file_size": len(stored.data),
            "file_path": stored.path,
        }

    def _set_webhook(self, fields: Mapping[str, Any], _: Mapping[str, bytes]) -> object:
        check_webhook(fields)
        self.webhook = dict(fields) if fields.get("url") else {}
        return True

    def _delete_webhook(self, _: Mapping[str, Any], __: Mapping[str, bytes]) -> object:
        self.webhook = {}
        return True

    def _get_webhook_info(self, _: Mapping[str, Any], __: Mapping[str, bytes]) -> object:
        info: JsonObject = {"url": "", "has_custom_certificate": False, "pending_update_count": 0, **self.webhook_error}
        return info | {key: value for key, value in self.webhook.items() if key != "secret_token"}

    def _set_my_commands(self, fields: Mapping[str, Any], _: Mapping[str, bytes]) -> object:
        check_commands(fields)
        self.commands[str(fields.get("language_code", ""))] = list(fields["commands"])
        return True

    def _set_my_description(self, fields: Mapping[str, Any], _: Mapping[str, bytes]) -> object:
        check_description(fields, "description", MAX_DESCRIPTION)
        return True

    def _set_my_short_description(self, fields: Mapping[str, Any], _: Mapping[str, bytes]) -> object:
        check_description(fields, "short_description", MAX_SHORT_DESCRIPTION)
        return True


METHODS: dict[str, Callable[[FakeBotApi, Mapping[str, Any], Mapping[str, bytes]], object]] = {
    "getMe": FakeBotApi._get_me,
    "sendMessage": FakeBotApi._send_message,
    "sendPhoto": FakeBotApi._send_photo,
    "sendChatAction": FakeBotApi._send_chat_action,
    "editMessageReplyMarkup": FakeBotApi._edit_message_reply_markup,
    "answerCallbackQuery": FakeBotApi._answer_callback_query,
    "answerInlineQuery": FakeBotApi._answer_inline_query,
    "getFile": FakeBotApi._get_file,
    "setWebhook": FakeBotApi._set_webhook,
    "deleteWebhook": FakeBotApi._delete_webhook,
    "getWebhookInfo": FakeBotApi._get_webhook_info,
    "setMyCommands": FakeBotApi._set_my_commands,
    "setMyDescription": FakeBotApi._set_my_description,
    "setMyShortDescription": FakeBotApi._set_my_short_description,
}
"""The supported methods."""
