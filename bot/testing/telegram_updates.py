"""Updates of users of the fake Telegram, as JSON."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bot.testing.telegram_api import FakeBotApi
    from bot.testing.telegram_rules import JsonObject


@dataclass(slots=True)
class UpdateFactory:
    """Creates updates with increasing ids. Each method returns the JSON of one update, `album` of several.

    The user's id is also the id of the private chat with them; `chat_id` names another chat, below 0 for a group.
    Further keyword arguments become fields of the message, e.g. `reply_to_message` or `entities`.
    """

    api: FakeBotApi
    ids: itertools.count[int] = field(default_factory=lambda: itertools.count(700_001))

    def text(self, text: str, *, user_id: int = 42, **more: Any) -> JsonObject:
        """A text message; one that begins with `/` has the entity of a command."""
        if text.startswith("/") and "entities" not in more:
            more["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text.split(maxsplit=1)[0])}]
        return self._message(user_id, text=text, **more)

    def photo(self, data: bytes, *, user_id: int = 42, caption: str | None = None, **more: Any) -> JsonObject:
        """A photo in two sizes, the largest first."""
        sizes = self.api.photo_sizes(data)
        return self._message(user_id, photo=sizes[::-1], **_without_none(caption=caption), **more)

    def document(
        self,
        data: bytes,
        *,
        user_id: int = 42,
        name: str | None = "IMG_0001.heic",
        mime: str | None = "image/heic",
        caption: str | None = None,
        **more: Any,
    ) -> JsonObject:
        """A message with a file of any content.

        Args:
            data: content of the file.
            user_id: the sender.
            name: name of the file; None leaves it out.
            mime: MIME type that the sender declares; None leaves it out.
            caption: text below the file.
            **more: further fields of the message.
        """
        file_id = self.api.store_file(data, f"documents/file_{next(self.api.id_counter)}")
        document = {
            **{"file_id": file_id, "file_unique_id": self.api.files[file_id].unique_id, "file_size": len(data)},
            **_without_none(file_name=name, mime_type=mime),
        }
        return self._message(user_id, document=document, **_without_none(caption=caption), **more)

    def album(
        self, photos: Sequence[bytes], *, user_id: int = 42, chat_id: int | None = None, **first: Any
    ) -> list[JsonObject]:
        """An album: one update for each photo, further fields on the first one only."""
        album = str(next(self.api.id_counter))
        return [
            self.photo(data, user_id=user_id, chat_id=chat_id, media_group_id=album, **({} if number else first))
            for number, data in enumerate(photos)
        ]

    def media(self, kind: str, *, user_id: int = 42, **more: Any) -> JsonObject:
        """A `sticker`, `video`, `video_note`, `voice`, `audio`, `animation`, `location` or `contact`."""
        file = {"file_id": "CgACAgIAAxk", "file_unique_id": "AgADkind", "width": 320, "height": 320, "duration": 3}
        content: JsonObject = {kind: file}
        if kind == "video_note":
            file["length"] = 240
        elif kind == "sticker":
            content[kind] = file | {"type": "regular", "is_animated": False, "is_video": False}
        elif kind == "animation":
            content["document"] = {"file_id": "CgACAgIAAxk", "file_unique_id": "AgADkind", "mime_type": "video/mp4"}
        elif kind == "location":
            content[kind] = {"latitude": 37.5, "longitude": 127.0}
        elif kind == "contact":
            content[kind] = {"phone_number": "+82", "first_name": "Mina"}
        return self._message(user_id, **content, **more)

    def button_press(self, message: JsonObject, data: str, *, user_id: int = 42) -> JsonObject:
        """A press of a button under a message of the bot."""
        query = str(next(self.api.id_counter))
        self.api.open_queries.add(query)
        return self._update(
            callback_query={
                "id": query,
                "from": _user(user_id),
                "chat_instance": "1",
                "message": dict(message),
                "data": data,
            }
        )

    def reaction(self, message: JsonObject, emoji: str, *, user_id: int = 42) -> JsonObject:
        """A reaction that a person adds to a message."""
        return self._update(
            message_reaction={
                "chat": message["chat"],
                "message_id": message["message_id"],
                "user": _user(user_id),
                "date": message["date"],
                "old_reaction": [],
                "new_reaction": [{"type": "emoji", "emoji": emoji}],
            }
        )

    def inline_query(self, text: str, *, user_id: int = 42) -> JsonObject:
        """An inline query."""
        query = str(next(self.api.id_counter))
        self.api.open_queries.add(query)
        return self._update(inline_query={"id": query, "from": _user(user_id), "query": text, "offset": ""})

    def membership_change(self, status: str, *, user_id: int = 42) -> JsonObject:
        """The user blocks the bot (`kicked`) or unblocks it (`member`)."""
        old_status = "member" if status == "kicked" else "kicked"
        return self._update(
            my_chat_member={
                "chat": {"id": user_id, "type": "private"},
                "from": _user(user_id),
                "date": int(time.time()),
                "old_chat_member": self._membership(old_status),
                "new_chat_member": self._membership(status),
            }
        )

    def _membership(self, status: str) -> JsonObject:
        """The `ChatMember` object of the bot."""
        return {"user": self.api.me, "status": status, **({"until_date": 0} if status == "kicked" else {})}

    def _message(
        self, user_id: int, *, chat_id: int | None = None, language: str | None = "ko", **content: Any
    ) -> JsonObject:
        chat_id = user_id if chat_id is None else chat_id
        message = {
            "message_id": next(self.api.id_counter),
            "date": int(time.time()),
            "chat": {"id": chat_id, "type": "private" if chat_id > 0 else "supergroup"},
            "from": _user(user_id, language),
            **content,
        }
        self.api.received[chat_id, message["message_id"]] = message
        if content.get("is_topic_message"):
            self.api.topics.add((chat_id, content["message_thread_id"]))
        return self._update(message=message)

    def _update(self, **content: Any) -> JsonObject:
        return {"update_id": next(self.ids), **content}


def _user(user_id: int, language: str | None = "ko") -> JsonObject:
    return {"id": user_id, "is_bot": False, "first_name": "Mina", **_without_none(language_code=language)}


def _without_none(**values: str | None) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}
