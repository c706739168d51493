"""Validate replies against the rules of SkillResponse 2.0, for all types of bubbles that Eva uses.

Kakao shows nothing of a reply that violates a rule, and reports no error. Source: Kakao Business, chatbot guide,
"answer_json_format" and "ai_chatbot_callback_guide".

See ADR 0017.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

from core.errors import InvalidReplyError
from core.i18n.translations import utf16_length

SKILL_RESPONSE_VERSION = "2.0"
MAX_OUTPUTS = 3
MAX_QUICK_REPLIES = 10
MAX_BUBBLE_BYTES = 30 * 1024
"""A larger bubble is not shown."""
MAX_LABEL, MAX_LABEL_SIDE_BY_SIDE = 14, 8
"""Characters on the label of a button: alone in its row, and next to another button."""
MAX_TEXT, MAX_TITLE, MAX_DESCRIPTION, MAX_CARD_TEXT, MAX_ALT_TEXT = 1000, 50, 230, 400, 50
REQUIRED_ACTION_FIELDS = {"webLink": "webLinkUrl", "message": "messageText", "block": "blockId", "phone": "phoneNumber"}
"""The field that each action of a button requires."""
BUTTON_ACTIONS = {*REQUIRED_ACTION_FIELDS, "share", "operator"}


def validate_reply(reply: object) -> None:
    """Check that KakaoTalk would show a reply.

    Raises:
        InvalidReplyError: with all violations.
    """
    if violations := find_violations(reply):
        raise InvalidReplyError("; ".join(violations))


def find_violations(reply: object) -> list[str]:
    """All violations of a reply with their paths; empty for a valid reply."""
    return list(_check_response(reply))


def _check_response(reply: object) -> Iterator[str]:
    if not isinstance(reply, dict):
        yield "reply: not an object"
        return
    if reply.get("version") != SKILL_RESPONSE_VERSION:
        yield "version: not 2.0"
    yield from _check_keys(reply, "reply", "version", "template", "context", "data", "useCallback")
    if reply.get("useCallback"):
        if "template" in reply:
            yield "template: not allowed with useCallback"
        if not isinstance(reply.get("data", {}), dict):
            yield "data: not an object"
        return
    template = reply.get("template")
    if not isinstance(template, dict):
        yield "template: missing"
        return
    yield from _check_keys(template, "template", "outputs", "quickReplies")
    outputs = template.get("outputs")
    if not isinstance(outputs, list) or not 1 <= len(outputs) <= MAX_OUTPUTS:
        yield f"outputs: not 1 to {MAX_OUTPUTS}"
        outputs = []
    for index, output in enumerate(outputs):
        yield from _check_output(output, f"outputs[{index}]")
    quick_replies = template.get("quickReplies", [])
    if not isinstance(quick_replies, list) or len(quick_replies) > MAX_QUICK_REPLIES:
        yield f"quickReplies: more than {MAX_QUICK_REPLIES}"
        quick_replies = []
    for index, quick_reply in enumerate(quick_replies):
        yield from _check_button(quick_reply, f"quickReplies[{index}]", {"message", "block"}, MAX_LABEL)


def _check_output(output: object, path: str) -> Iterator[str]:
    if not isinstance(output, dict) or len(output) != 1:
        yield f"{path}: not a single bubble"
        return
    ((kind, bubble),) = output.items()
    rules = BUBBLE_RULES.get(kind)
    if rules is None or not isinstance(bubble, dict):
        yield f"{path}: unknown type of bubble"
        return
    if len(json.dumps(bubble, ensure_ascii=False).encode()) >= MAX_BUBBLE_BYTES:
        yield f"{path}: not under {MAX_BUBBLE_BYTES} bytes"
    yield from rules(bubble, f"{path}.{kind}")


def _check_simple_text(bubble: dict[str, Any], path: str) -> Iterator[str]:
    yield from _check_keys(bubble, path, "text")
    yield from _check_text(bubble, path, "text", MAX_TEXT, required=True)


def _check_text_card(bubble: dict[str, Any], path: str) -> Iterator[str]:
    yield from _check_keys(bubble, path, "title", "description", "buttons", "buttonLayout")
    if not bubble.get("title") and not bubble.get("description"):
        yield f"{path}: neither title nor description"
    yield from _check_text(bubble, path, "title", MAX_TITLE)
    yield from _check_text(bubble, path, "description", MAX_CARD_TEXT)
    if utf16_length(str(bubble.get("title", ""))) + utf16_length(str(bubble.get("description", ""))) > MAX_CARD_TEXT:
        yield f"{path}: title and description over {MAX_CARD_TEXT}"
    yield from _check_buttons(bubble, path, horizontal=False)


def _check_basic_card(bubble: dict[str, Any], path: str) -> Iterator[str]:
    yield from _check_keys(bubble, path, "title", "description", "thumbnail", "buttons", "buttonLayout")
    yield from _check_text(bubble, path, "title", MAX_TITLE)
    yield from _check_text(bubble, path, "description", MAX_DESCRIPTION)
    thumbnail = bubble.get("thumbnail")
    if not isinstance(thumbnail, dict):
        yield f"{path}.thumbnail: missing"
        thumbnail = {}
    else:
        yield from _check_keys(thumbnail, f"{path}.thumbnail", "imageUrl", "altText", "link", "fixedRatio")
        yield from _check_url(thumbnail, f"{path}.thumbnail", "imageUrl")
        yield from _check_text(thumbnail, f"{path}.thumbnail", "altText", MAX_ALT_TEXT)
        if "link" in thumbnail:
            yield from _check_url(thumbnail["link"], f"{path}.thumbnail.link", "web")
    yield from _check_buttons(bubble, path, horizontal=bool(thumbnail.get("fixedRatio")))


BUBBLE_RULES: dict[str, Callable[[dict[str, Any], str], Iterator[str]]] = {
    "simpleText": _check_simple_text,
    "textCard": _check_text_card,
    "basicCard": _check_basic_card,
}


def _check_buttons(bubble: dict[str, Any], path: str, *, horizontal: bool) -> Iterator[str]:
    """Check the buttons of a bubble; `horizontal` is the default layout of its type."""
    buttons, layout = bubble.get("buttons", []), bubble.get("buttonLayout")
    if layout not in {None, "vertical", "horizontal"}:
        yield f"{path}.buttonLayout: neither vertical nor horizontal"
    side_by_side = layout == "horizontal" or (layout is None and horizontal)
    max_buttons = 2 if side_by_side else 3
    if not isinstance(buttons, list) or len(buttons) > max_buttons:
        yield f"{path}.buttons: more than {max_buttons}"
        return
    max_label = MAX_LABEL_SIDE_BY_SIDE if side_by_side and len(buttons) == 2 else MAX_LABEL
    for index, button in enumerate(buttons):
        yield from _check_button(button, f"{path}.buttons[{index}]", BUTTON_ACTIONS, max_label)


def _check_button(button: object, path: str, allowed_actions: set[str], max_label: int) -> Iterator[str]:
    """Check a button or a quick reply."""
    if not isinstance(button, dict):
        yield f"{path}: not an object"
        return
    yield from _check_keys(button, path, "label", "action", "extra", *REQUIRED_ACTION_FIELDS.values())
    yield from _check_text(button, path, "label", max_label, required=True)
    action = button.get("action")
    if action not in allowed_actions:
        yield f"{path}.action: unknown"
    elif action == "webLink":
        yield from _check_url(button, path, "webLinkUrl")
    elif (required_field := REQUIRED_ACTION_FIELDS.get(action)) is not None and not button.get(required_field):
        yield f"{path}.{required_field}: missing"
    if not isinstance(button.get("extra", {}), dict):
        yield f"{path}.extra: not an object"


def _check_text(parent: dict[str, Any], path: str, key: str, limit: int, *, required: bool = False) -> Iterator[str]:
    value = parent.get(key)
    if value is None and not required:
        return
    if not isinstance(value, str) or not value.strip():
        yield f"{path}.{key}: empty"
    elif utf16_length(value) > limit:
        yield f"{path}.{key}: {utf16_length(value)} characters, over {limit}"


def _check_url(parent: object, path: str, key: str) -> Iterator[str]:
    parts = urlsplit(str(parent.get(key, "")) if isinstance(parent, dict) else "")
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        yield f"{path}.{key}: not an http URL"


def _check_keys(parent: dict[str, Any], path: str, *allowed: str) -> Iterator[str]:
    yield from (f"{path}: unknown key {key}" for key in parent if key not in allowed)
