"""Parsing of photos, texts, commands, buttons and other updates."""

from typing import Any

import pytest

from bot.telegram.keyboards import CallbackData
from bot.telegram.updates import (
    ButtonPress,
    CommandMessage,
    InlineQuery,
    MembershipChange,
    PhotoMessage,
    TextMessage,
    UnsupportedMessage,
)
from bot.testing.telegram_updates import UpdateFactory
from core.conversation.actions import Action, ActionType
from core.conversation.smalltalk import UnsupportedMedia
from tests.unit.bot.telegram.conftest import GROUP, jpeg, parse


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
