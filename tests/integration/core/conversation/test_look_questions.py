"""Questions about the look on the screen: for an item, the reason, or a swap, also after a correction and later."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from sqlalchemy import text, update

from core.clothing import Color, Item
from core.conversation.actions import ActionType
from core.conversation.narration import format_percent, style_name
from core.conversation.reply import Reply, ReplyKind
from core.conversation.reply_texts import reply_sentences
from core.conversation.service import ConversationService
from core.conversation.worn_details import share_lines, worn_lines
from core.db import looks, schema
from core.db.looks import Look
from core.db.people import Person
from core.db.schema import Channel
from core.i18n.clothing_names import thing_name
from core.i18n.translations import Language, translate
from core.resources import Resources
from core.services.photo_judging import PhotoJudgingService
from core.settings import Settings
from core.styles import Style
from core.vision.attributes import Attribute
from core.vision.classifier import StyleClassifier
from core.vision.fake_backend import FAKE_ATTRIBUTES_CARD, FakeBackend, add_attributes, make_outputs
from core.vision.verdict import ConfidenceBand
from tests.factories import create_look as create_stored_look
from tests.factories import make_verdict
from tests.integration.core.conversation.conftest import act, create_look, reload, restore, write
from tests.texts import variants

EN, KO = Language.EN, Language.KO
JEANS: dict[Attribute, float] = {Item.JEANS: 0.9, Color.BLUE: 0.9, Item.HAT: 0.7}
DRESS: dict[Attribute, float] = {Item.DRESS: 0.9, Item.FLORAL: 0.8, Item.LONG: 0.8, Color.RED: 0.9}
JACKET: dict[Attribute, float] = {Item.JACKET: 0.9, Item.LEATHER: 0.8, Color.BLACK: 0.9}
CHECKED: dict[Attribute, float] = {Item.DRESS: 0.9, Item.CHECK: 0.8}
TRADITIONAL: dict[Attribute, float] = {Item.TRADITIONAL: 0.9}


def create_service(resources: Resources, things: Mapping[Attribute, float]) -> ConversationService:
    outputs = add_attributes(make_outputs(Style.STREET), things)
    classifier = StyleClassifier(FakeBackend(lambda _: outputs), FAKE_ATTRIBUTES_CARD)
    return ConversationService(resources, PhotoJudgingService(resources, classifier), Settings())


@pytest.fixture
def service(resources: Resources) -> ConversationService:
    """A service whose model sees a black leather jacket."""
    return create_service(resources, JACKET)


async def say(service: ConversationService, person: Person, message: str) -> Reply:
    reply = await write(service, person, message)
    assert reply is not None, message
    assert all(reply_sentences(reply)), message
    return reply


async def make_older(service: ConversationService, look: Look) -> None:
    async with service.resources.database.transaction() as connection:
        statement = text("UPDATE looks SET created_at = created_at - interval '1 hour' WHERE id = :id")
        await connection.execute(statement, {"id": look.id})


@pytest.mark.parametrize(
    ("seen", "message", "thing", "kept"),
    [
        (JEANS, "not blue jeans", Color.BLUE, Item.JEANS),
        (JEANS, "블루 청바지 아니야", Color.BLUE, Item.JEANS),
        (JEANS, "not black jeans", Item.JEANS, None),
        (JEANS, "the jeans aren't blue", Color.BLUE, Item.JEANS),
        (JEANS, "not blue", Color.BLUE, None),
        (DRESS, "that's not a red dress", Color.RED, Item.DRESS),
        (DRESS, "not a striped dress", Item.DRESS, None),
        (DRESS, "not floral", Item.FLORAL, None),
        (DRESS, "플로럴 아니야", Item.FLORAL, None),
        (DRESS, "롱 원피스 아니야", Item.LONG, Item.DRESS),
        (JACKET, "블랙 재킷 아니에요", Color.BLACK, Item.JACKET),
        (JACKET, "not a leather jacket", Item.LEATHER, Item.JACKET),
        (CHECKED, "체크 아니야", Item.CHECK, None),
        (CHECKED, "체크 아니고 물방울무늬야", Item.CHECK, None),
        (TRADITIONAL, "not a hanbok", Item.TRADITIONAL, None),
        (TRADITIONAL, "기모노 아니에요", Item.TRADITIONAL, None),
        ({Item.STRIPES: 0.9}, "it's not striped", Item.STRIPES, None),
    ],
)
async def test_what_eva_said_is_taken_back(
    resources: Resources,
    mina: Person,
    seen: Mapping[Attribute, float],
    message: str,
    thing: Attribute,
    kept: Item | None,
) -> None:
    service = create_service(resources, seen)
    await create_look(service, mina)
    reply = await say(service, mina, message)
    assert (reply.kind, reply.thing, reply.garment) == (ReplyKind.ITEM_CORRECTED, thing, kept)
    assert reply.look is not None
    assert set(reply.look.item_corrections) == {thing}
    restored = await restore(service, mina, reply)
    assert (restored.thing, restored.garment) == (thing, kept)
    assert reply_sentences(restored) == reply_sentences(reply)


async def test_property_and_garment_are_taken_back_one_after_the_other(resources: Resources, mina: Person) -> None:
    service = create_service(resources, DRESS)
    await create_look(service, mina)
    first = await say(service, mina, "not a red dress")
    sentence = reply_sentences(first)[0]
    assert sentence in variants("talk.item.kept", EN, thing="the red", garment="the dress")
    told = await say(service, mina, "is that a red dress?")
    assert reply_sentences(told)[0] in variants("talk.item.told", EN, thing="the red")
    second = await say(service, mina, "not a dress")
    assert (second.kind, second.thing, second.garment) == (ReplyKind.ITEM_CORRECTED, Item.DRESS, None)
    told = await say(service, mina, "is that a floral dress?")
    assert reply_sentences(told)[0] in variants("talk.item.told", EN, thing="the dress")


async def test_a_property_of_another_garment_is_no_reason_to_drop_it(resources: Resources, mina: Person) -> None:
    outputs = add_attributes(
        make_outputs(Style.STREET),
        {Item.JACKET: 0.9, Color.RED: 0.9, Item.BOOTS: 0.9},
        peaks={Item.BOOTS: (0.9, 0.5)},
    )
    classifier = StyleClassifier(FakeBackend(lambda _: outputs), FAKE_ATTRIBUTES_CARD)
    service = ConversationService(resources, PhotoJudgingService(resources, classifier), Settings())
    await create_look(service, mina)
    reply = await say(service, mina, "those are not red boots")
    assert (reply.thing, reply.garment) == (Item.BOOTS, None)
    unseen = await say(service, mina, "not a red skirt")
    assert (unseen.kind, unseen.thing) == (ReplyKind.ITEM_UNSEEN, Item.SKIRT)


@pytest.mark.parametrize(
    ("seen", "message", "thing", "garment"),
    [
        (JACKET, "is that really a leather jacket?", Item.LEATHER, Item.JACKET),
        (JACKET, "가죽 재킷 맞아?", Item.LEATHER, Item.JACKET),
        (JACKET, "is that a black dress?", Color.BLACK, Item.DRESS),
        (JACKET, "진짜 바지야?", Item.TROUSERS, None),
        (JEANS, "are the jeans blue?", Color.BLUE, Item.JEANS),
        (JEANS, "모자 썼어?", Item.HAT, None),
        (DRESS, "is it floral?", Item.FLORAL, None),
        (TRADITIONAL, "한복이야", Item.TRADITIONAL, None),
        (TRADITIONAL, "is it a kimono?", Item.TRADITIONAL, None),
    ],
)
async def test_items_and_properties_can_be_asked_for(
    resources: Resources,
    mina: Person,
    seen: Mapping[Attribute, float],
    message: str,
    thing: Attribute,
    garment: Item | None,
) -> None:
    service = create_service(resources, seen)
    await create_look(service, mina)
    reply = await say(service, mina, message)
    assert (reply.kind, reply.thing, reply.garment) == (ReplyKind.ITEM_PROBABILITY, thing, garment)


async def test_questions_are_answered_after_a_correction_and_later(service: ConversationService, mina: Person) -> None:
    look = await create_look(service, mina)
    corrected = await say(service, mina, "레트로야")
    assert corrected.kind is ReplyKind.CORRECTION_RECORDED
    names = {"style": "Street", "corrected": "80s Retro"}
    for is_older in (False, True):
        asked = await say(service, mina, "진짜 바지야?")
        assert (asked.kind, asked.thing) == (ReplyKind.ITEM_PROBABILITY, Item.TROUSERS)
        for question in ("왜?", "why?"):
            reason = await say(service, mina, question)
            sentence, shares = reply_sentences(reason)
            assert sentence in variants("talk.reason.corrected", EN, **names)
            assert shares == "\n".join(share_lines(look.verdict, EN))
        assert (await say(service, mina, "what would change it?")).kind is ReplyKind.SWAP
        for question in ("what do you see?", "뭐가 보여?"):
            lines = reply_sentences(await say(service, mina, question))[0].split("\n")
            assert lines[is_older:] == worn_lines(look.verdict, EN)
            assert ("80s Retro" in lines[0]) is is_older, "an older look is named first"
        await make_older(service, look)


@pytest.mark.parametrize(
    "message",
    ["is it retro", "could it be retro?", "레트로일까?", "is it street or retro", "레트로야 스트릿이야?"],
)
async def test_a_style_can_be_asked_for(service: ConversationService, mina: Person, message: str) -> None:
    look = await create_look(service, mina)
    reply = await say(service, mina, message)
    assert (reply.kind, reply.style) == (ReplyKind.STYLE_PROBABILITY, Style.RETRO)
    values = {"style": "Street", "percent": format_percent(look.verdict.probabilities[Style.STREET])}
    asked = {"second": "80s Retro", "second_percent": format_percent(look.verdict.probabilities[Style.RETRO])}
    offer = translate("talk.style.offer", EN, style="80s Retro")
    sentences = variants("talk.style.probability", EN, **values, **asked)
    assert reply_sentences(replace(reply, language=EN))[0] in {f"{sentence} {offer}" for sentence in sentences}
    named = await say(service, mina, "is it street")
    second = look.verdict.runner_up
    values |= {"second": style_name(second, EN), "second_percent": format_percent(look.verdict.probabilities[second])}
    assert reply_sentences(named)[0] in variants("talk.style.probability.named", EN, **values)
    async with service.resources.database.connection() as connection:
        stored = await looks.get(connection, look.id)
    assert stored is not None
    assert stored.corrected_style is None, "who asks says nothing"


async def test_no_question_is_answered_before_the_guess_or_about_no_outfit(
    service: ConversationService, mina: Person
) -> None:
    questions = ("is that a jacket?", "why?", "what would change it?", "뭘 바꾸면 달라져요?", "what do you see?")
    await act(service, mina, ActionType.GUESS)
    await create_look(service, await reload(service, mina))
    for question in questions:
        assert await write(service, mina, question) is None, "the answer would give the verdict away"
    async with service.resources.database.transaction() as connection:
        look = await create_stored_look(connection, mina.id, verdict=make_verdict(ConfidenceBand.NOT_AN_OUTFIT))
    await make_older(service, look)
    for question in questions:
        assert await write(service, mina, question) is None


async def test_an_item_is_asked_for_while_a_name_is_asked_for(service: ConversationService, mina: Person) -> None:
    look = await create_look(service, mina)
    await act(service, mina, ActionType.SHARE, look)
    assert (await say(service, mina, "is that really leather?")).kind is ReplyKind.ITEM_PROBABILITY
    assert (await say(service, mina, "뭘 바꾸면 달라져요?")).kind is ReplyKind.SWAP
    assert (await say(service, mina, "뭐가 보여?")).kind is ReplyKind.SEEN
    assert (await say(service, mina, "Leather Fan")).kind is ReplyKind.NAME_CONFIRMATION


async def test_a_wish_to_send_or_save_a_look_gets_its_card(service: ConversationService, mina: Person) -> None:
    await create_look(service, mina)
    for message in (
        "send it to my sister",
        "친구한테 보내고 싶어",
        "how do i save this picture",
        "이거 저장하고 싶은데",
    ):
        assert (await say(service, mina, message)).kind is ReplyKind.CARD
    async with service.resources.database.transaction() as connection:
        await connection.execute(update(schema.looks).values(heatmap_key=None, photo_key=None))
    assert (await say(service, mina, "친구한테 보낼래")).kind is ReplyKind.NO_CARD


async def test_answer_tells_what_is_seen_instead(service: ConversationService, mina: Person) -> None:
    look = await create_look(service, mina)
    assert look.verdict.attributes is not None
    probability = look.verdict.attributes.probability
    for question, asked, seen in (
        ("is the jacket a coat?", Item.COAT, Item.JACKET),
        ("is the jacket navy?", Color.NAVY, Color.BLACK),
        ("is the jacket black?", Color.BLACK, None),
        ("are the shoes heels?", Item.HEELS, None),
    ):
        reply = await say(service, mina, question)
        assert (reply.kind, reply.thing) == (ReplyKind.ITEM_PROBABILITY, asked)
        kind = "seen" if asked is Color.BLACK else "unlikely"
        nouns = {"thing": f"the {thing_name(asked, EN)}", "percent": format_percent(probability(asked))}
        expected = variants(f"worn.check.{kind}", EN, **nouns)
        if seen is not None:
            nouns = {"thing": f"the {thing_name(seen, EN)}", "percent": format_percent(probability(seen))}
            rivals = variants("worn.check.rival", EN, **nouns)
            expected = {f"{sentence} {rival}" for sentence in expected for rival in rivals}
        if reply.garment is not None:
            nouns = {"thing": "the jacket", "percent": format_percent(probability(Item.JACKET))}
            garments = variants("worn.check.seen", EN, **nouns)
            expected = {f"{garment} {sentence}" for garment in garments for sentence in expected}
        assert (reply.garment is Item.JACKET) is isinstance(asked, Color)
        assert set(reply_sentences(reply)) <= expected


async def test_two_colors_are_answered_together(service: ConversationService, mina: Person) -> None:
    await create_look(service, mina)
    for question in ("is that a black and white jacket?", "흑백 재킷이에요?"):
        reply = await say(service, mina, question)
        assert (reply.thing, reply.also, reply.garment) == (Color.BLACK, Color.WHITE, Item.JACKET)
        [answer] = reply_sentences(reply)
        assert all(f"{name}" in answer.lower() for name in ("jacket", "black", "white"))
    same = await say(service, mina, "is it a shirt or a blouse?")
    assert set(reply_sentences(same)) <= variants("talk.item.same", EN, thing="the shirt")


@pytest.mark.parametrize("channel", [Channel.TELEGRAM, Channel.KAKAO, Channel.WEB])
async def test_open_questions_are_answered_about_their_garment(
    resources: Resources, mina: Person, channel: Channel
) -> None:
    things: dict[Attribute, float] = {Item.COAT: 0.9, Color.BLACK: 0.9, Item.SNEAKERS: 0.8, Item.SHIRT: 0.35}
    places: dict[Attribute, tuple[float, float]] = {Item.SNEAKERS: (0.95, 0.5)}
    outputs = add_attributes(make_outputs(Style.STREET), things, peaks=places)
    classifier = StyleClassifier(FakeBackend(lambda _: outputs), FAKE_ATTRIBUTES_CARD)
    service = ConversationService(resources, PhotoJudgingService(resources, classifier), Settings())
    look = await create_look(service, mina)
    on_screen = look.id if channel is Channel.WEB else None

    async def ask(message: str) -> str:
        reply = await service.handle_text(await reload(service, mina), message, on_screen, chat=channel)
        assert reply is not None, message
        assert reply.kind is ReplyKind.ITEM_OPEN
        restored = await restore(service, mina, reply)
        assert reply_sentences(restored) == reply_sentences(reply)
        return " ".join(reply_sentences(reply))

    coat = {"garment": "the coat", "value": "black", "percent": 90}
    for message in ("what color is my coat?", "겉옷 무슨 색 같아?", "what color is the outerwear?"):
        assert await ask(message) in variants("worn.open.color.seen", EN, **coat)
    assert await ask("코트 색 틀렸어") in variants("worn.open.wrong_color.seen", EN, **coat)
    for message in ("what color are the shoes?", "신발 무슨 색이야?"):
        assert await ask(message) in variants("worn.open.color.none", EN, garment="the sneakers")
    for message in ("what kind of shoes are these?", "신발 뭐 신었어?"):
        assert await ask(message) in variants("worn.check.seen", EN, thing="the sneakers", percent=80)
    assert await ask("위에 입은 거 뭐야?") in variants("worn.check.seen", EN, thing="the black coat", percent=90)
    assert await ask("what's on my head?") in variants("worn.open.none", EN, kind="a hat")
    assert await ask("what pattern is the coat?") in variants("worn.open.pattern.none", EN, garment="the coat")
    await service.handle_text(mina, "not sneakers, they're boots", on_screen, chat=channel)
    assert await ask("what color are the sneakers?") in variants("talk.item.told", EN, thing="the sneakers")
    assert await ask("what color is my bag?") in variants("worn.open.none", EN, kind="the bag")
    assert await ask("what shoes are these?") in variants("worn.open.told", EN, thing="the boots")
    assert not (await reload(service, mina)).pending_name_look_id
