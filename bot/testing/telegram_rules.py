"""What Telegram refuses: texts that are too long, markup that it cannot read, buttons that break a rule."""

from __future__ import annotations

import html
import html.parser
import itertools
from typing import TYPE_CHECKING, Any

from bot.measure import units

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Refusal", "keyboard", "plain"]

MOST_CALLBACK_DATA = 64
TAGS = {
    "a",
    "b",
    "blockquote",
    "code",
    "del",
    "em",
    "i",
    "ins",
    "pre",
    "s",
    "span",
    "strike",
    "strong",
    "tg-emoji",
    "u",
}
"""The elements that parse_mode HTML knows."""
BUTTON_KINDS = {"callback_data", "url", "switch_inline_query", "switch_inline_query_current_chat", "copy_text"}


class Refusal(Exception):
    """The API answers a call with an error."""

    def __init__(self, status: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.status, self.description, self.parameters = status, description, parameters


class _Markup(html.parser.HTMLParser):
    """Reads parse_mode HTML as strictly as Telegram does."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.text: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            raise Refusal(400, f'Bad Request: can\'t parse entities: Unsupported start tag "{tag}"')
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            raise Refusal(400, f'Bad Request: can\'t parse entities: Unexpected end tag "{tag}"')

    def handle_data(self, data: str) -> None:
        if "<" in data:
            raise Refusal(400, "Bad Request: can't parse entities: Unsupported start tag")
        self.text.append(data)

    def handle_entityref(self, name: str) -> None:
        self.text.append(html.unescape(f"&{name};"))

    def handle_charref(self, name: str) -> None:
        self.text.append(html.unescape(f"&#{name};"))

    def close(self) -> None:
        super().close()
        if self._open:
            raise Refusal(400, f"Bad Request: can't parse entities: Can't find end tag for \"{self._open[-1]}\"")


def plain(fields: Mapping[str, Any], key: str, most: int, too_long: str, *, required: bool = False) -> str:
    """A text without its markup.

    Raises:
        Refusal: it is empty though required, too long, or its markup is wrong.
    """
    text = str(fields.get(key, ""))
    if fields.get("parse_mode") == "HTML":
        markup = _Markup()
        markup.feed(text)
        markup.close()
        text = "".join(markup.text)
    text = text.strip()
    if required and not text:
        raise Refusal(400, "Bad Request: message text is empty")
    if units(text) > most:
        raise Refusal(400, f"Bad Request: {too_long}")
    return text


def keyboard(fields: Mapping[str, Any]) -> dict[str, Any] | None:
    """The keyboard of a call.

    Raises:
        Refusal: a button breaks a rule.
    """
    markup = fields.get("reply_markup")
    if not isinstance(markup, dict) or "inline_keyboard" not in markup:
        return None
    for button in itertools.chain.from_iterable(markup["inline_keyboard"]):
        if not button.get("text"):
            raise Refusal(400, "Bad Request: inline keyboard button text is empty")
        if len(BUTTON_KINDS & button.keys()) != 1:
            raise Refusal(400, "Bad Request: BUTTON_TYPE_INVALID")
        if "callback_data" in button and not 1 <= len(button["callback_data"].encode()) <= MOST_CALLBACK_DATA:
            raise Refusal(400, "Bad Request: BUTTON_DATA_INVALID")
        if "url" in button and not str(button["url"]).startswith(("http://", "https://", "tg://")):
            raise Refusal(400, "Bad Request: BUTTON_URL_INVALID")
    return markup
