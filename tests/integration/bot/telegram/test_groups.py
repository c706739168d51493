"""A group: two people press everything, and nothing private is sent there.

Commands, actions and buttons are enumerated from the code, so that new ones are tested as well.
"""

from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from sqlalchemy import text

from bot.telegram.button_presses import QUESTION_SECONDS
from bot.telegram.commands import GROUP_COMMANDS, CommandName
from bot.telegram.keyboards import CallbackData, decode_callback_data, encode_callback_data
from bot.testing.telegram import BOT_USER
from core.conversation.actions import Action, ActionType
from core.conversation.listings import own_look_line
from core.conversation.narration import style_description, style_name
from core.db import looks, people
from core.i18n.translations import Language, translate
from core.styles import Style
from core.urls import LOGIN_LINK_PATH
from core.vision.fake_backend import make_outputs
from tests.factories import make_photo
from tests.integration.bot.telegram.conftest import USER_ID, Json, TelegramHarness, list_looks

KO = Language.KO
FRIEND_ID = 77
GROUP = -100123
NAME = "숨은이름"
BOT = "@eva_stylist_bot"
MENTION = [{"type": "mention", "offset": 0, "length": len(BOT)}]
OTHER_OWNER = translate("telegram.button_of_other", KO)


class Group:
    """A group of two people, the first of whom also has a private look, a name, and an account on the site."""

    def __init__(self, harness: TelegramHarness) -> None:
        self.harness = harness
        self.private_look_id = UUID(int=0)
        self.secret_texts: list[str] = []
        self.secret_images: list[bytes] = []

    async def prepare(self) -> None:
        """Create what must stay private."""
        harness = self.harness
        conversation = harness.handler.conversation
        conversation.settings = conversation.settings.model_copy(update={"public_url": "https://eva.example"})
        harness.model.next_outputs = [make_outputs(Style.RETRO), make_outputs(Style.MODE)]
        await harness.send_updates(harness.updates.photo(make_photo(50)))
        await harness.send_updates(harness.updates.photo(make_photo(51), user_id=FRIEND_ID))
        look = (await list_looks(harness))[0]
        async with harness.resources.database.transaction() as connection:
            assert await people.update_display_name(connection, look.person_id, NAME)
        self.private_look_id = look.id
        self.secret_texts = [NAME, LOGIN_LINK_PATH, own_look_line(look, KO)]
        self.secret_texts += [translate("talk.forget.ask", KO), translate("talk.language.ask", KO)]
        self.secret_images = [path.read_bytes() for path in harness.stored_files()]

    async def say(self, words: str, user_id: int = USER_ID) -> list[Json]:
        """Send a command or a text that mentions the bot; returns the new messages in the group."""
        more = {} if words.startswith("/") else {"entities": MENTION}
        return await self.send(self.harness.updates.text(words, user_id=user_id, chat_id=GROUP, **more))

    async def send_photo(self, seed: int) -> list[Json]:
        """Send a photo for the bot to the group; returns the new messages in the group."""
        photo = self.harness.updates.photo(make_photo(seed), chat_id=GROUP, caption=BOT, caption_entities=MENTION)
        return await self.send(photo)

    async def press(self, message: Json, data: str, user_id: int = USER_ID) -> list[Json]:
        """Press a button; returns the new messages in the group."""
        return await self.send(self.harness.updates.button_press(message, data, user_id=user_id))

    async def send(self, update: Json) -> list[Json]:
        before = len(self.messages())
        await self.harness.send_updates(update)
        self.assert_nothing_private()
        return self.messages()[before:]

    async def assert_others_change_nothing(self, message: Json, data: str) -> None:
        """A press by the friend shows them an alert, and has no other effect."""
        rows, messages = await self.rows(), self.messages()
        await self.press(message, data, FRIEND_ID)
        answer = self.last_answer()
        assert answer.get("text") == OTHER_OWNER, data
        assert answer.get("show_alert") in {True, "true"}, data
        assert await self.rows() == rows, data
        assert self.messages() == messages, data

    def messages(self) -> list[Json]:
        return self.harness.telegram.messages(GROUP)

    def last_answer(self) -> Json:
        return dict(self.harness.telegram.calls_to("answerCallbackQuery")[-1].fields)

    def assert_nothing_private(self) -> None:
        calls = [call for call in self.harness.telegram.calls if str(call.fields.get("chat_id")) == str(GROUP)]
        sent = "\n".join(str(call.fields) for call in calls)
        assert not [secret for secret in self.secret_texts if secret in sent]
        assert not [call for call in calls for image in call.files.values() if image in self.secret_images]

    async def rows(self) -> dict[str, list[object]]:
        """Everything that is stored about the two people."""
        async with self.harness.resources.database.connection() as connection:
            return {
                table: [tuple(row) for row in await connection.execute(text(f"SELECT * FROM {table} ORDER BY 1, 2"))]
                for table in ("people", "identities", "looks", "hearts", "one_time_tokens")
            }


@pytest.fixture
async def group(harness: TelegramHarness) -> Group:
    group = Group(harness)
    await group.prepare()
    return group


def callback_buttons(message: Json) -> list[str]:
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return [button["callback_data"] for row in rows for button in row if "callback_data" in button]


def link_arguments(message: Json) -> list[str]:
    """The arguments of the links to the private chat under a message."""
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    urls = [urlsplit(button["url"]) for row in rows for button in row if "url" in button]
    return [parse_qs(url.query)["start"][0] for url in urls if url.netloc == "t.me"]


async def walk(group: Group, messages: list[Json]) -> set[ActionType]:
    """Press every button under the messages and under their replies, first as the friend; returns the actions."""
    pressed: set[ActionType] = set()
    done: set[tuple[int, str]] = set()
    waiting = [(message, data) for message in messages for data in callback_buttons(message)]
    while waiting:
        message, data = waiting.pop(0)
        content = decode_callback_data(data)
        assert content is not None
        # One style of the eight is enough.
        kind = data if content.action.style is None else content.action.type
        if (message["message_id"], kind) in done or len(done) > 60:
            continue
        done.add((message["message_id"], kind))
        pressed.add(content.action.type)
        await group.assert_others_change_nothing(message, data)
        replies = await group.press(message, data)
        waiting += [(reply, other) for reply in replies for other in callback_buttons(reply)]
    return pressed


async def test_commands_about_oneself_lead_to_the_private_chat(group: Group, harness: TelegramHarness) -> None:
    for name in CommandName:
        rows = await group.rows()
        replies = await group.say(f"/{name}{BOT}")
        assert replies, name
        assert [data for reply in replies for data in callback_buttons(reply)] == [], name
        assert await group.rows() == rows, name
        if name in GROUP_COMMANDS:
            continue
        assert [reply["text"] for reply in replies] == [translate("telegram.private_only", KO)]
        [argument] = link_arguments(replies[0])
        before = len(harness.texts())
        await harness.send_updates(harness.updates.text(f"/{name}"))
        expected = harness.texts()[before:]
        await harness.send_updates(harness.updates.text(f"/start {argument}"))
        assert expected
        assert harness.texts()[before:] == expected * 2
    # The same arguments typed in the group lead nowhere either.
    for name in set(CommandName) - GROUP_COMMANDS:
        [reply] = await group.say(f"/start{BOT} {name}")
        assert reply["text"] == translate("telegram.private_only", KO)


@pytest.mark.parametrize("words", ["비슷한 룩", "공유해줘", "보드에서 내려줘"])
async def test_own_looks_are_no_subject_of_a_group(group: Group, harness: TelegramHarness, words: str) -> None:
    [said] = await group.say(f"/help{BOT}")
    quoted = {"message_id": said["message_id"], "date": 1, "chat": said["chat"], "from": BOT_USER, "text": "?"}
    rows = await group.rows()
    [reply] = await group.send(harness.updates.text(words, chat_id=GROUP, reply_to_message=quoted))
    assert reply["text"] == translate("telegram.private_only", KO)
    assert await group.rows() == rows


@pytest.mark.parametrize("guesses_first", [False, True])
async def test_every_button_under_a_photo_belongs_to_its_sender(
    group: Group, harness: TelegramHarness, guesses_first: bool
) -> None:
    await harness.execute(f"UPDATE people SET guesses_first = {guesses_first}")
    pressed = await walk(group, await group.send_photo(0))

    assert {ActionType.SHARE, ActionType.CORRECT} <= pressed
    assert (ActionType.GUESS in pressed) is guesses_first
    assert (await list_looks(harness))[0].shared_at is None
    assert (await list_looks(harness))[0].corrected_style is not None


async def test_share_in_a_group_leads_to_the_look_in_the_private_chat(group: Group, harness: TelegramHarness) -> None:
    message = (await group.send_photo(0))[0]
    share = next(data for data in callback_buttons(message) if data.startswith("s."))
    assert await group.press(message, share) == []
    argument = parse_qs(urlsplit(group.last_answer()["url"]).query)["start"][0]
    for user_id in (FRIEND_ID, USER_ID):
        await harness.send_updates(harness.updates.text(f"/start {argument}", user_id=user_id))

    assert harness.last_message(FRIEND_ID)["text"] == translate("telegram.link_dead", KO)
    assert harness.buttons(harness.last_with_buttons())[:2] == ["share", "keep"]
    assert await group.say(f"/start{BOT} {argument}") != []
    assert group.messages()[-1]["text"] == translate("telegram.link_dead", KO)


async def test_no_action_crosses_from_one_person_or_chat_to_another(group: Group, harness: TelegramHarness) -> None:
    message = (await group.send_photo(0))[0]
    group_look_id = (await list_looks(harness))[0].id
    for action_type in ActionType:
        for look_id in (None, group.private_look_id, group_look_id):
            people_before = (await group.rows())["people"]
            action = Action(type=action_type, look_id=look_id)
            # The time, too, may be forged.
            data = encode_callback_data(CallbackData(action=action, owner_id=USER_ID, asked_at=2**32))
            await group.assert_others_change_nothing(message, data)
            forged = encode_callback_data(CallbackData(action=action, owner_id=FRIEND_ID, asked_at=2**32))
            if look_id is not None:
                await group.assert_others_change_nothing(message, encode_callback_data(CallbackData(action=action)))
                rows = await group.rows()
                await group.press(message, forged, FRIEND_ID)
                assert (await group.rows())["looks"] == rows["looks"], data
            await group.press(message, data)
            assert (await group.rows())["people"] == people_before, data
            if look_id == group.private_look_id:
                assert group.last_answer()["url"].endswith(f"look_{look_id}"), data
    assert all(look.shared_at is None for look in await list_looks(harness))


async def test_the_week_and_a_garment_are_no_subject_of_a_group(group: Group, harness: TelegramHarness) -> None:
    [said] = await group.say(f"/help{BOT}")
    quoted = {"message_id": said["message_id"], "date": 1, "chat": said["chat"], "from": BOT_USER, "text": "?"}
    rows = await group.rows()
    for words in ("이번 주 어땠어?", "how was my week?", "이번 달 내 스타일 어때?"):
        [reply] = await group.send(harness.updates.text(words, chat_id=GROUP, reply_to_message=quoted))
        assert reply["text"] == translate("telegram.private_only", KO)
    for words in ("내 코트 무슨 색이야?", "바지 파란색 아니에요", "not a red dress, it's a blue dress"):
        await group.send(harness.updates.text(words, chat_id=GROUP, reply_to_message=quoted))
    assert await group.rows() == rows


@pytest.mark.parametrize(
    "words",
    [
        f"{BOT} my week",
        f"{BOT}, 이번 주 어땠어?",
        f"{BOT} 내 기록",
        f"{BOT} 비슷한 룩",
        f"{BOT} /week",
        f"{BOT} 내 사진 지워줘",
    ],
)
async def test_what_a_mention_asks_about_oneself_leads_to_the_private_chat(group: Group, words: str) -> None:
    rows = await group.rows()
    [reply] = await group.say(words)
    assert reply["text"] == translate("telegram.private_only", KO)
    assert await group.rows() == rows


async def test_what_a_mention_asks_about_everybody_is_answered_in_the_group(group: Group) -> None:
    assert [reply["text"] for reply in await group.say(f"{BOT} 도움말")] == [translate("telegram.help", KO)]
    [described] = await group.say(f"{BOT} 레트로가 뭐야?")
    assert described["text"] == f"{style_name(Style.RETRO, KO)}: {style_description(Style.RETRO, KO)}"
    assert len(await group.say(BOT)) == 1


async def test_text_in_a_group_answers_no_question(group: Group, harness: TelegramHarness) -> None:
    await harness.execute("UPDATE people SET guesses_first = true")
    await harness.send_updates(harness.updates.photo(make_photo(60)))
    rows = await group.rows()
    await group.say(f"{BOT} 레트로")
    assert await group.rows() == rows
    look = (await list_looks(harness))[0]
    async with harness.resources.database.transaction() as connection:
        await people.record_name_question(connection, look.person_id, look.id, chat="telegram:1")
    await group.say(f"{BOT} 민트")
    async with harness.resources.database.transaction() as connection:
        person = await people.get(connection, look.person_id)
    assert person is not None
    assert person.pending_name_look_id is None

    async with harness.resources.database.connection() as connection:
        current = await looks.get(connection, look.id)
    assert current is not None
    assert current.shared_at is None
    assert current.guessed_style is None


async def test_private_version_of_a_photo_is_not_sent_to_a_group(group: Group) -> None:
    replies = await group.send_photo(50)

    assert replies
    assert not [reply for reply in replies if "photo" in reply]
    assert link_arguments(replies[0]) == [f"look_{group.private_look_id}"]


async def test_a_covered_photo_of_a_group_is_answered_with_covered_pictures(harness: TelegramHarness) -> None:
    """Also where a reply asks about it, in an album, and under a button; in the private chat the sender alone reads."""
    caption: Json = {"chat_id": GROUP, "caption": BOT, "caption_entities": MENTION}
    covered = harness.updates.photo(make_photo(1), has_media_spoiler=True, **caption)
    await harness.send_updates(covered)
    await harness.send_updates(harness.press(harness.last_with_buttons(GROUP), "more"))
    question: Json = {"entities": MENTION, "reply_to_message": covered["message"]}
    await harness.send_updates(harness.updates.text(f"{BOT} 어때?", user_id=FRIEND_ID, chat_id=GROUP, **question))
    await harness.send_updates(
        *harness.updates.album([make_photo(2), make_photo(3)], has_media_spoiler=True, **caption)
    )
    await harness.execute("UPDATE people SET guesses_first = true")
    await harness.send_updates(harness.updates.photo(make_photo(6), has_media_spoiler=True, **caption))
    await harness.send_updates(harness.press(harness.last_with_buttons(GROUP), "result"))
    await harness.execute("UPDATE people SET guesses_first = false")
    pictures = harness.photo_messages(GROUP)
    assert len(pictures) == 5
    assert all(picture.get("has_media_spoiler") for picture in pictures)

    await harness.send_updates(harness.updates.photo(make_photo(4), **caption))
    await harness.send_updates(harness.updates.photo(make_photo(5), has_media_spoiler=True))
    shown = (harness.photo_messages(GROUP)[-1], harness.photo_messages(USER_ID)[-1])
    assert not any(picture.get("has_media_spoiler") for picture in shown)


@pytest.mark.parametrize("guesses_first", [False, True])
async def test_own_photo_of_another_chat_is_not_sent_to_a_group(
    group: Group, harness: TelegramHarness, guesses_first: bool
) -> None:
    """Its owner quotes it, and the members of the group cannot open what is quoted."""
    await harness.execute(f"UPDATE people SET guesses_first = {guesses_first}")
    sizes = harness.updates.photo(make_photo(52))["message"]["photo"]
    origin = {"type": "user", "date": 1, "sender_user": {"id": USER_ID, "is_bot": False, "first_name": "Mina"}}
    quoting: Json = {"entities": MENTION, "external_reply": {"origin": origin, "photo": sizes}}
    replies = await group.send(harness.updates.text(f"{BOT} 이건?", chat_id=GROUP, **quoting))

    look = (await list_looks(harness))[0]
    assert look.id != group.private_look_id
    assert replies
    assert not [reply for reply in replies if "photo" in reply]
    pressed = callback_buttons(replies[0])
    assert bool(pressed) is guesses_first
    if guesses_first:
        assert await group.press(replies[0], pressed[0]) == []
        assert group.last_answer()["url"].endswith(f"look_{look.id}")
    else:
        assert link_arguments(replies[0]) == [f"look_{look.id}"]


@pytest.mark.parametrize("age", [QUESTION_SECONDS - 60, QUESTION_SECONDS + 1, None])
async def test_erasure_can_be_confirmed_for_ten_minutes(
    group: Group, harness: TelegramHarness, age: int | None
) -> None:
    await harness.send_updates(harness.updates.text("/forget"))
    question = harness.last_message()
    content = decode_callback_data(callback_buttons(question)[0])
    assert content is not None
    assert content.asked_at is not None
    asked_at = None if age is None else content.asked_at - age
    data = encode_callback_data(CallbackData(action=content.action, owner_id=USER_ID, asked_at=asked_at))
    await harness.send_updates(harness.updates.button_press(question, data))

    is_in_time = age is not None and age < QUESTION_SECONDS
    assert await harness.count_rows("looks") == (1 if is_in_time else 2)
    if not is_in_time:
        assert group.last_answer()["text"] == translate("telegram.button_expired", KO)
        assert callback_buttons(harness.last_message()) == []


async def test_everything_is_sent_to_the_topic_that_it_answers(harness: TelegramHarness) -> None:
    topic = {"message_thread_id": 9, "is_topic_message": True}
    await harness.send_updates(
        harness.updates.text(f"/help{BOT}", chat_id=GROUP, **topic),
        harness.updates.photo(make_photo(), chat_id=GROUP, caption=BOT, caption_entities=MENTION, **topic),
    )
    await harness.send_updates(harness.press(harness.last_with_buttons(GROUP), "correct"))

    methods = ("sendMessage", "sendPhoto", "sendChatAction")
    calls = [call for method in methods for call in harness.telegram.calls_to(method)]
    assert {call.method for call in calls} == set(methods)
    assert {str(call.fields["message_thread_id"]) for call in calls} == {"9"}
    # In groups without topics a reply has a thread id as well.
    await harness.send_updates(harness.updates.text(f"/help{BOT}", chat_id=GROUP, message_thread_id=9))
    assert "message_thread_id" not in harness.telegram.calls_to("sendMessage")[-1].fields


async def test_unknown_command_that_names_the_bot_gets_help(harness: TelegramHarness) -> None:
    await harness.send_updates(harness.updates.text("/weather", chat_id=GROUP))
    assert harness.texts(GROUP) == []
    await harness.send_updates(harness.updates.text(f"/weather{BOT}", chat_id=GROUP))

    assert harness.texts(GROUP) == [translate("telegram.unknown_command", KO)]


async def test_inline_result_of_the_bot_is_not_judged_again(harness: TelegramHarness) -> None:
    await harness.send_updates(harness.updates.photo(make_photo(), via_bot=harness.telegram.api.me))

    assert harness.texts() == []
    assert harness.model.call_count == 0
