"""Updates of unknown or invalid shape, and those that get no reply."""

from contextlib import suppress
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.telegram.updates import PhotoMessage, TextMessage, UnsupportedMessage
from bot.testing.telegram import BOT_USER
from bot.testing.telegram_api import FakeBotApi
from bot.testing.telegram_updates import UpdateFactory
from core.conversation.smalltalk import UnsupportedMedia
from core.errors import InvalidPayloadError
from tests.unit.bot.telegram.conftest import GROUP, MENTION, jpeg, parse


def test_updates_that_need_no_reply(updates: UpdateFactory) -> None:
    message = updates.text("안녕")["message"]
    by_bot = {**message, "from": BOT_USER}
    service = {key: value for key, value in message.items() if key != "text"} | {"group_chat_created": True}

    for content in (
        {"edited_message": message},
        {"channel_post": message},
        {"message": by_bot},
        {"message": service},
        {},
    ):
        assert parse({"update_id": 1, **content}) is None


def test_what_telegram_would_not_send_is_invalid(updates: UpdateFactory) -> None:
    valid = updates.text("안녕")
    message, sender, chat = valid["message"], valid["message"]["from"], valid["message"]["chat"]
    for invalid in (
        *(valid | {"update_id": number} for number in ("1", True, 1.5, 2**52)),
        *({"update_id": 1, "message": message | {"from": sender | {"id": number}}} for number in ("1", True, -(2**52))),
        *({"update_id": 1, "message": message | {"chat": chat | {"id": number}}} for number in ("1", 2**52)),
        {"update_id": 1, "message": {"photo": "?"}},
    ):
        with pytest.raises(InvalidPayloadError):
            parse(invalid)
    assert parse(valid | {"update_id": 2**52 - 1}) is not None


@pytest.mark.parametrize(
    "content",
    [
        {"poll": {"question": "?"}},
        {"poll": "of an unknown shape"},
        {"gift": {"gift": {"sticker": None}, "owned": [1]}},
        {"unique_gift": True},
        {"giveaway": {"chats": 3}},
        {"hologram": {"depth": 3}},
        {"dice": {"emoji": "🎲"}, "sender_tag": {"text": 1}},
        {"poll": {}, "hologram": 1},
    ],
)
def test_content_of_unknown_shape_is_unsupported(updates: UpdateFactory, content: dict[str, Any]) -> None:
    message = {key: value for key, value in updates.text("?")["message"].items() if key != "text"}
    parsed = parse({"update_id": 1, "message": message | content})

    assert isinstance(parsed, UnsupportedMessage)
    assert parsed.media is UnsupportedMedia.OTHER


def test_unknown_shapes_beside_a_text_or_a_photo_are_not_looked_at(updates: UpdateFactory) -> None:
    odd: dict[str, Any] = {"quote": 7, "link_preview_options": "?", "poll": "?", "hologram": {}, "reply_to_story": []}

    assert isinstance(parse(updates.text("안녕", **odd)), TextMessage)
    assert isinstance(parse(updates.photo(jpeg(), **odd)), PhotoMessage)
    replied = updates.photo(jpeg(), **odd)["message"]
    about_photo = parse(updates.text("이건?", reply_to_message=replied))
    assert isinstance(about_photo, TextMessage)
    assert isinstance(about_photo.photo, PhotoMessage)
    assert about_photo.photo.message_id == about_photo.replied_id != about_photo.message_id


def test_service_messages_get_no_reply(updates: UpdateFactory) -> None:
    message = {key: value for key, value in updates.text("?")["message"].items() if key != "text"}

    contents: list[dict[str, Any]] = [
        {"pinned_message": {}},
        {"write_access_allowed": {"x": 1}},
        {"new_chat_title": "?"},
    ]
    for content in (*contents, {}):
        assert parse({"update_id": 1, "message": message | content}) is None


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


@settings(max_examples=300, deadline=None)
@given(choice=st.integers(0, 10), position=st.integers(0, 50), value=ANY_JSON, is_removed=st.booleans())
def test_altered_update_is_harmless_or_an_invalid_payload(
    choice: int, position: int, value: object, is_removed: bool
) -> None:
    updates = UpdateFactory(FakeBotApi(me=dict(BOT_USER)))
    samples = [
        *(updates.text("/start x"), updates.text("@eva_stylist_bot", chat_id=GROUP, entities=MENTION)),
        *(updates.photo(jpeg(), caption="?"), updates.document(b"x"), updates.media("sticker")),
        *(
            updates.button_press({"message_id": 7, "date": 0, "chat": {"id": 1, "type": "private"}}, "a"),
            updates.inline_query("?"),
        ),
        *(updates.membership_change("kicked"), updates.media("animation"), updates.media("location")),
    ]
    # Other tests have the same entities.
    update = deepcopy(samples[choice % len(samples)])
    places = list(_iter_places(update))
    parent, key = places[position % len(places)]
    if is_removed:
        del parent[key]
    else:
        parent[key] = value
    with suppress(InvalidPayloadError):
        parsed = parse(update)
        assert parsed is None or all(type(number) is int for number in (parsed.user_id, parsed.chat_id))


def _iter_places(value: Any) -> Any:
    """Every value inside a JSON value, as its container and key."""
    for key, inner in list(value.items()) if isinstance(value, dict) else list(enumerate(value)):
        yield value, key
        if isinstance(inner, dict | list):
            yield from _iter_places(inner)
