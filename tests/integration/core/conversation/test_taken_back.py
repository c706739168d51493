"""People take back a correction, choose one of two styles by its place, and ask whether their look is shared."""

import pytest

from core.clothing import Color, Item
from core.conversation.actions import ActionType
from core.conversation.reply import ReplyKind
from core.conversation.reply_texts import reply_sentences
from core.conversation.service import ConversationService
from core.db.people import Person
from core.i18n.translations import Language, translate
from core.resources import Resources
from core.services.photo_judging import PhotoJudgingService
from core.settings import Settings
from core.styles import Style
from core.vision.attributes import Attribute
from core.vision.classifier import StyleClassifier
from core.vision.fake_backend import (
    FAKE_ATTRIBUTES_CARD,
    FAKE_MODEL_CARD,
    FakeBackend,
    add_attributes,
    make_outputs,
)
from tests.integration.core.conversation.conftest import (
    JEANS_BLUE_SNEAKERS_RED,
    SHOES_AND_JEANS,
    act,
    create_look,
    current,
    is_shared,
    make_service,
    say,
    write,
)
from tests.texts import variants


@pytest.mark.parametrize(
    ("correction", "agreement", "thing"),
    [
        ("those aren't sneakers, they're boots", "ok you were right", Item.SNEAKERS),
        ("운동화 아니고 부츠야", "아 맞네 니 말이", Item.SNEAKERS),
        ("운동화 아니에요", "미안 아까 그말 취소", Item.SNEAKERS),
        ("운동화 아니에요", "운동화야", Item.SNEAKERS),
        ("운동화 아니에요", "앗 내가 잘못봤다 운동화 맞아", Item.SNEAKERS),
        ("the jeans are black, not blue", "my bad, scratch that", Color.BLUE),
    ],
)
async def test_agreement_takes_the_correction_back(
    resources: Resources, mina: Person, correction: str, agreement: str, thing: Attribute
) -> None:
    service = make_service(resources, SHOES_AND_JEANS, JEANS_BLUE_SNEAKERS_RED)
    look = await create_look(service, mina)
    assert (await say(service, mina, correction)).kind is ReplyKind.ITEM_CORRECTED
    corrected = await current(service, look)

    reply = await say(service, mina, agreement)

    assert (reply.kind, reply.thing, reply.prompt) == (ReplyKind.ITEM_RESTORED, thing, None)
    restored = await current(service, look)
    attributes = restored.verdict.attributes
    assert attributes is not None
    assert not restored.is_corrected
    assert set(attributes.things) == set(SHOES_AND_JEANS), "it is named again"
    assert restored.heatmap_key != corrected.heatmap_key, "the picture has its tag again"
    name = {Item.SNEAKERS: "the sneakers", Color.BLUE: "blue"}[thing]
    assert set(reply_sentences(reply)) <= variants("talk.item.restored", Language.EN, thing=name)
    # Colors of the garment are found again where they were.
    blue = attributes.find_seen(Color.BLUE)
    assert blue is not None
    assert blue.worn_on is Item.JEANS


async def test_of_several_corrections_none_is_taken_back_unasked(resources: Resources, mina: Person) -> None:
    service = make_service(resources, SHOES_AND_JEANS, JEANS_BLUE_SNEAKERS_RED)
    look = await create_look(service, mina)
    await say(service, mina, "not sneakers, they're boots")
    await say(service, mina, "the jeans are black, not blue")
    corrected = await current(service, look)

    reply = await say(service, mina, "you were right")
    assert reply_sentences(reply) == (translate("talk.item.which", Language.EN),)
    unchanged = await current(service, look)
    assert unchanged.item_corrections == corrected.item_corrections
    assert unchanged.told_colors == corrected.told_colors

    await say(service, mina, "they're sneakers")
    assert Item.SNEAKERS not in (await current(service, look)).item_corrections


async def test_told_color_that_eva_never_said_is_forgotten(resources: Resources, mina: Person) -> None:
    service = make_service(resources, {Item.JEANS: 0.9}, {})
    look = await create_look(service, mina)
    await say(service, mina, "the jeans are actually black")
    reply = await say(service, mina, "i was wrong")
    assert reply_sentences(reply) == (translate("talk.item.forgotten", Language.EN, garment="the jeans"),)
    assert not (await current(service, look)).is_corrected


@pytest.mark.parametrize(
    "message",
    [
        *("were you right?", "were you right about that", "was i wrong?", "it was wrong", "eva was wrong", "bad"),
        *("that was a mistake", "i was right and you were wrong", "can i undo that?", "i want it back", "right", "ok"),
        *("tell me about casual", "if it's casual", "is it casual?", "you said casual", "casual?"),
        *("네 말이 맞아?", "내가 틀렸어?", "에바가 틀렸나봐", "네가 잘못 봤나", "내가 맞네 니가 틀렸네"),
        *("그거 취소해?", "맞아요", "맞네", "ㅇㅇ", "네 맞아요", "캐주얼인가", "캐주얼이라고?", "캐주얼 아니야"),
    ],
)
async def test_no_other_message_takes_a_correction_back(resources: Resources, mina: Person, message: str) -> None:
    outputs = add_attributes(make_outputs(Style.CASUAL), SHOES_AND_JEANS, peaks=JEANS_BLUE_SNEAKERS_RED)
    classifier = StyleClassifier(FakeBackend(lambda _: outputs), FAKE_ATTRIBUTES_CARD)
    service = ConversationService(resources, PhotoJudgingService(resources, classifier), Settings())
    look = await create_look(service, mina)
    await say(service, mina, "those aren't sneakers, they're boots")
    await write(service, mina, message)
    assert (await current(service, look)).item_corrections == {Item.SNEAKERS: Item.BOOTS}

    other = await create_look(service, mina, 2)
    await act(service, mina, ActionType.CORRECT, other, Style.RETRO)
    await write(service, mina, message)
    assert (await current(service, other)).corrected_style is Style.RETRO


@pytest.mark.parametrize("message", ["you were right", "내가 틀렸네", "no, it's casual after all"])
async def test_agreement_takes_the_style_back(service: ConversationService, mina: Person, message: str) -> None:
    look = await create_look(service, mina)
    await say(service, mina, "it's retro")
    reply = await say(service, mina, message)
    assert (reply.kind, reply.style) == (ReplyKind.CORRECTION_UNCHANGED, Style.CASUAL)
    assert (await current(service, look)).corrected_style is None


async def test_named_style_takes_an_earlier_correction_back(service: ConversationService, mina: Person) -> None:
    look = await create_look(service, mina)
    await act(service, mina, ActionType.CORRECT, look, Style.RETRO)
    await act(service, mina, ActionType.CORRECT, look, Style.CASUAL)
    assert (await current(service, look)).corrected_style is None


@pytest.mark.parametrize(
    ("message", "style"), [("the second one i guess", Style.STREET), ("뒤에꺼", Style.STREET), ("앞에 거", None)]
)
async def test_place_of_a_style_chooses_it(
    resources: Resources, mina: Person, message: str, style: Style | None
) -> None:
    outputs = make_outputs(Style.CASUAL, confidence=0.4, second=Style.STREET, second_confidence=0.37)
    classifier = StyleClassifier(FakeBackend(lambda _: outputs), FAKE_MODEL_CARD)
    service = ConversationService(resources, PhotoJudgingService(resources, classifier), Settings())
    look = await create_look(service, mina)
    assert (await say(service, mina, "well which one is it")).kind is ReplyKind.STYLE_PROBABILITY
    await say(service, mina, message)
    assert (await current(service, look)).corrected_style is style


async def test_place_of_a_style_means_nothing_where_one_leads(service: ConversationService, mina: Person) -> None:
    look = await create_look(service, mina)
    assert await write(service, mina, "the second one") is None
    assert (await current(service, look)).corrected_style is None


@pytest.mark.parametrize("message", ["구두야", "they're dress shoes", "신발은 구두예요"])
async def test_dress_shoes_are_no_sneakers(resources: Resources, mina: Person, message: str) -> None:
    service = make_service(resources, SHOES_AND_JEANS, JEANS_BLUE_SNEAKERS_RED)
    look = await create_look(service, mina)
    assert (await say(service, mina, message)).thing is Item.SNEAKERS
    assert (await current(service, look)).item_corrections == {Item.SNEAKERS: None}

    heels = make_service(resources, {Item.HEELS: 0.9}, {})
    other = await create_look(heels, mina, 2)
    await write(heels, mina, message)
    assert not (await current(heels, other)).is_corrected


@pytest.mark.parametrize("message", ["did you share it?", "이거 벌써 올라갔어??"])
async def test_question_whether_a_look_is_shared(service: ConversationService, mina: Person, message: str) -> None:
    look = await create_look(service, mina)
    assert (await say(service, mina, message)).kind is ReplyKind.NOT_SHARED
    await act(service, mina, ActionType.ACCEPT_NAME, look)
    reply = await say(service, mina, message)
    assert (reply.kind, reply.look and reply.look.id) == (ReplyKind.UNSHARE_OFFER, look.id)
    assert await is_shared(service, look)
