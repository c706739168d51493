"""The methods of Telegram's Bot API as the fake answers them, with the limits and error texts of the original.

Source: https://core.telegram.org/bots/api. Error texts that it does not document are as bots commonly see them.
"""

from __future__ import annotations

import io
import itertools
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from PIL import Image, UnidentifiedImageError

from bot.measure import units
from bot.testing.telegram_rules import Refusal, keyboard, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["BotApi", "StoredFile"]

MOST_TEXT, MOST_CAPTION, MOST_ANSWER = 4096, 1024, 200
MOST_PHOTO_BYTES, MOST_DOWNLOAD_BYTES = 10_000_000, 20_000_000
MOST_PHOTO_SIDES, MOST_PHOTO_RATIO = 10_000, 20

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file that can be downloaded or sent again."""

    data: bytes
    path: str
    """As `getFile` names it, e.g. `photos/file_1.jpg`."""
    unique_id: str


@dataclass(slots=True)
class BotApi:
    """What the fake remembers, and its answers."""

    me: Json
    files: dict[str, StoredFile] = field(default_factory=dict)
    """By file_id."""
    messages: dict[tuple[int, int], Json] = field(default_factory=dict)
    """What the bot sent and did not delete, as it looks now, by chat and message id."""
    webhook: Json = field(default_factory=dict)
    """Parameters of the last setWebhook; empty for none."""
    commands: dict[str, list[Json]] = field(default_factory=dict)
    """By language code; the empty one is for everybody else."""
    open_queries: set[str] = field(default_factory=set)
    """Ids of callback and inline queries that wait for an answer."""
    blocked: set[int] = field(default_factory=set)
    """Chats that do not want the bot."""
    moved: dict[int, int] = field(default_factory=dict)
    """Groups that became supergroups, with their new ids."""
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def answer(self, method: str, fields: Mapping[str, Any], files: Mapping[str, bytes]) -> object:
        """The result of a method.

        Raises:
            Refusal: the API would answer with an error.
        """
        handler = METHODS.get(method)
        if handler is None:
            raise Refusal(404, "Not Found")
        if "chat_id" in fields:
            self._knock(int(fields["chat_id"]))
        return handler(self, fields, files)

    def store(self, data: bytes, path: str | None = None) -> str:
        """Keep a file and return its file_id."""
        number = next(self.numbers)
        file_id = f"AgACAgIAAxk{number:06}"
        self.files[file_id] = StoredFile(data=data, path=path or f"photos/file_{number}.jpg", unique_id=f"AQAD{number}")
        return file_id

    def photo_sizes(self, data: bytes) -> list[Json]:
        """A picture as Telegram describes it: a small and the whole version, each with its own file_id.

        Raises:
            Refusal: it is no picture that could be sent as a photo.
        """
        try:
            with Image.open(io.BytesIO(data)) as image:
                width, height = image.size
        except (UnidentifiedImageError, OSError) as error:
            raise Refusal(400, "Bad Request: IMAGE_PROCESS_FAILED") from error
        if width + height > MOST_PHOTO_SIDES or max(width, height) > MOST_PHOTO_RATIO * min(width, height):
            raise Refusal(400, "Bad Request: PHOTO_INVALID_DIMENSIONS")
        shrink = min(1.0, 90 / max(width, height))
        small = (max(1, round(width * shrink)), max(1, round(height * shrink)))
        return [self._size(data, *small), self._size(data, width, height)]

    def _size(self, data: bytes, width: int, height: int) -> Json:
        file_id = self.store(data)
        unique = self.files[file_id].unique_id
        return {
            **{"file_id": file_id, "file_unique_id": unique},
            **{"width": width, "height": height, "file_size": len(data)},
        }

    def _knock(self, chat: int) -> None:
        if chat in self.moved:
            raise Refusal(
                400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=self.moved[chat]
            )
        if chat in self.blocked:
            raise Refusal(403, "Forbidden: bot was blocked by the user")

    def _send(self, fields: Mapping[str, Any], **content: Any) -> Json:
        chat = int(fields["chat_id"])
        message = {
            "message_id": next(self.numbers),
            "date": int(time.time()),
            "chat": {"id": chat, "type": "private" if chat > 0 else "supergroup"},
            "from": self.me,
            **content,
        }
        if markup := keyboard(fields):
            message["reply_markup"] = markup
        self.messages[chat, message["message_id"]] = message
        return message

    def _edit(self, fields: Mapping[str, Any], **content: Any) -> object:
        if "inline_message_id" in fields:
            return True
        message = self.messages.get((int(fields["chat_id"]), int(fields["message_id"])))
        if message is None:
            raise Refusal(400, "Bad Request: message to edit not found")
        changed = {**message, **content}
        changed.pop("reply_markup", None)
        if markup := keyboard(fields):
            changed["reply_markup"] = markup
        if changed == message:
            raise Refusal(400, "Bad Request: message is not modified")
        message.clear()
        message.update(changed)
        return message

    def _photo(self, fields: Mapping[str, Any], files: Mapping[str, bytes]) -> list[Json]:
        """The photo of a call: uploaded, or named by the file_id of an earlier one."""
        data = files.get("photo")
        if data is None:
            stored = self.files.get(str(fields.get("photo", "")))
            if stored is None:
                raise Refusal(400, "Bad Request: wrong file identifier/HTTP URL specified")
            data = stored.data
        if len(data) > MOST_PHOTO_BYTES:
            raise Refusal(413, "Request Entity Too Large")
        return self.photo_sizes(data)

    def _get_me(self, _: Mapping[str, Any], __: Mapping[str, bytes]) -> object:
        return self.me

    def _send_message(self, fields: Mapping[str, Any], _: Mapping[str, bytes]) -> object:
        return self._send(fields, text=plain(fields, "text", MOST_TEXT, "message is too long", required=True))

    def _send_photo(self, fields: Mapping[str, Any], files: Mapping[str, bytes]) -> object:
        caption = plain(fields, "caption", MOST_CAPTION, "message caption is too long")
        return self._send(fields, photo=self._photo(fields, files), **({"caption": caption} if caption else {}))

    def _send_chat_action(self, _: Mapping[str, Any], __: Mapping[str, bytes]) -> object:
        return True

    def _edit_message_text(self, fields: Mapping[str, Any], _: Mapping[str, bytes]) -> object:
        return self._edit(fields, text=plain(fields, "text", MOST_TEXT, "MESSAGE_TOO_LONG", required=True))

    def _edit_message_caption(self, fields: Mapping[str, Any], _: Mapping[str, bytes]) -> object:
        return self._edit(fields, caption=plain(fields, "caption", MOST_CAPTION, "MEDIA_CAPTION_TOO_LONG"))

    def _edit_message_reply_markup(self, fields: Mapping[str, Any], _: Mapping[str, bytes]) -> object:
        return self._edit(fields)

    def _delete_message(self, fields: Mapping[str, Any], _: Mapping[str, bytes]) -> object:
        if self.messages.pop((int(fields["chat_id"]), int(fields["message_id"])), None) is None:
            raise Refusal(400, "Bad Request: message to delete not found")
        return True

    def _answer_callback_query(self, fields: Mapping[str, Any], _: Mapping[str, bytes]) -> object:
        if units(str(fields.get("text", ""))) > MOST_ANSWER:
            raise Refusal(400, "Bad Request: MESSAGE_TOO_LONG")
        return self._close(str(fields.get("callback_query_id")))

    def _answer_inline_query(self, fields: Mapping[str, Any], _: Mapping[str, bytes]) -> object:
        return self._close(str(fields.get("inline_query_id")))

    def _close(self, query: str) -> bool:
        if query not in self.open_queries:
            raise Refusal(400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
        self.open_queries.discard(query)
        return True

    def _get_file(self, fields: Mapping[str, Any], _: Mapping[str, bytes]) -> object:
        file_id = str(fields.get("file_id"))
        stored = self.files.get(file_id)
        if stored is None:
            raise Refusal(400, "Bad Request: invalid file_id")
        if len(stored.data) > MOST_DOWNLOAD_BYTES:
            raise Refusal(400, "Bad Request: file is too big")
        return {
            **{"file_id": file_id, "file_unique_id": stored.unique_id},
            **{"file_size": len(stored.data), "file_path": stored.path},
        }

    def _set_webhook(self, fields: Mapping[str, Any], _: Mapping[str, bytes]) -> object:
        self.webhook = dict(fields) if fields.get("url") else {}
        return True

    def _delete_webhook(self, _: Mapping[str, Any], __: Mapping[str, bytes]) -> object:
        self.webhook = {}
        return True

    def _get_webhook_info(self, _: Mapping[str, Any], __: Mapping[str, bytes]) -> object:
        info: Json = {"url": "", "has_custom_certificate": False, "pending_update_count": 0}
        return info | {key: value for key, value in self.webhook.items() if key != "secret_token"}

    def _set_my_commands(self, fields: Mapping[str, Any], _: Mapping[str, bytes]) -> object:
        self.commands[str(fields.get("language_code", ""))] = list(fields["commands"])
        return True

    def _get_my_commands(self, fields: Mapping[str, Any], _: Mapping[str, bytes]) -> object:
        return self.commands.get(str(fields.get("language_code", "")), [])

    def _set_my_description(self, _: Mapping[str, Any], __: Mapping[str, bytes]) -> object:
        return True

    def _set_my_short_description(self, _: Mapping[str, Any], __: Mapping[str, bytes]) -> object:
        return True


METHODS: dict[str, Callable[[BotApi, Mapping[str, Any], Mapping[str, bytes]], object]] = {
    "getMe": BotApi._get_me,
    "sendMessage": BotApi._send_message,
    "sendPhoto": BotApi._send_photo,
    "sendChatAction": BotApi._send_chat_action,
    "editMessageText": BotApi._edit_message_text,
    "editMessageCaption": BotApi._edit_message_caption,
    "editMessageReplyMarkup": BotApi._edit_message_reply_markup,
    "deleteMessage": BotApi._delete_message,
    "answerCallbackQuery": BotApi._answer_callback_query,
    "answerInlineQuery": BotApi._answer_inline_query,
    "getFile": BotApi._get_file,
    "setWebhook": BotApi._set_webhook,
    "deleteWebhook": BotApi._delete_webhook,
    "getWebhookInfo": BotApi._get_webhook_info,
    "setMyCommands": BotApi._set_my_commands,
    "getMyCommands": BotApi._get_my_commands,
    "setMyDescription": BotApi._set_my_description,
    "setMyShortDescription": BotApi._set_my_short_description,
}
"""The methods that the fake knows."""
