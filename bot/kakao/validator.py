"""The rules of KakaoTalk's SkillResponse 2.0, for every bubble that Eva uses.

Kakao shows nothing at all where a reply breaks one of them, and tells nobody why. Source: Kakao Business, chatbot
guide, "answer_json_format" and "ai_chatbot_callback_guide".
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bot.measure import units
from core.errors import MalformedReply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["breaches", "check"]

VERSION = "2.0"
MOST_OUTPUTS = 3
MOST_QUICK_REPLIES = 10
MOST_BYTES = 30 * 1024
"""A longer bubble is not shown."""
MOST_LABEL, MOST_LABEL_BESIDE = 14, 8
"""Letters on a button: by itself in its row, and with another one beside it."""
MOST_TEXT, MOST_TITLE, MOST_DESCRIPTION, MOST_CARD_TEXT, MOST_ALT = 1000, 50, 230, 400, 50
NEEDS = {"webLink": "webLinkUrl", "message": "messageText", "block": "blockId", "phone": "phoneNumber"}
"""The field that an action of a button cannot be without."""
BUTTON_ACTIONS = {*NEEDS, "share", "operator"}


def check(reply: object) -> None:
    """Make sure that KakaoTalk would show a reply.

    Raises:
        MalformedReply: with every rule that it breaks.
    """
    if found := breaches(reply):
        raise MalformedReply("; ".join(found))


def breaches(reply: object) -> list[str]:
    """Every rule that a reply breaks, with its place; empty for a good one."""
    return list(_reply(reply))


def _reply(reply: object) -> Iterator[str]:
    if not isinstance(reply, dict):
        yield "reply: no object"
        return
    if reply.get("version") != VERSION:
        yield "version: not 2.0"
    yield from _only(reply, "reply", "version", "template", "context", "data", "useCallback")
    if reply.get("useCallback"):
        if "template" in reply:
            yield "template: not beside useCallback"
        if not isinstance(reply.get("data", {}), dict):
            yield "data: no object"
        return
    template = reply.get("template")
    if not isinstance(template, dict):
        yield "template: missing"
        return
    yield from _only(template, "template", "outputs", "quickReplies")
    outputs = template.get("outputs")
    if not isinstance(outputs, list) or not 1 <= len(outputs) <= MOST_OUTPUTS:
        yield f"outputs: not 1 to {MOST_OUTPUTS}"
        outputs = []
    for place, output in enumerate(outputs):
        yield from _output(output, f"outputs[{place}]")
    quick = template.get("quickReplies", [])
    if not isinstance(quick, list) or len(quick) > MOST_QUICK_REPLIES:
        yield f"quickReplies: more than {MOST_QUICK_REPLIES}"
        quick = []
    for place, each in enumerate(quick):
        yield from _pressable(each, f"quickReplies[{place}]", {"message", "block"}, MOST_LABEL)


def _output(output: object, at: str) -> Iterator[str]:
    if not isinstance(output, dict) or len(output) != 1:
        yield f"{at}: not one bubble"
        return
    ((kind, bubble),) = output.items()
    rules = BUBBLES.get(kind)
    if rules is None or not isinstance(bubble, dict):
        yield f"{at}: no bubble that Eva uses"
        return
    if len(json.dumps(bubble, ensure_ascii=False).encode()) >= MOST_BYTES:
        yield f"{at}: not under {MOST_BYTES} bytes"
    yield from rules(bubble, f"{at}.{kind}")


def _simple_text(bubble: dict[str, Any], at: str) -> Iterator[str]:
    yield from _only(bubble, at, "text")
    yield from _letters(bubble, at, "text", MOST_TEXT, required=True)


def _simple_image(bubble: dict[str, Any], at: str) -> Iterator[str]:
    yield from _only(bubble, at, "imageUrl", "altText")
    yield from _url(bubble, at, "imageUrl")
    yield from _letters(bubble, at, "altText", MOST_ALT)


def _text_card(bubble: dict[str, Any], at: str) -> Iterator[str]:
    yield from _only(bubble, at, "title", "description", "buttons", "buttonLayout")
    if not bubble.get("title") and not bubble.get("description"):
        yield f"{at}: neither title nor description"
    yield from _letters(bubble, at, "title", MOST_TITLE)
    yield from _letters(bubble, at, "description", MOST_CARD_TEXT)
    if units(str(bubble.get("title", ""))) + units(str(bubble.get("description", ""))) > MOST_CARD_TEXT:
        yield f"{at}: title and description over {MOST_CARD_TEXT}"
    yield from _buttons(bubble, at, horizontal=False)


def _basic_card(bubble: dict[str, Any], at: str) -> Iterator[str]:
    yield from _only(bubble, at, "title", "description", "thumbnail", "buttons", "buttonLayout")
    yield from _letters(bubble, at, "title", MOST_TITLE)
    yield from _letters(bubble, at, "description", MOST_DESCRIPTION)
    thumbnail = bubble.get("thumbnail")
    if not isinstance(thumbnail, dict):
        yield f"{at}.thumbnail: missing"
        thumbnail = {}
    else:
        yield from _only(thumbnail, f"{at}.thumbnail", "imageUrl", "altText", "link", "fixedRatio")
        yield from _url(thumbnail, f"{at}.thumbnail", "imageUrl")
        yield from _letters(thumbnail, f"{at}.thumbnail", "altText", MOST_ALT)
        if "link" in thumbnail:
            yield from _url(thumbnail["link"], f"{at}.thumbnail.link", "web")
    yield from _buttons(bubble, at, horizontal=bool(thumbnail.get("fixedRatio")))


BUBBLES: dict[str, Callable[[dict[str, Any], str], Iterator[str]]] = {
    "simpleText": _simple_text,
    "simpleImage": _simple_image,
    "textCard": _text_card,
    "basicCard": _basic_card,
}


def _buttons(bubble: dict[str, Any], at: str, *, horizontal: bool) -> Iterator[str]:
    """Args: horizontal is how the buttons stand if the bubble does not say it."""
    buttons, layout = bubble.get("buttons", []), bubble.get("buttonLayout")
    if layout not in {None, "vertical", "horizontal"}:
        yield f"{at}.buttonLayout: neither vertical nor horizontal"
    beside = layout == "horizontal" or (layout is None and horizontal)
    most = 2 if beside else 3
    if not isinstance(buttons, list) or len(buttons) > most:
        yield f"{at}.buttons: more than {most}"
        return
    letters = MOST_LABEL_BESIDE if beside and len(buttons) == 2 else MOST_LABEL
    for place, button in enumerate(buttons):
        yield from _pressable(button, f"{at}.buttons[{place}]", BUTTON_ACTIONS, letters)


def _pressable(button: object, at: str, actions: set[str], letters: int) -> Iterator[str]:
    """A button or a quick reply."""
    if not isinstance(button, dict):
        yield f"{at}: no object"
        return
    yield from _only(button, at, "label", "action", "extra", *NEEDS.values())
    yield from _letters(button, at, "label", letters, required=True)
    action = button.get("action")
    if action not in actions:
        yield f"{at}.action: unknown"
    elif action == "webLink":
        yield from _url(button, at, "webLinkUrl")
    elif (needed := NEEDS.get(action)) is not None and not button.get(needed):
        yield f"{at}.{needed}: missing"
    if not isinstance(button.get("extra", {}), dict):
        yield f"{at}.extra: no object"


def _letters(parent: dict[str, Any], at: str, key: str, most: int, *, required: bool = False) -> Iterator[str]:
    value = parent.get(key)
    if value is None and not required:
        return
    if not isinstance(value, str) or not value.strip():
        yield f"{at}.{key}: empty"
    elif units(value) > most:
        yield f"{at}.{key}: {units(value)} letters, over {most}"


def _url(parent: object, at: str, key: str) -> Iterator[str]:
    parts = urlsplit(str(parent.get(key, "")) if isinstance(parent, dict) else "")
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        yield f"{at}.{key}: no web address"


def _only(parent: dict[str, Any], at: str, *keys: str) -> Iterator[str]:
    yield from (f"{at}: {key} is not known there" for key in parent if key not in keys)
