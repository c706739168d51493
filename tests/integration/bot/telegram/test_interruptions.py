"""A job that ends right after a transaction was committed: its retry replies once, as if nothing had happened."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from unittest.mock import AsyncMock
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.telegram.delivery import REPLY_STEP
from core.clothing import Color, Item
from core.conversation.narration import style_name
from core.db import inbox, people
from core.db.people import Person
from core.db.schema import IdentityProvider, PendingQuestion
from core.errors import DatabaseUnavailableError
from core.i18n.translations import Language, translate, variant_keys
from core.styles import Style
from core.vision.classifier import StyleClassifier
from core.vision.fake_backend import FAKE_ATTRIBUTES_CARD, FakeBackend, add_attributes, make_outputs
from tests.factories import make_photo
from tests.integration.bot.telegram.conftest import USER_ID, Json, TelegramHarness, list_looks

KO = Language.KO
RETRO = style_name(Style.RETRO, KO)
COMMENTS = {
    translate(key, KO, guess=RETRO, style=style_name(Style.STREET, KO)) for key in variant_keys("talk.guess.wrong", KO)
}
"""What is said of a guess that differs from the verdict."""


class Interruption:
    """Ends jobs after a commit: the database is gone from there on, and back for the retry."""

    def __init__(self, harness: TelegramHarness, monkeypatch: pytest.MonkeyPatch) -> None:
        self.harness, self.commits_left, self.count = harness, 0, 0
        self._transaction = harness.resources.database.transaction
        monkeypatch.setattr(harness.resources.database, "transaction", self._interrupted_transaction)

    async def replies(self, update: Json, *, after: int = 1) -> list[Json]:
        """Send an update whose first attempt ends after some commits; the new messages."""
        before = len(self.harness.telegram.messages(USER_ID))
        self.commits_left, self.count = after, 0
        await self.harness.send_updates(update)
        assert self.count == 1
        assert await self.harness.count_unprocessed() == 0
        return self.harness.telegram.messages(USER_ID)[before:]

    @asynccontextmanager
    async def _interrupted_transaction(self) -> AsyncIterator[AsyncConnection]:
        async with self._transaction() as connection:
            yield connection
        self.commits_left -= 1
        if self.commits_left == 0:
            self.count += 1
            raise DatabaseUnavailableError


@pytest.fixture
def interruption(harness: TelegramHarness, monkeypatch: pytest.MonkeyPatch) -> Interruption:
    return Interruption(harness, monkeypatch)


def words(messages: list[Json]) -> list[str]:
    return [message.get("text") or message.get("caption") or "" for message in messages]


async def ask_for_a_guess(harness: TelegramHarness) -> Json:
    """Send a photo whose verdict waits for a guess; the question."""
    await harness.send_updates(harness.updates.photo(make_photo(1)))
    await harness.send_updates(harness.press(harness.last_with_buttons(), "guess"))
    await harness.send_updates(harness.updates.photo(make_photo(2)))
    return harness.last_message()


async def get_person(harness: TelegramHarness) -> Person:
    async with harness.resources.database.connection() as connection:
        person = await people.get_by_identity(connection, IdentityProvider.TELEGRAM, str(USER_ID))
    assert person is not None
    return person


@pytest.mark.parametrize("is_typed", [False, True])
async def test_guess_reveals_the_verdict(harness: TelegramHarness, interruption: Interruption, is_typed: bool) -> None:
    prompt = await ask_for_a_guess(harness)
    update = harness.updates.text(RETRO) if is_typed else harness.press(prompt, "guess", Style.RETRO)
    replies = await interruption.replies(update)

    assert words(replies)[0].partition("\n")[0] in COMMENTS
    assert (len(replies), "photo" in replies[0]) == (2, True)
    look = (await list_looks(harness))[0]
    assert (look.guessed_style, look.corrected_style, look.pending_question) == (Style.RETRO, None, None)


async def test_guess_in_a_caption_reveals_the_verdict(harness: TelegramHarness, interruption: Interruption) -> None:
    await ask_for_a_guess(harness)
    replies = await interruption.replies(harness.updates.photo(make_photo(3), caption=f"{RETRO}!"))

    assert words(replies)[0].partition("\n")[0] in COMMENTS
    assert (len(replies), "photo" in replies[0]) == (2, True)
    assert (await list_looks(harness))[0].guessed_style is Style.RETRO


@pytest.mark.parametrize("is_typed", [False, True])
async def test_correction_is_followed_by_the_question_for_learning(
    harness: TelegramHarness, interruption: Interruption, is_typed: bool
) -> None:
    await harness.send_updates(harness.updates.photo(make_photo()))
    await harness.send_updates(harness.press(harness.last_with_buttons(), "correct"))
    prompt = harness.last_with_buttons()
    update = harness.updates.text(RETRO) if is_typed else harness.press(prompt, "correct", Style.RETRO)
    replies = await interruption.replies(update)

    assert words(replies)[0] == translate("talk.correct.thanks", KO, style=RETRO)
    assert harness.buttons(replies[-1]) == ["learn", "nolearn"]
    assert (await list_looks(harness))[0].corrected_style is Style.RETRO


@pytest.mark.parametrize("after", [1, 2, 3])
async def test_corrected_item_is_followed_by_the_question_for_learning(
    harness: TelegramHarness, interruption: Interruption, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    outputs = add_attributes(make_outputs(Style.STREET), {Item.BOOTS: 0.9, Item.JACKET: 0.9, Color.BLACK: 0.9})
    classifier = StyleClassifier(FakeBackend(lambda _: outputs), FAKE_ATTRIBUTES_CARD)
    monkeypatch.setattr(harness.handler.conversation.photo_judging, "_classifier", classifier)
    await harness.send_updates(harness.updates.photo(make_photo()))
    replies = await interruption.replies(harness.updates.text("부츠 아니에요"), after=after)

    assert len(replies) == 2, "the thanks, and the question"
    assert harness.buttons(replies[-1]) == ["learn", "nolearn"]
    assert list((await list_looks(harness))[0].item_corrections) == [Item.BOOTS]


async def test_disagreement_offers_the_styles(harness: TelegramHarness, interruption: Interruption) -> None:
    await harness.send_updates(harness.updates.photo(make_photo()))
    replies = await interruption.replies(harness.updates.text("아니야"))

    assert [harness.buttons(reply)[:1] for reply in replies] == [["correct"]]


async def test_name_is_asked_for_shown_back_and_shared(harness: TelegramHarness, interruption: Interruption) -> None:
    await harness.send_updates(harness.updates.photo(make_photo()))
    [question] = await interruption.replies(harness.press(harness.last_with_buttons(), "share"))
    assert harness.buttons(question) == ["take", "keep"]
    [shown] = await interruption.replies(harness.updates.text("민트"))
    assert "민트" in shown["text"]
    [shared] = await interruption.replies(harness.press(shown, "post"))
    assert "민트" in shared["text"]
    [look] = await list_looks(harness)
    shared_at = look.shared_at
    assert shared_at is not None
    person = await get_person(harness)
    assert (person.name, person.pending_name_look_id) == ("민트", None)

    await harness.send_updates(harness.press(harness.last_with_buttons(), "unshare"))
    assert (await list_looks(harness))[0].shared_at is None


@pytest.mark.parametrize("answer", ["아니요", "올리지 마"])
async def test_refused_name_shares_nothing_and_asks_nothing(
    harness: TelegramHarness, interruption: Interruption, answer: str
) -> None:
    await harness.send_updates(harness.updates.photo(make_photo()))
    await harness.send_updates(harness.press(harness.last_with_buttons(), "share"))
    question = harness.last_message()
    # As a reply to the question, which is about the look, wherever that stands.
    replies = await interruption.replies(harness.updates.text(answer, reply_to_message=question))

    assert words(replies) == [translate("talk.kept", KO)]
    assert (await list_looks(harness))[0].shared_at is None


async def test_taking_a_look_back_is_said(harness: TelegramHarness, interruption: Interruption) -> None:
    await harness.send_updates(harness.updates.photo(make_photo()))
    await harness.send_updates(harness.press(harness.last_with_buttons(), "share"))
    await harness.send_updates(harness.press(harness.last_with_buttons(), "take"))
    button = harness.press(harness.last_with_buttons(), "unshare")
    assert words(await interruption.replies(button)) == [translate("talk.unshared", KO)]


async def test_an_erasure_is_confirmed(harness: TelegramHarness, interruption: Interruption) -> None:
    """Nothing is left of the person then, and no new one was created for the reply."""
    await harness.send_updates(harness.updates.photo(make_photo()), harness.updates.text("/forget"))
    button = harness.press(harness.last_with_buttons(), "erase")
    assert words(await interruption.replies(button)) == [translate("talk.forget.done", KO)]
    assert await harness.row_counts() == {}


async def test_the_update_of_an_erasure_that_failed_stays_known(
    harness: TelegramHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Telegram may send it again; nothing was erased, so that nothing forbids to keep its id."""
    await harness.send_updates(harness.updates.photo(make_photo()), harness.updates.text("/forget"))
    await harness.store(harness.press(harness.last_with_buttons(), "erase"))
    monkeypatch.setattr(people, "delete_person", AsyncMock(side_effect=RuntimeError))
    processed = await harness.count_rows("inbox")
    await harness.run_jobs()
    assert (await harness.count_rows("people"), await harness.count_rows("inbox")) == (1, processed)
    assert await harness.count_unprocessed() == 0
    assert harness.texts()[-1] == translate("error.any", KO)


async def test_an_erasure_is_confirmed_once_telegram_answers(harness: TelegramHarness) -> None:
    await harness.send_updates(harness.updates.photo(make_photo()), harness.updates.text("/forget"))
    question = harness.last_with_buttons()
    await harness.store(harness.press(question, "erase"))
    harness.telegram.fail_next("sendMessage", 502, "Bad Gateway", count=4)
    await harness.queue.run_worker({}, until_empty=True)
    async with harness.resources.database.connection() as connection:
        waiting = (await connection.execute(text("SELECT payload FROM inbox"))).scalar_one()
    assert harness.texts()[-1] == question["text"]
    assert (await harness.count_rows("people"), await harness.count_rows("looks")) == (0, 0)
    assert waiting["callback_query"]["from"] == {"id": USER_ID, "is_bot": False, "first_name": ""}
    assert set(waiting["callback_query"]["message"]) == {"message_id", "date", "chat"}
    await harness.run_jobs()
    assert harness.texts()[-1] == translate("talk.forget.done", KO)
    assert harness.texts().count(translate("talk.forget.done", KO)) == 1
    assert await harness.row_counts() == {}


async def test_action_is_undone_if_another_worker_recorded_its_reply_first(
    harness: TelegramHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    prompt = await ask_for_a_guess(harness)
    before = len(harness.texts())
    lock = people.lock

    async def lock_after_another_worker(connection: AsyncConnection, person_id: UUID) -> set[UUID]:
        await harness.execute(f"INSERT INTO job_checkpoints (inbox_id, name) SELECT max(id), '{REPLY_STEP}' FROM inbox")
        return await lock(connection, person_id)

    monkeypatch.setattr(people, "lock", lock_after_another_worker)
    await harness.send_updates(harness.press(prompt, "guess", Style.RETRO))

    look = (await list_looks(harness))[0]
    assert (look.guessed_style, look.pending_question) == (None, PendingQuestion.GUESS)
    assert len(harness.texts()) == before


async def test_a_guess_before_the_retry_of_its_question_is_answered_once(
    harness: TelegramHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A press has a higher priority than the retry of the photo."""
    await harness.send_updates(harness.updates.text("/start"))
    await harness.execute("UPDATE people SET guesses_first = true")
    inbox_id = await harness.store(harness.updates.photo(make_photo())) or 0
    with monkeypatch.context() as patch, pytest.raises(DatabaseUnavailableError):
        patch.setattr(inbox, "mark_processed", AsyncMock(side_effect=DatabaseUnavailableError))
        await harness.handler.handle_update(inbox_id)
    await harness.send_updates(harness.press(harness.last_with_buttons(), "guess", Style.RETRO))

    assert len(harness.photo_messages()) == 1
    assert await harness.count_unprocessed() == 0
