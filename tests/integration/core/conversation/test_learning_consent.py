"""Consent to learn from corrections: asked once, stored, taken back, and respected by the export."""

from pathlib import Path

import pytest
from sqlalchemy import text

from core.conversation.actions import ActionType
from core.conversation.reply import ReplyKind
from core.conversation.reply_texts import reply_sentences
from core.conversation.service import ConversationService
from core.db.people import Person
from core.i18n.translations import Language, translate
from core.services.corrections_export import export_corrections
from core.styles import Style
from tests.integration.core.conversation.conftest import act, create_look, reload, say, write


async def test_first_correction_asks_once(service: ConversationService, mina: Person) -> None:
    first, second = await create_look(service, mina), await create_look(service, mina, 300)
    reply = await act(service, mina, ActionType.CORRECT, first, Style.MODE)
    assert (reply.kind, reply.prompt) == (ReplyKind.CORRECTION_RECORDED, ActionType.ALLOW_LEARNING)
    assert reply_sentences(reply)[1] == translate("talk.learning.ask", Language.EN)
    again = await act(service, mina, ActionType.CORRECT, second, Style.MODE)
    assert (again.kind, again.prompt) == (ReplyKind.CORRECTION_RECORDED, None)


@pytest.mark.parametrize(
    "message",
    [
        "sure",
        "no",
        "sure you can learn",
        "pls dont train on my pics",
        "네",
        "싫어요",
        "싫은데",
        "절대 안돼",
        "ㅇㅋ",
        "응 그래도 돼",
        "네 학습하세요",
        "맘대로 해",
        "학습에 쓰지 마세요",
        "don't use my photos for training",
        "why not?",
    ],
)
async def test_a_typed_answer_asks_for_a_button(service: ConversationService, mina: Person, message: str) -> None:
    look = await create_look(service, mina)
    await act(service, mina, ActionType.CORRECT, look, Style.MODE)
    reply = await say(service, mina, message)
    assert (reply.kind, reply.prompt) == (ReplyKind.LEARNING_UNCLEAR, ActionType.ALLOW_LEARNING)
    button, question = (translate(f"talk.learning.{key}", Language.EN) for key in ("button", "ask"))
    assert reply_sentences(reply) == (button, question)
    assert (await reload(service, mina)).learning_consent is None
    await create_look(service, mina, 300)
    later = await write(service, mina, message)
    assert later is None or later.kind is not ReplyKind.LEARNING_UNCLEAR, "the new verdict is answered"


@pytest.mark.parametrize(
    "message", ["스트릿 아니야", "맞아요", "wrong", "학습이 뭐야?", "고마워", "what do you learn", "you can do better"]
)
async def test_what_grants_or_refuses_nothing_is_no_answer(
    service: ConversationService, mina: Person, message: str
) -> None:
    look = await create_look(service, mina)
    await act(service, mina, ActionType.CORRECT, look, Style.MODE)
    reply = await write(service, mina, message)
    assert reply is None or reply.kind is not ReplyKind.LEARNING_UNCLEAR


async def test_agreement_with_the_verdict_does_not_ask(service: ConversationService, mina: Person) -> None:
    look = await create_look(service, mina)
    assert (await act(service, mina, ActionType.CORRECT, look, Style.CASUAL)).prompt is None
    assert (await reload(service, mina)).learning_asked_at is None


@pytest.mark.parametrize(
    ("action_type", "kind", "is_given"),
    [
        (ActionType.ALLOW_LEARNING, ReplyKind.LEARNING_ALLOWED, True),
        (ActionType.DECLINE_LEARNING, ReplyKind.LEARNING_DECLINED, False),
    ],
)
async def test_answer_is_stored_with_its_time(
    service: ConversationService, mina: Person, action_type: ActionType, kind: ReplyKind, is_given: bool
) -> None:
    assert (await act(service, mina, action_type)).kind is kind
    assert (await reload(service, mina)).learning_consent is is_given
    async with service.resources.database.connection() as connection:
        stored = await connection.execute(text("SELECT learning_answered_at - now() < interval '1 minute' FROM people"))
    assert stored.scalar_one() is True


async def test_export_follows_the_consent(service: ConversationService, mina: Person, tmp_path: Path) -> None:
    look = await create_look(service, mina)
    await act(service, mina, ActionType.CORRECT, look, Style.MODE)
    assert await export_corrections(service.resources, tmp_path) == 0, "not answered"
    await act(service, mina, ActionType.ALLOW_LEARNING)
    assert await export_corrections(service.resources, tmp_path) == 1
    assert len(list((tmp_path / "photos").iterdir())) == 1
    await act(service, mina, ActionType.DECLINE_LEARNING)
    assert await export_corrections(service.resources, tmp_path) == 0
    assert not list((tmp_path / "photos").iterdir()), "the photo of the earlier export is deleted"
    assert len((tmp_path / "labels.csv").read_text("utf-8").splitlines()) == 1


@pytest.mark.parametrize("language", Language)
def test_declining_is_as_short_as_agreeing(language: Language) -> None:
    labels = [translate(f"talk.button.{action}", language) for action in ("learn", "nolearn")]
    assert abs(len(labels[0]) - len(labels[1])) <= 3


async def test_export_never_deletes_other_training_data(service: ConversationService, tmp_path: Path) -> None:
    photo = tmp_path / "photos" / "own.jpg"
    photo.parent.mkdir()
    photo.write_bytes(b"a photo of the training data")
    with pytest.raises(FileExistsError):
        await export_corrections(service.resources, tmp_path)
    (tmp_path / "labels.csv").write_text("photo,source\nphotos/own.jpg,street\n")
    with pytest.raises(FileExistsError):
        await export_corrections(service.resources, tmp_path)
    assert photo.exists()
