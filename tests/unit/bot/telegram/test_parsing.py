"""Parsing of updates from private chats and groups."""

import re
from contextlib import suppress
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from telegram import User

from bot.telegram.keyboards import CallbackData
from bot.telegram.parsing import (
    ButtonPress,
    CommandMessage,
    IncomingUpdate,
    InlineQuery,
    MembershipChange,
    PhotoMessage,
    TextMessage,
    UnsupportedMessage,
    parse_album,
    parse_update,
)
from bot.testing.telegram import BOT_USER
from bot.testing.telegram_api import FakeBotApi
from bot.testing.telegram_updates import UpdateFactory
from core.conversation.actions import Action, ActionType
from core.conversation.smalltalk import UnsupportedMedia
from core.errors import InvalidPayloadError
from tests.images import make_quadrants

GROUP = -1_001_234_567_890
MENTION = [{"type": "mention", "offset": 0, "length": len("@eva_stylist_bot")}]


@pytest.fixture
def updates() -> UpdateFactory:
    return UpdateFactory(FakeBotApi(me=dict(BOT_USER)))


def jpeg() -> bytes:
    file = BytesIO()
    make_quadrants().save(file, "JPEG")
    return file.getvalue()


def parse(update: dict[str, Any]) -> IncomingUpdate | None:
    return parse_update(update, User.de_json(dict(BOT_USER), None))


def test_photo_is_the_largest_of_its_sizes(updates: UpdateFactory) -> None:
    update = updates.photo(jpeg(), caption=" 이거 어때? ")
    photo = parse(update)

    assert isinstance(photo, PhotoMessage)
    largest = max(update["message"]["photo"], key=lambda size: size["width"])
    assert photo.file_id == largest["file_id"]
    assert (photo.user_id, photo.chat_id, photo.language_code, photo.caption) == (42, 42, "ko", "이거 어때?")


def test_album_has_its_caption_on_the_first_photo(updates: UpdateFactory) -> None:
    photos = [parse(update) for update in updates.album([jpeg(), jpeg()], caption="둘 중에?")]

    assert [photo.caption for photo in photos if isinstance(photo, PhotoMessage)] == ["둘 중에?", ""]


@pytest.mark.parametrize(
    ("name", "mime"),
    [
        *(("a.heic", "image/heic"), (None, "image/jpeg"), ("IMG.HEIC", "application/octet-stream"), ("a.jpg", None)),
        *(
            (None, None),
            (None, "application/octet-stream"),
            ("a.jpg ", ""),
            ("DSC1.HIF", None),
            ("photo.jpg_large", "application/octet-stream"),
            ("IMG.20261129", None),
            ("a.jfif", "IMAGE/JPEG"),
        ),
    ],
)
def test_photo_sent_as_file(updates: UpdateFactory, name: str | None, mime: str | None) -> None:
    update = updates.document(b"bytes", name=name, mime=mime)
    photo = parse(update)

    assert isinstance(photo, PhotoMessage)
    assert photo.file_id == update["message"]["document"]["file_id"]


@pytest.mark.parametrize(
    ("name", "mime"), [("a.pdf", "application/pdf"), (None, "video/mp4"), ("a.zip", ""), ("a.jpg.mp4", None)]
)
def test_other_files_are_unsupported(updates: UpdateFactory, name: str | None, mime: str | None) -> None:
    parsed = parse(updates.document(b"bytes", name=name, mime=mime))

    assert isinstance(parsed, UnsupportedMessage)
    assert parsed.media is UnsupportedMedia.FILE


@pytest.mark.parametrize(
    ("kind", "media"),
    [
        ("sticker", UnsupportedMedia.STICKER),
        ("video", UnsupportedMedia.VIDEO),
        ("video_note", UnsupportedMedia.VIDEO),
        ("voice", UnsupportedMedia.VOICE),
        ("audio", UnsupportedMedia.VOICE),
        ("animation", UnsupportedMedia.ANIMATION),
        ("location", UnsupportedMedia.OTHER),
        ("contact", UnsupportedMedia.OTHER),
    ],
)
def test_other_media_are_unsupported(updates: UpdateFactory, kind: str, media: UnsupportedMedia) -> None:
    parsed = parse(updates.media(kind))

    assert isinstance(parsed, UnsupportedMessage)
    assert parsed.media is media


@pytest.mark.parametrize(
    ("text", "name", "argument"),
    [
        ("/start", "start", ""),
        ("/start look_Ab3x", "start", "look_Ab3x"),
        ("/Help@Eva_Stylist_Bot", "help", ""),
        ("/me@eva_stylist_bot  now ", "me", "now"),
    ],
)
def test_commands(updates: UpdateFactory, text: str, name: str, argument: str) -> None:
    command = parse(updates.text(text))

    assert isinstance(command, CommandMessage)
    assert (command.name, command.argument) == (name, argument)


def test_text_and_text_that_mentions_a_command(updates: UpdateFactory) -> None:
    plain = parse(updates.text(" 안녕 "))
    mentioned = parse(updates.text("🙂 try /help", entities=[{"type": "bot_command", "offset": 7, "length": 5}]))

    assert isinstance(plain, TextMessage)
    assert plain.text == "안녕"
    assert isinstance(mentioned, TextMessage)


def test_button_press_with_known_and_unknown_data(updates: UpdateFactory) -> None:
    message = {"message_id": 7, "date": 1767225600, "chat": {"id": 42, "type": "private"}, "text": "?"}
    known = parse(updates.button_press(message, "a"))
    unknown = parse(updates.button_press({"message_id": 7, "date": 0, "chat": message["chat"]}, "vote:1"))

    assert isinstance(known, ButtonPress)
    assert known.data == CallbackData(action=Action(type=ActionType.NEW_PHOTO))
    assert (known.chat_id, known.message_id) == (42, 7)
    assert isinstance(unknown, ButtonPress)
    assert (unknown.data, unknown.message_id) == (None, 7)
    assert unknown.query_id


def test_inline_query_and_membership_change(updates: UpdateFactory) -> None:
    inline = parse(updates.inline_query(" street "))
    blocked = parse(updates.membership_change("kicked"))
    unblocked = parse(updates.membership_change("member"))

    assert isinstance(inline, InlineQuery)
    assert inline.text == "street"
    assert isinstance(blocked, MembershipChange)
    assert not blocked.is_member
    assert isinstance(unblocked, MembershipChange)
    assert unblocked.is_member


def test_only_addressed_messages_count_in_groups(updates: UpdateFactory) -> None:
    by_bot = {"message_id": 1, "date": 1, "chat": {"id": GROUP, "type": "supergroup"}, "from": BOT_USER, "text": "?"}
    by_other = by_bot | {"from": {"id": 7, "is_bot": False, "first_name": "Jun"}}
    name = "@eva_stylist_bot"

    for ignored in (
        updates.text("안녕", chat_id=GROUP),
        updates.photo(jpeg(), chat_id=GROUP),
        updates.media("sticker", chat_id=GROUP),
        updates.text("/help@other_bot", chat_id=GROUP),
        updates.photo(jpeg(), chat_id=GROUP, reply_to_message=by_other),
        updates.text("@eva_stylist_bott 봐", chat_id=GROUP, entities=[MENTION[0] | {"length": len(name) + 1}]),
    ):
        assert parse(ignored) is None
    for addressed in (
        updates.text("/help", chat_id=GROUP),
        updates.text(f"/help{name}", chat_id=GROUP),
        updates.text(f"{name} 봐", chat_id=GROUP, entities=MENTION),
        updates.photo(jpeg(), chat_id=GROUP, caption=f"{name.upper()} 봐", caption_entities=MENTION),
        updates.photo(jpeg(), chat_id=GROUP, reply_to_message=by_bot),
    ):
        parsed = parse(addressed)
        assert parsed is not None
        assert (parsed.user_id, parsed.chat_id) == (42, GROUP)


def named(text: str, *names: str) -> dict[str, Any]:
    """The text, or caption, of a message with the entities of mentions, whose offsets are in units of UTF-16."""
    entities = [
        {"type": "mention", "offset": utf_16_length(text[: match.start()]), "length": utf_16_length(match[0])}
        for name in names
        for match in re.finditer(re.escape(name) + r"\b", text)
    ]
    return {"text": text, "entities": entities}


def utf_16_length(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("@eva_stylist_bot my week", "my week"),
        ("@Eva_Stylist_Bot, my week", ", my week"),
        ("my week @EVA_STYLIST_BOT", "my week"),
        ("my week @eva_stylist_bot?", "my week                 ?"),
        ("@eva_stylist_bot\nmy week", "my week"),
        ("@eva_stylist_bot @eva_stylist_bot my week @eva_stylist_bot", "my week"),
        ("@eva_stylist_bot 이번 주 어땠어?", "이번 주 어땠어?"),
        ("이번 주 어땠어? @eva_stylist_bot", "이번 주 어땠어?"),
        ("👗👩🏽‍🎤 @eva_stylist_bot", "👗👩🏽‍🎤"),
        ("이번 주 어땠어? 👗 @eva_stylist_bot 👩🏽‍🎤", "이번 주 어땠어? 👗                  👩🏽‍🎤"),
        ("@eva_stylist_bot", ""),
        ("ask @eva_stylist_bot about my week", "ask @eva_stylist_bot about my week"),
        ("👗 이건 @eva_stylist_bot 에게 물어봐", "👗 이건 @eva_stylist_bot 에게 물어봐"),
        ("@other_bot my week @eva_stylist_bot", "@other_bot my week"),
        ("@eva_stylist_bot @other_bot knows my week", "@other_bot knows my week"),
    ],
)
def test_mention_of_the_bot_is_no_part_of_what_is_said(updates: UpdateFactory, text: str, said: str) -> None:
    names = ("@eva_stylist_bot", "@Eva_Stylist_Bot", "@EVA_STYLIST_BOT", "@other_bot")
    message = named(text, *names)
    parsed = parse(updates.text(chat_id=GROUP, **message))
    assert isinstance(parsed, TextMessage)
    assert parsed.text == said

    photo = parse(updates.photo(jpeg(), chat_id=GROUP, caption=text, caption_entities=message["entities"]))
    assert isinstance(photo, PhotoMessage)
    assert photo.caption == said


def test_mention_by_id_and_text_that_looks_like_a_mention(updates: UpdateFactory) -> None:
    entity = {"type": "text_mention", "offset": 3, "length": 2}
    parsed = parse(updates.text("👗 에바 이번 주 어땠어?", chat_id=GROUP, entities=[entity | {"user": BOT_USER}]))
    assert isinstance(parsed, TextMessage)
    assert parsed.text.split() == ["👗", "이번", "주", "어땠어?"]
    other = {"id": 7, "is_bot": False, "first_name": "에바"}
    assert parse(updates.text("👗 에바 이번 주 어땠어?", chat_id=GROUP, entities=[entity | {"user": other}])) is None
    plain = parse(updates.text("@eva_stylist_bot my week"))
    assert isinstance(plain, TextMessage)
    assert plain.text == "@eva_stylist_bot my week", "Telegram marks no mention, e.g. in code"


def test_question_about_the_photo_of_another_without_the_mention(updates: UpdateFactory) -> None:
    replied = updates.photo(jpeg(), user_id=7, chat_id=GROUP)["message"]
    question = parse(
        updates.text("@eva_stylist_bot 결혼식에 괜찮아?", chat_id=GROUP, entities=MENTION, reply_to_message=replied)
    )
    assert isinstance(question, PhotoMessage)
    assert (question.caption, question.is_of_other) == ("결혼식에 괜찮아?", True)


@pytest.mark.parametrize(
    ("text", "argument"),
    [
        ("@eva_stylist_bot /start me", "me"),
        ("/start me @eva_stylist_bot", "me"),
        ("/start@eva_stylist_bot me", "me"),
        ("@eva_stylist_bot /start@eva_stylist_bot", ""),
    ],
)
def test_command_beside_a_mention(updates: UpdateFactory, text: str, argument: str) -> None:
    message = named(text, "@eva_stylist_bot")
    message["entities"] = [entity for entity in message["entities"] if "/start@" not in text[: entity["offset"] + 1]]
    command = re.search(r"/start(@\w+)?", text)
    assert command is not None
    message["entities"].append({"type": "bot_command", "offset": command.start(), "length": len(command[0])})
    parsed = parse(updates.text(chat_id=GROUP, **message))

    assert isinstance(parsed, CommandMessage)
    assert (parsed.name, parsed.argument, parsed.names_bot) == ("start", argument, True)


def test_album_in_a_group_is_addressed_by_one_caption(updates: UpdateFactory) -> None:
    me = User.de_json(dict(BOT_USER), None)
    ignored = updates.album([jpeg(), jpeg()], chat_id=GROUP, caption="둘 중에?")
    addressed = updates.album([jpeg(), jpeg()], chat_id=GROUP, caption="@eva_stylist_bot", caption_entities=MENTION)
    invalid: dict[str, Any] = {"update_id": 1, "message": {"photo": "?"}}

    assert parse_album(dict(enumerate(ignored)), me) == {}
    parsed = parse_album(dict(enumerate([*addressed, invalid])), me)
    assert list(parsed) == [0, 1]
    assert all(isinstance(update, PhotoMessage) for update in parsed.values())


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
    assert isinstance(parse(updates.text("이건?", reply_to_message=replied)), PhotoMessage)


def test_service_messages_get_no_reply(updates: UpdateFactory) -> None:
    message = {key: value for key, value in updates.text("?")["message"].items() if key != "text"}

    contents: list[dict[str, Any]] = [
        {"pinned_message": {}},
        {"write_access_allowed": {"x": 1}},
        {"new_chat_title": "?"},
    ]
    for content in (*contents, {}):
        assert parse({"update_id": 1, "message": message | content}) is None


@pytest.mark.parametrize(
    ("origin", "is_of_other"),
    [
        ({"type": "user", "sender_user": {"id": 42, "is_bot": False, "first_name": "Mina"}}, False),
        ({"type": "user", "sender_user": {"id": 7, "is_bot": False, "first_name": "Jun"}}, True),
        ({"type": "hidden_user", "sender_user_name": "Jun"}, True),
        ({"type": "channel", "chat": {"id": GROUP, "type": "channel"}, "message_id": 3}, True),
    ],
)
def test_text_about_a_photo_of_another_chat(updates: UpdateFactory, origin: dict[str, Any], is_of_other: bool) -> None:
    sizes = updates.photo(jpeg())["message"]["photo"]
    question = updates.text("이건 어때?", external_reply={"origin": origin | {"date": 1}, "photo": sizes, "quote": 1})
    parsed = parse(question)

    assert isinstance(parsed, PhotoMessage)
    assert parsed.file_id in {size["file_id"] for size in sizes}
    assert (parsed.is_of_other, parsed.is_from_other_chat) == (is_of_other, True)
    assert parsed.message_id == question["message"]["message_id"]


def test_live_photo_is_a_photo(updates: UpdateFactory) -> None:
    update = updates.photo(jpeg())
    video = {"file_id": "v", "file_unique_id": "v", "width": 9, "height": 9, "duration": 2}
    sizes = update["message"].pop("photo")
    update["message"]["live_photo"] = video | {"photo": sizes}

    assert isinstance(parse(update), PhotoMessage)


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
    update = samples[choice % len(samples)]
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
