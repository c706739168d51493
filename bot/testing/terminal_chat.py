"""A user of the fake Telegram at a terminal, who types, sends photos by path and presses buttons by number.

    chat = TerminalChat(telegram, console, folder=Path("."), language=Language.EN)
    chat.send("outfit.jpg")        # several paths are an album
    chat.show()                    # prints what the bot has sent since the last time
    chat.send("2")                 # presses the second button

Images that the bot sends are saved. `send` blocks, as `FakeTelegram.deliver_update` does.
"""

import shlex
from pathlib import Path

from rich.console import Console

from bot.testing.telegram import ApiCall, FakeTelegram
from bot.testing.telegram_rules import JsonObject
from core.i18n.translations import Language, translate

USER_ID = 42


class TerminalChat:
    """One private chat with the bot."""

    def __init__(self, telegram: FakeTelegram, console: Console, *, folder: Path, language: Language) -> None:
        """Open the chat.

        Args:
            telegram: the server.
            console: to print on.
            folder: for the images of the bot.
            language: of the user.
        """
        self._telegram, self._console, self._folder, self._language = telegram, console, folder, language
        self._shown_calls = 0

    def send(self, line: str) -> None:
        """Handle a line of input: press a button, send photos, or send it as text."""
        buttons = self._buttons()
        if line.isdecimal() and 1 <= int(line) <= len(buttons):
            message, button = buttons[int(line) - 1]
            self._telegram.deliver_update(
                self._telegram.updates.button_press(message, button["callback_data"], user_id=USER_ID)
            )
            return
        photos = _read_files(line)
        updates = self._telegram.updates
        if len(photos) > 1:
            for update in updates.album(photos, user_id=USER_ID):
                self._telegram.deliver_update(update)
        elif photos:
            self._telegram.deliver_update(updates.photo(photos[0], user_id=USER_ID, language=self._language.value))
        else:
            self._telegram.deliver_update(updates.text(line, user_id=USER_ID, language=self._language.value))

    def show(self) -> None:
        """Print what the bot has sent since the last call."""
        calls = self._telegram.calls[self._shown_calls :]
        self._shown_calls += len(calls)
        for call in calls:
            if call.status == 200:
                self._show(call)

    def _show(self, call: ApiCall) -> None:
        text = str(call.fields.get("text") or call.fields.get("caption") or "")
        match call.method:
            case "sendMessage":
                self._print(text)
            case "sendPhoto":
                for data in call.files.values():
                    path = self._unused_path()
                    path.write_bytes(data)
                    self._print(translate("cli.chat.saved", self._language, path=str(path)))
                self._print(text)
            case "answerCallbackQuery" if text:
                self._print(text)
            case _:
                return
        rows = (call.fields.get("reply_markup") or {}).get("inline_keyboard", [])
        buttons = [button["text"] for row in rows for button in row if "callback_data" in button]
        if buttons:
            self._print("   ".join(f"[{number}] {label}" for number, label in enumerate(buttons, 1)))

    def _print(self, text: str) -> None:
        if text:
            self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    def _buttons(self) -> list[tuple[JsonObject, JsonObject]]:
        """The buttons of the latest message that has any, each with its message."""
        for message in reversed(self._telegram.messages(USER_ID)):
            rows = (message.get("reply_markup") or {}).get("inline_keyboard", [])
            buttons = [(message, button) for row in rows for button in row if "callback_data" in button]
            if buttons:
                return buttons
        return []

    def _unused_path(self) -> Path:
        number = 1
        while (path := self._folder / f"eva-chat-{number}.jpg").exists():
            number += 1
        return path


def _read_files(line: str) -> list[bytes]:
    """The contents of the files in a line; none unless all of its words are paths of files."""
    try:
        paths = [Path(word).expanduser() for word in shlex.split(line)]
    except ValueError:
        return []
    if not paths or not all(path.is_file() for path in paths):
        return []
    return [path.read_bytes() for path in paths]
