"""Photos of other people and of senders who are not known: judged, and nothing of them is stored."""

import pytest

from bot.telegram.commands import CommandName
from core.i18n.translations import Language, translate
from core.styles import Style
from core.vision.fake_backend import make_outputs
from tests.factories import make_photo
from tests.integration.bot.telegram.conftest import DAILY_LIMIT, USER_ID, Json, TelegramHarness, list_looks

KO = Language.KO
FRIEND_ID = 77
GROUP = -100123
BOT = "@eva_stylist_bot"
MENTION = [{"type": "mention", "offset": 0, "length": len(BOT)}]
OF_OTHER, ANONYMOUS = translate("telegram.photo_of_other", KO), translate("telegram.photo_of_anonymous", KO)


def ask_about(harness: TelegramHarness, photo: Json, *, chat_id: int = GROUP) -> Json:
    return harness.updates.text(f"{BOT} 이건?", chat_id=chat_id, entities=MENTION, reply_to_message=photo)


def in_name_of_group(update: Json) -> Json:
    """The same message, sent by an administrator who stays anonymous."""
    anonymous_bot = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
    update["message"] |= {"from": anonymous_bot, "sender_chat": update["message"]["chat"]}
    return update


async def test_photo_of_a_friend_is_judged_and_not_stored(harness: TelegramHarness) -> None:
    photo = harness.updates.photo(make_photo(), user_id=FRIEND_ID, chat_id=GROUP)["message"]
    await harness.send_updates(ask_about(harness, photo))

    assert harness.texts(GROUP)[0].startswith(OF_OTHER)
    assert len(harness.photo_messages(GROUP)) == 1
    assert [message for message in harness.telegram.messages(GROUP) if harness.buttons(message)] == []
    assert (await list_looks(harness), harness.stored_files()) == ([], [])
    assert await harness.count_rows("identities") == 1, "the friend asked nothing"

    for seed in range(1, DAILY_LIMIT + 1):
        photo = harness.updates.photo(make_photo(seed), user_id=FRIEND_ID, chat_id=GROUP)["message"]
        await harness.send_updates(ask_about(harness, photo))
    assert harness.texts(GROUP)[-1] == translate("talk.limit", KO, count=DAILY_LIMIT)
    assert await harness.count_unprocessed() == 0


async def test_own_photo_is_stored_when_it_is_asked_about_by_a_reply(harness: TelegramHarness) -> None:
    photo = harness.updates.photo(make_photo(), chat_id=GROUP)["message"]
    await harness.send_updates(ask_about(harness, photo))

    [look] = await list_looks(harness)
    assert look.source_message_id == f"{GROUP}:{photo['message_id']}"
    assert harness.buttons(harness.last_with_buttons(GROUP)) != []


@pytest.mark.parametrize("sender_id", [USER_ID, FRIEND_ID])
async def test_thanks_or_a_wish_in_reply_to_a_photo_judges_nothing(harness: TelegramHarness, sender_id: int) -> None:
    photo = harness.updates.photo(make_photo(), user_id=sender_id, chat_id=GROUP)["message"]
    for words in ("고마워", "이거 지워줘", "사진 다 지워줘"):
        await harness.send_updates(
            harness.updates.text(f"{BOT} {words}", chat_id=GROUP, entities=MENTION, reply_to_message=photo)
        )

    assert len(harness.texts(GROUP)) == 3
    assert (harness.photo_messages(GROUP), harness.model.call_count, await list_looks(harness)) == ([], 0, [])


async def test_photo_of_another_chat_is_answered_without_its_picture_in_a_group(harness: TelegramHarness) -> None:
    photo = harness.updates.photo(make_photo(), user_id=FRIEND_ID)["message"]["photo"]
    friend = {"id": FRIEND_ID, "is_bot": False, "first_name": "Jun"}
    external = {"origin": {"type": "user", "date": 1, "sender_user": friend}, "photo": photo}
    await harness.send_updates(
        harness.updates.text(f"{BOT} 이건?", chat_id=GROUP, entities=MENTION, external_reply=external),
        harness.updates.text("이건?", external_reply=external),
    )

    for chat_id, pictures in ((GROUP, 0), (USER_ID, 1)):
        assert harness.texts(chat_id)[0].startswith(OF_OTHER)
        assert len(harness.photo_messages(chat_id)) == pictures
    assert (await list_looks(harness), harness.stored_files()) == ([], [])


async def test_anonymous_administrators_get_verdicts_and_no_person_is_created(harness: TelegramHarness) -> None:
    updates = harness.updates
    mention: Json = {"chat_id": GROUP, "caption": f"{BOT} 봐 주세요", "caption_entities": MENTION}
    await harness.send_updates(in_name_of_group(updates.photo(make_photo(), **mention)))
    assert harness.texts(GROUP)[0].startswith(ANONYMOUS)

    harness.model.next_outputs = [make_outputs(Style.CASUAL, confidence=0.7), make_outputs(Style.RETRO)]
    album = updates.album([make_photo(1), make_photo(2)], **mention)
    await harness.send_updates(*map(in_name_of_group, album))
    texts = harness.texts(GROUP)
    assert translate("talk.album.two", KO, number=2) in texts[2]

    await harness.send_updates(
        in_name_of_group(updates.text(f"{BOT} 안녕", chat_id=GROUP, entities=MENTION)),
        in_name_of_group(updates.text("/help", chat_id=GROUP)),
        in_name_of_group(updates.text("/board", chat_id=GROUP)),
        in_name_of_group(updates.text(f"/{CommandName.ME}{BOT}", chat_id=GROUP)),
    )
    assert harness.texts(GROUP)[len(texts) :] == [
        translate("telegram.anonymous", KO),
        translate("telegram.help", Language.EN),
        translate("talk.board.nothing", Language.EN),
        translate("telegram.private_only", Language.EN),
    ]
    harness.telegram.fail_next("getFile", 500, count=99)
    await harness.send_updates(*map(in_name_of_group, updates.album([make_photo(3), make_photo(4)], **mention)))
    assert harness.texts(GROUP)[-1].startswith(translate("talk.album.none", KO, total=2))
    assert await harness.count_rows("people") == 0
    assert harness.stored_files() == []
    assert await harness.count_unprocessed() == 0
