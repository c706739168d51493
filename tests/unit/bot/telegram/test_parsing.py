"""Updates as Telegram sends them, in private chats and in groups."""

from contextlib import suppress
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from telegram import User

from bot.telegram.parsing import (
    ButtonPress,
    CommandMessage,
    IncomingUpdate,
    InlineQuery,
    MembershipChange,
    PhotoMessage,
    TextMessage,
    UnsupportedMessage,
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
    assert (photo.file_id, photo.unique, photo.size) == (
        largest["file_id"],
        largest["file_unique_id"],
        largest["file_size"],
    )
    assert (photo.user_id, photo.chat_id, photo.language_code, photo.caption) == (42, 42, "ko", "이거 어때?")
    assert (photo.as_file, photo.album) == (False, None)


def test_album_is_told_by_its_id(updates: UpdateFactory) -> None:
    photos = [parse(update) for update in updates.album([jpeg(), jpeg()], caption="둘 중에?")]

    assert [photo.caption for photo in photos if isinstance(photo, PhotoMessage)] == ["둘 중에?", ""]
    assert len({photo.album for photo in photos if isinstance(photo, PhotoMessage)}) == 1


@pytest.mark.parametrize(
    ("name", "mime"),
    [("a.heic", "image/heic"), (None, "image/jpeg"), ("IMG.HEIC", "application/octet-stream"), ("a.jpg", None)],
)
def test_photo_sent_as_file(updates: UpdateFactory, name: str | None, mime: str | None) -> None:
    photo = parse(updates.document(b"bytes", name=name, mime=mime))

    assert isinstance(photo, PhotoMessage)
    assert (photo.as_file, photo.size) == (True, 5)


@pytest.mark.parametrize(
    ("name", "mime"), [("a.pdf", "application/pdf"), (None, None), ("a.zip", ""), ("a.jpg.exe", None)]
)
def test_other_files_are_odd(updates: UpdateFactory, name: str | None, mime: str | None) -> None:
    odd = parse(updates.document(b"bytes", name=name, mime=mime))

    assert isinstance(odd, UnsupportedMessage)
    assert odd.media is UnsupportedMedia.FILE


@pytest.mark.parametrize(
    ("kind", "oddity"),
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
def test_other_media_are_odd(updates: UpdateFactory, kind: str, oddity: UnsupportedMedia) -> None:
    odd = parse(updates.media(kind))

    assert isinstance(odd, UnsupportedMessage)
    assert odd.media is oddity


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


def test_words_and_words_that_only_mention_a_command(updates: UpdateFactory) -> None:
    plain = parse(updates.text(" 안녕 "))
    mentioned = parse(updates.text("🙂 try /help", entities=[{"type": "bot_command", "offset": 7, "length": 5}]))

    assert isinstance(plain, TextMessage)
    assert plain.text == "안녕"
    assert isinstance(mentioned, TextMessage)


def test_press_of_a_known_and_of_a_foreign_button(updates: UpdateFactory) -> None:
    message = {"message_id": 7, "date": 1767225600, "chat": {"id": 42, "type": "private"}, "text": "?"}
    known = parse(updates.button_press(message, "a"))
    foreign = parse(updates.button_press({"message_id": 7, "date": 0, "chat": message["chat"]}, "vote:1"))

    assert isinstance(known, ButtonPress)
    assert (known.action, known.chat_id, known.message_id) == (Action(type=ActionType.NEW_PHOTO), 42, 7)
    assert isinstance(foreign, ButtonPress)
    assert (foreign.action, foreign.message_id) == (None, 7)
    assert foreign.query_id


def test_inline_and_membership(updates: UpdateFactory) -> None:
    inline = parse(updates.inline_query(" street "))
    kicked = parse(updates.membership_change("kicked"))
    back = parse(updates.membership_change("member"))

    assert isinstance(inline, InlineQuery)
    assert inline.text == "street"
    assert isinstance(kicked, MembershipChange)
    assert not kicked.is_member
    assert isinstance(back, MembershipChange)
    assert back.is_member


def test_in_groups_only_what_is_addressed_counts(updates: UpdateFactory) -> None:
    hers = {"message_id": 1, "date": 1, "chat": {"id": GROUP, "type": "supergroup"}, "from": BOT_USER, "text": "?"}
    others = hers | {"from": {"id": 7, "is_bot": False, "first_name": "Jun"}}
    name = "@eva_stylist_bot"

    for ignored in (
        updates.text("안녕", chat_id=GROUP),
        updates.photo(jpeg(), chat_id=GROUP),
        updates.media("sticker", chat_id=GROUP),
        updates.text("/help@other_bot", chat_id=GROUP),
        updates.photo(jpeg(), chat_id=GROUP, reply_to_message=others),
        updates.text("@eva_stylist_bott 봐", chat_id=GROUP, entities=[MENTION[0] | {"length": len(name) + 1}]),
    ):
        assert parse(ignored) is None
    for heard in (
        updates.text("/help", chat_id=GROUP),
        updates.text(f"/help{name}", chat_id=GROUP),
        updates.text(f"{name} 봐", chat_id=GROUP, entities=MENTION),
        updates.photo(jpeg(), chat_id=GROUP, caption=f"{name.upper()} 봐", caption_entities=MENTION),
        updates.photo(jpeg(), chat_id=GROUP, reply_to_message=hers),
    ):
        incoming = parse(heard)
        assert incoming is not None
        assert (incoming.user_id, incoming.chat_id) == (42, GROUP)


def test_what_needs_no_answer(updates: UpdateFactory) -> None:
    message = updates.text("안녕")["message"]
    bots = {**message, "from": BOT_USER}
    service = {key: value for key, value in message.items() if key != "text"} | {"group_chat_created": True}

    for content in (
        {"edited_message": message},
        {"channel_post": message},
        {"message": bots},
        {"message": service},
        {},
    ):
        assert parse({"update_id": 1, **content}) is None


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


@settings(max_examples=300, deadline=None)
@given(choice=st.integers(0, 10), step=st.integers(0, 50), odd=ODD, removed=st.booleans())
def test_poisoned_update_is_a_named_error_or_harmless(choice: int, step: int, odd: object, removed: bool) -> None:
    updates = UpdateFactory(FakeBotApi(me=dict(BOT_USER)))
    made = [
        *(updates.text("/start x"), updates.text("@eva_stylist_bot", chat_id=GROUP, entities=MENTION)),
        *(updates.photo(jpeg(), caption="?"), updates.document(b"x"), updates.media("sticker")),
        *(
            updates.button_press({"message_id": 7, "date": 0, "chat": {"id": 1, "type": "private"}}, "a"),
            updates.inline_query("?"),
        ),
        *(updates.membership_change("kicked"), updates.media("animation"), updates.media("location")),
    ]
    update = made[choice % len(made)]
    places = list(_places(update))
    parent, key = places[step % len(places)]
    if removed:
        del parent[key]
    else:
        parent[key] = odd
    with suppress(InvalidPayloadError):
        incoming = parse(update)
        assert incoming is None or all(type(each) is int for each in (incoming.user_id, incoming.chat_id))


def _places(value: Any) -> Any:
    """Every place within some JSON, as its parent and its key."""
    for key, inner in list(value.items()) if isinstance(value, dict) else list(enumerate(value)):
        yield value, key
        if isinstance(inner, dict | list):
            yield from _places(inner)
