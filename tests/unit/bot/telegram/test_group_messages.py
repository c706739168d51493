"""Which messages of a group are for the bot, and mentions of the bot in them."""

import re
from typing import Any

import pytest
from telegram import User

from bot.telegram.parsing import parse_album
from bot.telegram.updates import CommandMessage, PhotoMessage, TextMessage
from bot.testing.telegram import BOT_USER
from bot.testing.telegram_updates import UpdateFactory
from tests.unit.bot.telegram.conftest import GROUP, MENTION, jpeg, parse


def command(caption: str) -> dict[str, Any]:
    """A caption that begins with a command, with its entity."""
    entity = {"type": "bot_command", "offset": 0, "length": len(caption.split(maxsplit=1)[0])}
    return {"caption": caption, "caption_entities": [entity]}


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
        updates.text("/ban@other_bot", chat_id=GROUP, reply_to_message=by_bot),
        updates.text("/warn@other_bot for spam", chat_id=GROUP, reply_to_message=by_bot),
        updates.photo(jpeg(), chat_id=GROUP, **command("/meme@other_bot top"), reply_to_message=by_bot),
        updates.photo(jpeg(), chat_id=GROUP, **command("/meme@other_bot")),
        updates.photo(jpeg(), chat_id=GROUP, **command("/meme")),
        updates.text("@eva_stylist_bott 봐", chat_id=GROUP, entities=[MENTION[0] | {"length": len(name) + 1}]),
    ):
        assert parse(ignored) is None
    for addressed in (
        updates.text("/help", chat_id=GROUP),
        updates.text(f"/help{name}", chat_id=GROUP),
        updates.text(f"{name} 봐", chat_id=GROUP, entities=MENTION),
        updates.photo(jpeg(), chat_id=GROUP, caption=f"{name.upper()} 봐", caption_entities=MENTION),
        updates.photo(jpeg(), chat_id=GROUP, reply_to_message=by_bot),
        updates.photo(jpeg(), chat_id=GROUP, **command("/meme"), reply_to_message=by_bot),
        updates.photo(jpeg(), chat_id=GROUP, **command(f"/look{name.upper()} 봐")),
        updates.text("예뻐요", chat_id=GROUP, reply_to_message=by_bot),
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


def test_reply_to_the_text_of_another_is_itself_replied_to(updates: UpdateFactory) -> None:
    replied = updates.text("안녕", user_id=7, chat_id=GROUP)["message"]
    update = updates.text("@eva_stylist_bot 안녕?", chat_id=GROUP, entities=MENTION, reply_to_message=replied)
    parsed = parse(update)
    assert isinstance(parsed, TextMessage)
    assert (parsed.message_id, parsed.replied_id) == (update["message"]["message_id"], replied["message_id"])


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


def test_album_whose_caption_is_for_another_bot_is_not_addressed_by_its_other_photos(updates: UpdateFactory) -> None:
    """Each photo of an album replies to what the album replies to."""
    me = User.de_json(dict(BOT_USER), None)
    by_bot = {"message_id": 1, "date": 1, "chat": {"id": GROUP, "type": "supergroup"}, "from": BOT_USER, "text": "?"}
    for caption, count in (({}, 2), (command("/meme@other_bot"), 0), (command("/meme@eva_stylist_bot"), 2)):
        album = updates.album([jpeg(), jpeg()], chat_id=GROUP, **caption)
        for update in album:
            update["message"]["reply_to_message"] = by_bot
        assert len(parse_album(dict(enumerate(album)), me)) == count


def test_album_is_in_the_order_of_its_messages_however_it_arrived(updates: UpdateFactory) -> None:
    me = User.de_json(dict(BOT_USER), None)
    first, second, third = updates.album([jpeg(), jpeg(), jpeg()])
    assert list(parse_album({1: third, 2: first, 3: second}, me)) == [2, 3, 1]
