"""What people do on Telegram, as the updates that a bot gets; see `FakeTelegram`."""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.testing.telegram_api import BotApi, Json

__all__ = ["Updates"]


@dataclass(slots=True)
class Updates:
    """Makes updates with growing ids. Every method returns the JSON of one update (an album: of several).

    The person's id is also the id of the private chat with them; `chat` names another one, below 0 for a group.
    More keyword arguments become fields of the message, e.g. `reply_to_message` or `entities`.
    """

    api: BotApi
    ids: itertools.count[int] = field(default_factory=lambda: itertools.count(700_001))

    def text(self, text: str, *, person: int = 42, **more: Any) -> Json:
        """A message in words; one that begins with `/` carries the entity of a command."""
        if text.startswith("/") and "entities" not in more:
            more["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text.split(maxsplit=1)[0])}]
        return self._message(person, text=text, **more)

    def photo(self, data: bytes, *, person: int = 42, caption: str | None = None, **more: Any) -> Json:
        """A photo, in the sizes that Telegram makes of it; the largest is not the last."""
        sizes = self.api.photo_sizes(data)
        return self._message(person, photo=sizes[::-1], **_given(caption=caption), **more)

    def document(
        self,
        data: bytes,
        *,
        person: int = 42,
        name: str | None = "IMG_0001.heic",
        mime: str | None = "image/heic",
        caption: str | None = None,
        **more: Any,
    ) -> Json:
        """A file, which need not be what its name and type say."""
        file_id = self.api.store(data, f"documents/file_{next(self.api.numbers)}")
        document = {
            **{"file_id": file_id, "file_unique_id": self.api.files[file_id].unique_id, "file_size": len(data)},
            **_given(file_name=name, mime_type=mime),
        }
        return self._message(person, document=document, **_given(caption=caption), **more)

    def album(self, photos: Sequence[bytes], *, person: int = 42, chat: int | None = None, **first: Any) -> list[Json]:
        """Several photos sent at once: one update each, caption and the like on the first."""
        album = str(next(self.api.numbers))
        return [
            self.photo(data, person=person, chat=chat, media_group_id=album, **({} if place else first))
            for place, data in enumerate(photos)
        ]

    def medium(self, kind: str, *, person: int = 42, **more: Any) -> Json:
        """Something else: `sticker`, `video`, `video_note`, `voice`, `audio`, `animation`, `location`, `contact`."""
        file = {"file_id": "CgACAgIAAxk", "file_unique_id": "AgADkind", "width": 320, "height": 320, "duration": 3}
        content: Json = {kind: file}
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
        return self._message(person, **content, **more)

    def press(self, message: Json, data: str, *, person: int = 42) -> Json:
        """A press of a button under a message of the bot's."""
        query = str(next(self.api.numbers))
        self.api.open_queries.add(query)
        return self._update(
            callback_query={
                "id": query,
                "from": _person(person),
                "chat_instance": "1",
                "message": dict(message),
                "data": data,
            }
        )

    def inline(self, words: str, *, person: int = 42) -> Json:
        """The bot's name and some words, typed in any chat."""
        query = str(next(self.api.numbers))
        self.api.open_queries.add(query)
        return self._update(inline_query={"id": query, "from": _person(person), "query": words, "offset": ""})

    def membership(self, status: str, *, person: int = 42) -> Json:
        """The person blocks the bot (`kicked`) or takes it back (`member`)."""
        former = "member" if status == "kicked" else "kicked"
        dated = {"until_date": 0}
        return self._update(
            my_chat_member={
                "chat": {"id": person, "type": "private"},
                "from": _person(person),
                "date": int(time.time()),
                "old_chat_member": {"user": self.api.me, "status": former, **(dated if former == "kicked" else {})},
                "new_chat_member": {"user": self.api.me, "status": status, **(dated if status == "kicked" else {})},
            }
        )

    def _message(self, person: int, *, chat: int | None = None, language: str | None = "ko", **content: Any) -> Json:
        where = person if chat is None else chat
        return self._update(
            message={
                "message_id": next(self.api.numbers),
                "date": int(time.time()),
                "chat": {"id": where, "type": "private" if where > 0 else "supergroup"},
                "from": _person(person, language),
                **content,
            }
        )

    def _update(self, **content: Any) -> Json:
        return {"update_id": next(self.ids), **content}


def _person(person: int, language: str | None = "ko") -> Json:
    return {"id": person, "is_bot": False, "first_name": "Mina", **_given(language_code=language)}


def _given(**values: str | None) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}
