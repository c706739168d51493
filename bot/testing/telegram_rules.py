"""What the fake Bot API refuses in the parameters of calls, with the limits and error texts of the original.

Source: https://core.telegram.org/bots/api. Error texts that it does not document are those that bots receive.
"""

from __future__ import annotations

import ipaddress
import itertools
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from core.i18n.translations import utf16_length

MAX_TEXT_LENGTH, MAX_CAPTION_LENGTH, MAX_CALLBACK_ANSWER_LENGTH = 4096, 1024, 200
"""In UTF-16 code units."""
MAX_CALLBACK_DATA_BYTES = 64
MAX_INLINE_RESULTS, MAX_RESULT_ID_BYTES, MAX_START_PARAMETER = 50, 64, 64
MAX_COMMANDS, MAX_COMMAND_DESCRIPTION, MAX_DESCRIPTION, MAX_SHORT_DESCRIPTION = 100, 256, 512, 120
MAX_BUTTONS, MAX_BUTTONS_IN_A_ROW = 100, 8
INLINE_KINDS = {"switch_inline_query", "switch_inline_query_current_chat", "switch_inline_query_chosen_chat"}
BUTTON_KINDS = {"callback_data", "url", *INLINE_KINDS, "copy_text"}
CHAT_ACTIONS = {
    *("typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice", "upload_document"),
    *("choose_sticker", "find_location", "record_video_note", "upload_video_note"),
}
UPDATE_TYPES = {
    *("message", "edited_message", "channel_post", "edited_channel_post", "business_connection", "business_message"),
    *("edited_business_message", "deleted_business_messages", "message_reaction", "message_reaction_count"),
    *("inline_query", "chosen_inline_result", "callback_query", "shipping_query", "pre_checkout_query"),
    *("purchased_paid_media", "poll", "poll_answer", "my_chat_member", "chat_member", "chat_join_request"),
    *("chat_boost", "removed_chat_boost"),
}

JsonObject = dict[str, Any]


class BotApiError(Exception):
    """An error response of the API."""

    def __init__(self, status: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.status, self.description, self.parameters = status, description, parameters


def parse_text(
    fields: Mapping[str, Any], key: str, max_length: int, length_error: str, *, required: bool = False
) -> str:
    """The text of a call, which has no markup: no parse mode is supported.

    Args:
        fields: the parameters of the call.
        key: the parameter with the text.
        max_length: in UTF-16 code units.
        length_error: error text for longer ones.
        required: whether an empty text is an error.

    Raises:
        BotApiError: the text is empty or too long, or there is a parse mode.
    """
    if "parse_mode" in fields:
        raise BotApiError(400, "Bad Request: unsupported parse_mode")
    text = str(fields.get(key, "")).strip()
    if required and not text:
        raise BotApiError(400, "Bad Request: message text is empty")
    if utf16_length(text) > max_length:
        raise BotApiError(400, f"Bad Request: {length_error}")
    return text


def parse_keyboard(fields: Mapping[str, Any]) -> dict[str, Any] | None:
    """The inline keyboard of a call; None without one.

    Raises:
        BotApiError: a button is invalid.
    """
    markup = fields.get("reply_markup")
    if not isinstance(markup, dict) or "inline_keyboard" not in markup:
        return None
    rows = markup["inline_keyboard"]
    if sum(map(len, rows)) > MAX_BUTTONS or max(map(len, rows), default=0) > MAX_BUTTONS_IN_A_ROW:
        raise BotApiError(400, "Bad Request: REPLY_MARKUP_TOO_LONG")
    for button in itertools.chain.from_iterable(rows):
        if not str(button.get("text", "")).strip():
            raise BotApiError(400, "Bad Request: inline keyboard button text is empty")
        if len(BUTTON_KINDS & button.keys()) != 1:
            raise BotApiError(400, "Bad Request: BUTTON_TYPE_INVALID")
        if "callback_data" in button and not 1 <= len(button["callback_data"].encode()) <= MAX_CALLBACK_DATA_BYTES:
            raise BotApiError(400, "Bad Request: BUTTON_DATA_INVALID")
        if "url" in button and not _is_public_url(str(button["url"])):
            reason = f"inline keyboard button URL '{button['url']}' is invalid: Wrong HTTP URL"
            raise BotApiError(400, f"Bad Request: {reason}")
    return markup


def check_inline_results(fields: Mapping[str, Any]) -> None:
    """Check the results of `answerInlineQuery`, and the button above them.

    Raises:
        BotApiError: one of them is invalid.
    """
    results: Sequence[JsonObject] = fields.get("results", [])
    ids = [str(result.get("id", "")) for result in results]
    if len(results) > MAX_INLINE_RESULTS:
        raise BotApiError(400, "Bad Request: RESULTS_TOO_MUCH")
    if len(set(ids)) < len(ids):
        raise BotApiError(400, "Bad Request: RESULT_ID_DUPLICATE")
    if not all(1 <= len(result_id.encode()) <= MAX_RESULT_ID_BYTES for result_id in ids):
        raise BotApiError(400, "Bad Request: RESULT_ID_INVALID")
    for result in results:
        _check_inline_result(result)
    if (button := fields.get("button")) is not None:
        parameter = str(button.get("start_parameter", ""))
        if not button.get("text") or not re.fullmatch(rf"[A-Za-z0-9_-]{{1,{MAX_START_PARAMETER}}}", parameter):
            raise BotApiError(400, "Bad Request: START_PARAM_INVALID")


def _check_inline_result(result: JsonObject) -> None:
    parse_keyboard(result)
    match result.get("type"):
        case "photo":
            if not all(_is_public_url(str(result.get(name, ""))) for name in ("photo_url", "thumbnail_url")):
                raise BotApiError(400, "Bad Request: WEBDOCUMENT_URL_INVALID")
            parse_text(result, "caption", MAX_CAPTION_LENGTH, "MEDIA_CAPTION_TOO_LONG")
        case "article":
            if not result.get("title"):
                raise BotApiError(400, "Bad Request: article title is empty")
            content = result.get("input_message_content", {})
            parse_text(content, "message_text", MAX_TEXT_LENGTH, "MESSAGE_TOO_LONG", required=True)
        case _:
            raise BotApiError(400, "Bad Request: RESULT_TYPE_INVALID")


def check_webhook(fields: Mapping[str, Any]) -> None:
    """Check the parameters of `setWebhook`, as a local Bot API server does, which takes http and any port.

    Raises:
        BotApiError: one of them is invalid.
    """
    if not re.fullmatch(r"(https?://\S+)?", str(fields.get("url", ""))):
        raise BotApiError(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
    if "secret_token" in fields and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", str(fields["secret_token"])):
        raise BotApiError(400, "Bad Request: secret token contains unallowed characters")
    if not 1 <= int(fields.get("max_connections", 40)) <= 100:
        raise BotApiError(400, "Bad Request: bad webhook: max_connections is out of range")
    if not set(fields.get("allowed_updates", ())) <= UPDATE_TYPES:
        raise BotApiError(400, "Bad Request: allowed_updates has an unknown type")


def check_commands(fields: Mapping[str, Any]) -> None:
    """Check the parameters of `setMyCommands`.

    Raises:
        BotApiError: one of them is invalid.
    """
    commands: Sequence[JsonObject] = fields["commands"]
    check_language(fields)
    if len(commands) > MAX_COMMANDS:
        raise BotApiError(400, "Bad Request: BOT_COMMANDS_TOO_MUCH")
    for command in commands:
        if not re.fullmatch(r"[a-z0-9_]{1,32}", str(command.get("command", ""))):
            raise BotApiError(400, "Bad Request: BOT_COMMAND_INVALID")
        if not 1 <= utf16_length(str(command.get("description", ""))) <= MAX_COMMAND_DESCRIPTION:
            raise BotApiError(400, "Bad Request: BOT_COMMAND_DESCRIPTION_INVALID")


def check_description(fields: Mapping[str, Any], key: str, max_length: int) -> None:
    """Check a description of the bot; `key` is its parameter.

    Raises:
        BotApiError: it is too long.
    """
    check_language(fields)
    if utf16_length(str(fields.get(key, ""))) > max_length:
        raise BotApiError(400, f"Bad Request: {key} is too long")


def check_language(fields: Mapping[str, Any]) -> None:
    """Check a language code, which is empty for everyone else.

    Raises:
        BotApiError: it is none of ISO 639-1.
    """
    if not re.fullmatch(r"([a-z]{2})?", str(fields.get("language_code", ""))):
        raise BotApiError(400, "Bad Request: LANG_CODE_INVALID")


def parse_reply(fields: Mapping[str, Any]) -> tuple[int | None, bool]:
    """The message that a call replies to, and whether it may be missing.

    Args:
        fields: the parameters of the call.
    """
    reply = fields.get("reply_parameters") or {}
    if isinstance(reply, str):
        reply = json.loads(reply)
    return reply.get("message_id"), bool(reply.get("allow_sending_without_reply"))


def _is_public_url(url: str) -> bool:
    """Whether Telegram takes a URL: one with a host of the internet, or of its own scheme."""
    parts = urlsplit(url)
    if parts.scheme == "tg":
        return True
    return parts.scheme in {"http", "https"} and ("." in (parts.hostname or "") or _is_address(parts.hostname or ""))


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
