"""Parse skill requests (SkillPayload) leniently: any field may be missing, null or of another type.

Kakao sends a photo in one of four places; the first one with a photo is used:

    userRequest.params.media     a photo sent in the chat
    action.params                the secure image plugin: JSON in a string that contains `List(url, url)`
    action.detailParams          the same again, as `value` and as `origin`
    userRequest.utterance        the URL of the photo as if the person had typed it

A button carries its action in `extra`, which comes back as `action.clientExtra` of the next request.
Source: Kakao Business, chatbot guide, "answer_json_format" (SkillPayload).
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from uuid import UUID

from bot.kakao.photo_fetcher import parse_allowed_url
from core.conversation.actions import Action, ActionType
from core.errors import InvalidPayloadError
from core.i18n.translations import Language, translate
from core.styles import Style

URL_SEPARATOR = re.compile(r",\s*(?=https?://)")


@dataclass(frozen=True, slots=True, kw_only=True)
class SkillRequest:
    """One skill request."""

    user_id: str = field(repr=False)
    """The person's key in this bot, at most 70 characters; empty if missing."""
    app_user_id: str | None = field(repr=False)
    """The person's Kakao Login id, if the bot is linked to an app and the person has connected it."""
    bot_id: str
    """The bot, without the `!` of its development channel; empty if missing."""
    utterance: str = field(repr=False)
    """The message without surrounding spaces; for a photo its URL."""
    language: Language
    """The person's language: English if Kakao says so, else Korean."""
    client_extra: Mapping[str, str]
    """The `extra` of the pressed button."""
    photo_urls: tuple[str, ...] = field(repr=False)
    """URLs of the photos, in the order in which they were sent. They are signed: never log or show them."""
    media_type: str | None
    """Type of media sent in the chat: `image`, `video` or another word; None for a message without media."""
    has_consent: bool
    """Whether consent was given in the secure image plugin, which asks for it."""
    callback_url: str | None = field(repr=False)
    """A secret URL that accepts one later reply within a minute."""
    is_tester: bool
    """Whether the request comes from the test form of the bot manager instead of a person."""


def parse_request(body: bytes, image_hosts: Sequence[str]) -> SkillRequest:
    """Parse the body of a skill request.

    Args:
        body: the unchanged body.
        image_hosts: the hosts of photos; an utterance is a photo only if it is a URL there.

    Raises:
        InvalidPayloadError: the body is not a JSON object. No content of an object raises.
    """
    payload = _parse_json(body)
    if not isinstance(payload, dict):
        raise InvalidPayloadError(f"{len(body)} bytes")
    request, action = _get_object(payload, "userRequest"), _get_object(payload, "action")
    user, params = _get_object(request, "user"), _get_object(request, "params")
    properties = _get_object(user, "properties")
    bot_id, utterance = _to_text(_get_object(payload, "bot").get("id")), _to_text(request.get("utterance"))
    media_type, media_url = _parse_media(params.get("media"))
    plugin_values = [value for value in _secure_image_values(action) if value]
    return SkillRequest(
        user_id=_to_text(user.get("id")) or _to_text(properties.get("botUserKey")),
        app_user_id=_to_text(properties.get("appUserId")) or None,
        bot_id=bot_id.removesuffix("!"),
        utterance=utterance,
        language=Language.EN if _to_text(request.get("lang")).lower().startswith("en") else Language.KO,
        client_extra=MappingProxyType(
            {key: _to_text(value) for key, value in _get_object(action, "clientExtra").items()}
        ),
        photo_urls=_find_photo_urls(media_type, media_url, plugin_values, utterance, image_hosts),
        media_type=media_type,
        has_consent=any(_has_privacy_agreement(value) for value in plugin_values),
        callback_url=_to_text(request.get("callbackUrl")) or None,
        is_tester=_to_text(user.get("type")) == "accountId" and _to_text(params.get("surface")) == "BuilderBotTest",
    )


def _parse_json(text: str | bytes) -> object:
    """The decoded value; None for invalid JSON."""
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value


def _get_object(parent: Mapping[str, object], key: str) -> dict[str, object]:
    """The object under a key, also if it is JSON in a string; empty if it is missing or of another type."""
    value = parent.get(key)
    if isinstance(value, str) and value.lstrip().startswith("{"):
        value = _parse_json(value)
    return value if isinstance(value, dict) else {}


def _to_text(value: object) -> str:
    """A string or number as text that a database can store; empty for any other type."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value).replace("\0", "").encode("utf-8", "ignore").decode().strip()


def _parse_media(media: object) -> tuple[str | None, str]:
    """Type and URL of media sent in the chat."""
    media = _get_object({"media": media}, "media")
    url = _to_text(media.get("url"))
    return (_to_text(media.get("type")).lower() or None, url) if url else (None, "")


def _secure_image_values(action: Mapping[str, object]) -> Iterator[object]:
    """All values that may hold the result of the secure image plugin, the best place first."""
    yield from _get_object(action, "params").values()
    details = [detail for detail in _get_object(action, "detailParams").values() if isinstance(detail, dict)]
    yield from (detail.get("value") for detail in details)
    yield from (detail.get("origin") for detail in details)


def _find_photo_urls(
    media_type: str | None, media_url: str, plugin_values: Sequence[object], utterance: str, image_hosts: Sequence[str]
) -> tuple[str, ...]:
    if media_type is not None:
        return (media_url,) if media_type == "image" else ()
    for value in plugin_values:
        if urls := _secure_image_urls(value):
            return tuple(urls)
    return (utterance,) if parse_allowed_url(utterance, image_hosts) else ()


def _secure_image_urls(value: object) -> list[str]:
    """The URLs in one value of the plugin: an object or its JSON, a `List(...)`, or a list."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        value = _parse_json(value)
    if isinstance(value, dict):
        value = value.get("secureUrls")
        if isinstance(value, list):
            return [url for item in value if (url := _to_text(item)).startswith(("http://", "https://"))]
    elif not (isinstance(value, str) and value.lstrip().startswith("List(")):
        return []
    listed = _to_text(value).removeprefix("List(").removesuffix(")")
    urls = (url.strip() for url in URL_SEPARATOR.split(listed))
    return [url for url in urls if url.startswith(("http://", "https://"))]


def _has_privacy_agreement(value: object) -> bool:
    answer = _get_object({"plugin": value}, "plugin").get("privacyAgreement")
    return _to_text(answer).upper() == "Y"


CONSENT_ACTIONS = {
    ActionType.GRANT_CONSENT,
    ActionType.DECLINE_CONSENT,
    ActionType.ALLOW_LEARNING,
    ActionType.DECLINE_LEARNING,
    # KakaoTalk lets no bot send a message of its own.
    ActionType.START_DAILY_NEWS,
    ActionType.STOP_DAILY_NEWS,
}
"""Actions that a typed label does not trigger by itself."""


def encode_action(action: Action) -> dict[str, str]:
    """The `extra` of a button for an action."""
    parts = {
        "do": action.type.value,
        "look": action.look_id,
        "style": action.style,
        "language": action.language,
        "name": action.name_tag,
    }
    return {name: str(part) for name, part in parts.items() if part is not None}


def decode_action(request: SkillRequest) -> Action | None:
    """The action of the pressed button, or of a button whose label was typed; None for any other request.

    A typed action names no look.
    """
    extra = request.client_extra
    try:
        return Action(
            type=ActionType(extra.get("do", "")),
            look_id=UUID(extra["look"]) if "look" in extra else None,
            style=Style(extra["style"]) if "style" in extra else None,
            language=Language(extra["language"]) if "language" in extra else None,
            name_tag=extra.get("name"),
        )
    except ValueError:
        return _actions_by_label().get(request.utterance.casefold())


@cache
def _actions_by_label() -> dict[str, Action]:
    """The action of each label in both languages; a typed confirmation of an erasure only asks for it again.

    Consent has no label here: its words count only while it is asked for, see `SkillHandler`.
    """
    return {
        translate(f"talk.button.{action_type}", language).casefold(): Action(
            type=ActionType.ASK_ERASE if action_type is ActionType.CONFIRM_ERASE else action_type
        )
        for language in Language
        for action_type in ActionType
        if action_type not in CONSENT_ACTIONS
    }
