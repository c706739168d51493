"""What a call of the skill says (SkillPayload), read leniently: anything may be missing, null or odd.

Kakao sends a photo in one of four ways; the first that holds any is taken:

    userRequest.params.media     sent straight into the chat
    action.params                the secure image plugin: JSON inside a string, in it `List(url, url)`
    action.detailParams          the same once more, as `value` and as `origin`
    userRequest.utterance        the photo's address as if the person had typed it
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

MAX_PHOTOS = 10
"""As many as the secure image plugin lets a person pick."""
URL_SEPARATOR = re.compile(r",\s*(?=https?://)")


@dataclass(frozen=True, slots=True, kw_only=True)
class SkillRequest:
    """One call of the skill."""

    user_id: str = field(repr=False)
    """The person's key within this bot, up to 70 characters; empty if Kakao sent none."""
    app_user_id: str | None = field(repr=False)
    """The person's Kakao Login id, if the bot is linked to an app and the person to it."""
    bot_id: str
    """Id of the bot that was spoken to, without the `!`; empty if Kakao sent none."""
    utterance: str = field(repr=False)
    """What the person typed, without spaces around it; for a photo its address."""
    language: Language
    """The person's language: Korean, unless Kakao says that it is English."""
    client_extra: Mapping[str, str]
    """What the pressed button carried."""
    photo_urls: tuple[str, ...] = field(repr=False)
    """Addresses of the photos, none twice. They are signed: not to be logged, not to be shown."""
    media_type: str | None
    """Kind of what was sent straight into the chat: `image`, `video` or another word; None for none."""
    has_consent: bool
    """Whether the photos came through the secure image plugin, which asks for consent itself, and were agreed to."""
    callback_url: str | None = field(repr=False)
    """Where one later answer may be sent, within a minute. A secret."""
    is_tester: bool
    """Whether it is the tester of the skill's form that calls, not a person."""


def parse_request(body: bytes, image_hosts: Sequence[str]) -> SkillRequest:
    """Read the body of a call.

    Args:
        body: the body as it came.
        hosts: the hosts that may hold photos; an utterance is a photo only if it is an address there.

    Raises:
        InvalidPayloadError: the body is no JSON object. Nothing within an object raises.
    """
    payload = _parse_json(body)
    if not isinstance(payload, dict):
        raise InvalidPayloadError(f"{len(body)} bytes")
    request, action = _get_object(payload, "userRequest"), _get_object(payload, "action")
    user, params = _get_object(request, "user"), _get_object(request, "params")
    properties = _get_object(user, "properties")
    bot, utterance = _to_text(_get_object(payload, "bot").get("id")), _to_text(request.get("utterance"))
    medium, media_url = _parse_media(params.get("media"))
    plugin = [value for value in _secure_image_values(action) if value]
    return SkillRequest(
        user_id=_to_text(user.get("id")) or _to_text(properties.get("botUserKey")),
        app_user_id=_to_text(properties.get("appUserId")) or None,
        bot_id=bot.removesuffix("!"),
        utterance=utterance,
        language=Language.EN if _to_text(request.get("lang")).lower().startswith("en") else Language.KO,
        client_extra=MappingProxyType(
            {key: _to_text(value) for key, value in _get_object(action, "clientExtra").items()}
        ),
        photo_urls=_find_photo_urls(medium, media_url, plugin, utterance, image_hosts),
        media_type=medium,
        has_consent=any(_has_privacy_agreement(value) for value in plugin),
        callback_url=_to_text(request.get("callbackUrl")) or None,
        is_tester=_to_text(user.get("type")) == "accountId" and _to_text(params.get("surface")) == "BuilderBotTest",
    )


def _parse_json(text: str | bytes) -> object:
    """The value of some JSON, or None where it is none."""
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value


def _get_object(parent: Mapping[str, object], key: str) -> dict[str, object]:
    """An object within another; empty if it is missing or something else. JSON in a string is unpacked."""
    value = parent.get(key)
    if isinstance(value, str) and value.lstrip().startswith("{"):
        value = _parse_json(value)
    return value if isinstance(value, dict) else {}


def _to_text(value: object) -> str:
    """A string or number as text that a database and a log can hold; anything else is empty."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value).replace("\0", "").encode("utf-8", "ignore").decode().strip()


def _parse_media(media: object) -> tuple[str | None, str]:
    """Kind and address of what was sent straight into the chat."""
    media = _get_object({"media": media}, "media")
    url = _to_text(media.get("url"))
    return (_to_text(media.get("type")).lower() or None, url) if url else (None, "")


def _secure_image_values(action: Mapping[str, object]) -> Iterator[object]:
    """Everything that may hold the secure image plugin's answer, the best place first."""
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
            return tuple(dict.fromkeys(urls))[:MAX_PHOTOS]
    return (utterance,) if parse_allowed_url(utterance, image_hosts) else ()


def _secure_image_urls(value: object) -> list[str]:
    """The addresses in one value of the plugin: an object or its JSON, a `List(...)`, or a list."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        value = _parse_json(value)
    if isinstance(value, dict):
        value = value.get("secureUrls")
        if isinstance(value, list):
            return [url for each in value if (url := _to_text(each)).startswith(("http://", "https://"))]
    elif not (isinstance(value, str) and value.lstrip().startswith("List(")):
        return []
    listed = _to_text(value).removeprefix("List(").removesuffix(")")
    urls = (url.strip() for url in URL_SEPARATOR.split(listed))
    return [url for url in urls if url.startswith(("http://", "https://"))]


def _has_privacy_agreement(value: object) -> bool:
    answer = _get_object({"plugin": value}, "plugin").get("privacyAgreement")
    return _to_text(answer).upper() == "Y"


def encode_action(action: Action) -> dict[str, str]:
    """An action as the `extra` of a button."""
    parts = {"do": action.type.value, "look": action.look_id, "style": action.style, "language": action.language}
    return {name: str(part) for name, part in parts.items() if part is not None}


def decode_action(request: SkillRequest) -> Action | None:
    """What a call asks for: the pressed button's action, or that of a button whose label was typed.

    None where it asks for nothing that a button could. What was typed is about no look in particular.
    """
    extra = request.client_extra
    try:
        verb = ActionType(extra.get("do", ""))
        return Action(
            type=verb,
            look_id=UUID(extra["look"]) if "look" in extra else None,
            style=Style(extra["style"]) if "style" in extra else None,
            language=Language(extra["language"]) if "language" in extra else None,
        )
    except ValueError:
        return _actions_by_label().get(request.utterance.casefold())


@cache
def _actions_by_label() -> dict[str, Action]:
    """The labels of all buttons in both languages. Typed, the last yes only asks: nobody deletes all by a sentence."""
    return {
        translate(f"talk.button.{verb}", language).casefold(): Action(
            type=ActionType.ASK_ERASE if verb is ActionType.CONFIRM_ERASE else verb
        )
        for language in Language
        for verb in ActionType
    }
