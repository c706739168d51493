"""Updates as Telegram sends them, in private chats and in groups."""

from __future__ import annotations

from contextlib import suppress
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from telegram import User

from bot.actions import Action, Verb
from bot.talk import Oddity
from bot.telegram.incoming import Command, Incoming, Inline, Membership, Odd, Photo, Press, Words, read
from bot.testing.telegram import ME
from bot.testing.telegram_api import BotApi
from bot.testing.telegram_updates import Updates
from core.errors import MalformedCall
from tests.pictures import corners

GROUP = -1_001_234_567_890
MENTION = [{"type": "mention", "offset": 0, "length": len("@eva_stylist_bot")}]


@pytest.fixture
def updates() -> Updates:
    return Updates(BotApi(me=dict(ME)))


def jpeg() -> bytes:
    file = BytesIO()
    corners().save(file, "JPEG")
    return file.getvalue()


def understood(update: dict[str, Any]) -> Incoming | None:
    return read(update, User.de_json(dict(ME), None))


def test_photo_is_the_largest_of_its_sizes(updates: Updates) -> None:
    update = updates.photo(jpeg(), caption=" 이거 어때? ")
    photo = understood(update)

    assert isinstance(photo, Photo)
    largest = max(update["message"]["photo"], key=lambda size: size["width"])
    assert (photo.file, photo.unique, photo.size) == (
        largest["file_id"],
        largest["file_unique_id"],
        largest["file_size"],
    )
    assert (photo.person, photo.chat, photo.language, photo.caption) == (42, 42, "ko", "이거 어때?")
    assert (photo.as_file, photo.album) == (False, None)


def test_album_is_told_by_its_id(updates: Updates) -> None:
    photos = [understood(update) for update in updates.album([jpeg(), jpeg()], caption="둘 중에?")]

    assert [photo.caption for photo in photos if isinstance(photo, Photo)] == ["둘 중에?", ""]
    assert len({photo.album for photo in photos if isinstance(photo, Photo)}) == 1


@pytest.mark.parametrize(
    ("name", "mime"),
    [("a.heic", "image/heic"), (None, "image/jpeg"), ("IMG.HEIC", "application/octet-stream"), ("a.jpg", None)],
)
def test_photo_sent_as_file(updates: Updates, name: str | None, mime: str | None) -> None:
    photo = understood(updates.document(b"bytes", name=name, mime=mime))

    assert isinstance(photo, Photo)
    assert (photo.as_file, photo.size) == (True, 5)


@pytest.mark.parametrize(
    ("name", "mime"), [("a.pdf", "application/pdf"), (None, None), ("a.zip", ""), ("a.jpg.exe", None)]
)
def test_other_files_are_odd(updates: Updates, name: str | None, mime: str | None) -> None:
    odd = understood(updates.document(b"bytes", name=name, mime=mime))

    assert isinstance(odd, Odd)
    assert odd.oddity is Oddity.FILE


@pytest.mark.parametrize(
    ("kind", "oddity"),
    [
        ("sticker", Oddity.STICKER),
        ("video", Oddity.VIDEO),
        ("video_note", Oddity.VIDEO),
        ("voice", Oddity.VOICE),
        ("audio", Oddity.VOICE),
        ("animation", Oddity.ANIMATION),
        ("location", Oddity.OTHER),
        ("contact", Oddity.OTHER),
    ],
)
def test_other_media_are_odd(updates: Updates, kind: str, oddity: Oddity) -> None:
    odd = understood(updates.medium(kind))

    assert isinstance(odd, Odd)
    assert odd.oddity is oddity


@pytest.mark.parametrize(
    ("text", "name", "argument"),
    [
        ("/start", "start", ""),
        ("/start look_Ab3x", "start", "look_Ab3x"),
        ("/Help@Eva_Stylist_Bot", "help", ""),
        ("/me@eva_stylist_bot  now ", "me", "now"),
    ],
)
def test_commands(updates: Updates, text: str, name: str, argument: str) -> None:
    command = understood(updates.text(text))

    assert isinstance(command, Command)
    assert (command.name, command.argument) == (name, argument)


def test_words_and_words_that_only_mention_a_command(updates: Updates) -> None:
    plain = understood(updates.text(" 안녕 "))
    mentioned = understood(updates.text("🙂 try /help", entities=[{"type": "bot_command", "offset": 7, "length": 5}]))

    assert isinstance(plain, Words)
    assert plain.words == "안녕"
    assert isinstance(mentioned, Words)


def test_press_of_a_known_and_of_a_foreign_button(updates: Updates) -> None:
    message = {"message_id": 7, "date": 1767225600, "chat": {"id": 42, "type": "private"}, "text": "?"}
    known = understood(updates.press(message, "a"))
    foreign = understood(updates.press({"message_id": 7, "date": 0, "chat": message["chat"]}, "vote:1"))

    assert isinstance(known, Press)
    assert (known.action, known.chat, known.message) == (Action(verb=Verb.ANOTHER), 42, 7)
    assert isinstance(foreign, Press)
    assert (foreign.action, foreign.message) == (None, 7)
    assert foreign.query


def test_inline_and_membership(updates: Updates) -> None:
    inline = understood(updates.inline(" street "))
    kicked = understood(updates.membership("kicked"))
    back = understood(updates.membership("member"))

    assert isinstance(inline, Inline)
    assert inline.words == "street"
    assert isinstance(kicked, Membership)
    assert not kicked.welcome
    assert isinstance(back, Membership)
    assert back.welcome


def test_in_groups_only_what_is_addressed_counts(updates: Updates) -> None:
    hers = {"message_id": 1, "date": 1, "chat": {"id": GROUP, "type": "supergroup"}, "from": ME, "text": "?"}
    others = hers | {"from": {"id": 7, "is_bot": False, "first_name": "Jun"}}
    name = "@eva_stylist_bot"

    for ignored in (
        updates.text("안녕", chat=GROUP),
        updates.photo(jpeg(), chat=GROUP),
        updates.medium("sticker", chat=GROUP),
        updates.text("/help@other_bot", chat=GROUP),
        updates.photo(jpeg(), chat=GROUP, reply_to_message=others),
        updates.text("@eva_stylist_bott 봐", chat=GROUP, entities=[MENTION[0] | {"length": len(name) + 1}]),
    ):
        assert understood(ignored) is None
    for heard in (
        updates.text("/help", chat=GROUP),
        updates.text(f"/help{name}", chat=GROUP),
        updates.text(f"{name} 봐", chat=GROUP, entities=MENTION),
        updates.photo(jpeg(), chat=GROUP, caption=f"{name.upper()} 봐", caption_entities=MENTION),
        updates.photo(jpeg(), chat=GROUP, reply_to_message=hers),
    ):
        incoming = understood(heard)
        assert incoming is not None
        assert (incoming.person, incoming.chat) == (42, GROUP)


def test_what_needs_no_answer(updates: Updates) -> None:
    message = updates.text("안녕")["message"]
    bots = {**message, "from": ME}
    service = {key: value for key, value in message.items() if key != "text"} | {"group_chat_created": True}

    for content in (
        {"edited_message": message},
        {"channel_post": message},
        {"message": bots},
        {"message": service},
        {},
    ):
        assert understood({"update_id": 1, **content}) is None


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


@settings(max_examples=300, deadline=None)
@given(choice=st.integers(0, 10), step=st.integers(0, 50), odd=ODD, removed=st.booleans())
def test_poisoned_update_is_a_named_error_or_harmless(choice: int, step: int, odd: object, removed: bool) -> None:
    updates = Updates(BotApi(me=dict(ME)))
    made = [
        *(updates.text("/start x"), updates.text("@eva_stylist_bot", chat=GROUP, entities=MENTION)),
        *(updates.photo(jpeg(), caption="?"), updates.document(b"x"), updates.medium("sticker")),
        *(updates.press({"message_id": 7, "date": 0, "chat": {"id": 1, "type": "private"}}, "a"), updates.inline("?")),
        *(updates.membership("kicked"), updates.medium("animation"), updates.medium("location")),
    ]
    update = made[choice % len(made)]
    places = list(_places(update))
    parent, key = places[step % len(places)]
    if removed:
        del parent[key]
    else:
        parent[key] = odd
    with suppress(MalformedCall):
        incoming = understood(update)
        assert incoming is None or all(type(each) is int for each in (incoming.person, incoming.chat))


def _places(value: Any) -> Any:
    """Every place within some JSON, as its parent and its key."""
    for key, inner in list(value.items()) if isinstance(value, dict) else list(enumerate(value)):
        yield value, key
        if isinstance(inner, dict | list):
            yield from _places(inner)
