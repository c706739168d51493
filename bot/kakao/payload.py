"""What a call of the skill says (SkillPayload), read leniently: anything may be missing, null or odd.

Kakao sends a photo in one of four ways; the first that holds any is taken:

    userRequest.params.media     sent straight into the chat
    action.params                the secure image plugin: JSON inside a string, in it `List(url, url)`
    action.detailParams          the same once more, as `value` and as `origin`
    userRequest.utterance        the photo's address as if the person had typed it
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from bot.kakao.hosts import split_allowed
from bot.texts import Language
from core.errors import MalformedCall

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["SkillCall", "read_call"]

MOST_PHOTOS = 10
"""As many as the secure image plugin lets a person pick."""
BETWEEN_URLS = re.compile(r",\s*(?=https?://)")


@dataclass(frozen=True, slots=True, kw_only=True)
class SkillCall:
    """One call of the skill."""

    user: str = field(repr=False)
    """The person's key within this bot, up to 70 characters; empty if Kakao sent none."""
    app_user: str | None = field(repr=False)
    """The person's Kakao Login id, if the bot is linked to an app and the person to it."""
    bot: str
    """Id of the bot that was spoken to, without the `!`; empty if Kakao sent none."""
    utterance: str = field(repr=False)
    """What the person typed, without spaces around it; for a photo its address."""
    language: Language
    """The person's language: Korean, unless Kakao says that it is English."""
    extra: Mapping[str, str]
    """What the pressed button carried."""
    photos: tuple[str, ...] = field(repr=False)
    """Addresses of the photos, none twice. They are signed: not to be logged, not to be shown."""
    medium: str | None
    """Kind of what was sent straight into the chat: `image`, `video` or another word; None for none."""
    agreed: bool
    """Whether the photos came through the secure image plugin, which asks for consent itself, and were agreed to."""
    callback_url: str | None = field(repr=False)
    """Where one later answer may be sent, within a minute. A secret."""
    tester: bool
    """Whether it is the tester of the skill's form that calls, not a person."""


def read_call(body: bytes, hosts: Sequence[str]) -> SkillCall:
    """Read the body of a call.

    Args:
        body: the body as it came.
        hosts: the hosts that may hold photos; an utterance is a photo only if it is an address there.

    Raises:
        MalformedCall: the body is no JSON object. Nothing within an object raises.
    """
    payload = _decoded(body)
    if not isinstance(payload, dict):
        raise MalformedCall(f"{len(body)} bytes")
    request, action = _object(payload, "userRequest"), _object(payload, "action")
    user, params = _object(request, "user"), _object(request, "params")
    properties = _object(user, "properties")
    bot, utterance = _text(_object(payload, "bot").get("id")), _text(request.get("utterance"))
    medium, media_url = _medium(params.get("media"))
    plugin = [value for value in _plugin_values(action) if value]
    return SkillCall(
        user=_text(user.get("id")) or _text(properties.get("botUserKey")),
        app_user=_text(properties.get("appUserId")) or None,
        bot=bot.removesuffix("!"),
        utterance=utterance,
        language=Language.EN if _text(request.get("lang")).lower().startswith("en") else Language.KO,
        extra=MappingProxyType({key: _text(value) for key, value in _object(action, "clientExtra").items()}),
        photos=_photos(medium, media_url, plugin, utterance, hosts),
        medium=medium,
        agreed=any(_privacy_agreement(value) for value in plugin),
        callback_url=_text(request.get("callbackUrl")) or None,
        tester=_text(user.get("type")) == "accountId" and _text(params.get("surface")) == "BuilderBotTest",
    )


def _decoded(text: str | bytes) -> object:
    """The value of some JSON, or None where it is none."""
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value


def _object(parent: Mapping[str, object], key: str) -> dict[str, object]:
    """An object within another; empty if it is missing or something else. JSON in a string is unpacked."""
    value = parent.get(key)
    if isinstance(value, str) and value.lstrip().startswith("{"):
        value = _decoded(value)
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    """A string or number as text that a database and a log can hold; anything else is empty."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value).replace("\0", "").encode("utf-8", "ignore").decode().strip()


def _medium(media: object) -> tuple[str | None, str]:
    """Kind and address of what was sent straight into the chat."""
    media = _object({"media": media}, "media")
    url = _text(media.get("url"))
    return (_text(media.get("type")).lower() or None, url) if url else (None, "")


def _plugin_values(action: Mapping[str, object]) -> Iterator[object]:
    """Everything that may hold the secure image plugin's answer, the best place first."""
    yield from _object(action, "params").values()
    details = [detail for detail in _object(action, "detailParams").values() if isinstance(detail, dict)]
    yield from (detail.get("value") for detail in details)
    yield from (detail.get("origin") for detail in details)


def _photos(
    medium: str | None, media_url: str, plugin: Sequence[object], utterance: str, hosts: Sequence[str]
) -> tuple[str, ...]:
    if medium is not None:
        return (media_url,) if medium == "image" else ()
    for value in plugin:
        if urls := _secure_urls(value):
            return tuple(dict.fromkeys(urls))[:MOST_PHOTOS]
    return (utterance,) if split_allowed(utterance, hosts) else ()


def _secure_urls(value: object) -> list[str]:
    """The addresses in one value of the plugin: an object or its JSON, a `List(...)`, or a list."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        value = _decoded(value)
    if isinstance(value, dict):
        value = value.get("secureUrls")
        if isinstance(value, list):
            return [url for each in value if (url := _text(each)).startswith(("http://", "https://"))]
    elif not (isinstance(value, str) and value.lstrip().startswith("List(")):
        return []
    listed = _text(value).removeprefix("List(").removesuffix(")")
    urls = (url.strip() for url in BETWEEN_URLS.split(listed))
    return [url for url in urls if url.startswith(("http://", "https://"))]


def _privacy_agreement(value: object) -> bool:
    answer = _object({"plugin": value}, "plugin").get("privacyAgreement")
    return _text(answer).upper() == "Y"
