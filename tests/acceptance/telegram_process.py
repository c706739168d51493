"""The fake Telegram in a process of its own, which is not slowed down by what a test does meanwhile."""

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.managers import BaseManager
from typing import Any
from uuid import UUID

from bot.telegram.keyboards import decode_callback_data
from bot.testing.telegram import FakeTelegram
from tests.factories import make_photo


class RemoteTelegram(FakeTelegram):
    """The calls of a test, by `running_telegram`: attributes and functions cannot be passed between processes."""

    def start(self, webhook: str) -> tuple[str, str]:
        """Start it, with this webhook and the secret `secret`; its URL and the token of its bot."""
        self.__enter__()
        self.set_webhook(webhook)
        return self.url, self.token

    def set_webhook(self, url: str) -> None:
        """Deliver updates to another address."""
        self.api.webhook.update(url=url, secret_token="secret")

    def send_photo(self, seed: int, user_id: int) -> tuple[int | None, str]:
        """Let a person send a photo; the status of the webhook's response, and the message as looks name it."""
        update = self.updates.photo(make_photo(seed=seed), user_id=user_id)
        return self.deliver_update(update), f"{user_id}:{update['message']['message_id']}"

    def verdicts(self) -> list[UUID | None]:
        """The looks of the messages with buttons, which are the verdicts; None for a photo without an outfit."""
        return [_look_of(message) for message in self.messages() if "reply_markup" in message]

    def other_texts(self) -> list[str]:
        """The texts of the messages without buttons, such as apologies."""
        return [str(message.get("text")) for message in self.messages() if "reply_markup" not in message]


class _Manager(BaseManager):
    """Runs it in another process."""


_Manager.register("RemoteTelegram", RemoteTelegram)


@contextmanager
def running_telegram() -> Iterator[Any]:
    """A proxy of a RemoteTelegram; its process ends with the block."""
    with _Manager(ctx=multiprocessing.get_context("spawn")) as manager:
        yield manager.RemoteTelegram()  # type: ignore[attr-defined]


def _look_of(message: dict[str, Any]) -> UUID | None:
    for row in message["reply_markup"]["inline_keyboard"]:
        for button in row:
            data = decode_callback_data(button.get("callback_data", ""))
            if data is not None and data.action.look_id is not None:
                return data.action.look_id
    return None
