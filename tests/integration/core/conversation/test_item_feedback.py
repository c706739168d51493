"""People take back an item that Eva named: it is stored, learned from with consent, and not said any more."""

import csv
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from core.clothing import Color, Item
from core.conversation.actions import Action, ActionType
from core.conversation.narration import MessageSlot, verdict_messages
from core.conversation.reply import Reply, ReplyKind
from core.conversation.reply_texts import reply_sentences
from core.conversation.service import ConversationService
from core.db import look_feedback
from core.db.looks import Look
from core.db.people import Person
from core.db.schema import Channel
from core.db.worn_counts import count_worn
from core.errors import ObjectNotFoundError, StorageUnavailableError
from core.i18n.translations import Language, translate
from core.resources import Resources
from core.services.corrections_export import export_corrections
from core.services.photo_judging import PhotoJudgingService
from core.settings import Settings
from core.styles import Style
from core.vision.attributes import Attribute
from core.vision.classifier import StyleClassifier
from core.vision.fake_backend import (
    FAKE_ATTRIBUTES_CARD,
    FakeBackend,
    add_attributes,
    make_outputs,
)
from core.vision.verdict import ConfidenceBand, Refusal, Verdict
from tests.factories import classify_with_attributes, end_images, make_classifier, make_verdict
from tests.factories import create_look as create_stored_look
from tests.integration.core.conversation.conftest import (
    JEANS_BLUE_SNEAKERS_RED,
    SHOES_AND_JEANS,
    act,
    create_look,
    current,
    make_service,
    reload,
    restore,
    say,
    write,
)
from tests.texts import variants

SEEN: dict[Attribute, float] = {Item.COAT: 0.9, Color.BLACK: 0.9, Item.BOOTS: 0.8}


@pytest.fixture
def service(resources: Resources) -> ConversationService:
    """A service whose model sees a black coat and boots."""
    outputs = add_attributes(make_outputs(Style.BUSINESS_CASUAL), SEEN, peaks={Item.BOOTS: (0.9, 0.5)})
    classifier = StyleClassifier(FakeBackend(lambda _: outputs), FAKE_ATTRIBUTES_CARD)
    return ConversationService(resources, PhotoJudgingService(resources, classifier), Settings())


async def test_denied_item_is_not_said_again(service: ConversationService, mina: Person, tmp_path: Path) -> None:
    look = await create_look(service, mina)
    assert look.heatmap_key is not None
    picture = await service.resources.storage.get(look.heatmap_key)

    reply = await say(service, mina, "not a coat, it's a jacket")
    assert (reply.kind, reply.thing, reply.instead) == (ReplyKind.ITEM_CORRECTED, Item.COAT, Item.JACKET)
    assert reply.prompt is ActionType.ALLOW_LEARNING
    exchanged, question = reply_sentences(reply)
    assert exchanged in variants("talk.item.exchanged", Language.EN, thing="the coat", instead="the jacket")
    assert question == translate("talk.learning.ask", Language.EN)
    restored = await restore(service, mina, reply)
    assert (restored.thing, restored.instead, restored.prompt) == (Item.COAT, Item.JACKET, ActionType.ALLOW_LEARNING)

    changed = await current(service, look)
    assert changed.item_corrections == {Item.COAT: Item.JACKET}
    told = [*verdict_messages(changed.verdict, seed=changed.variant_seed, language=Language.EN)]
    told_why = reply_sentences(await say(service, mina, "why?"))
    words = " ".join([*(message.text for message in told), *told_why]).lower()
    assert not re.search(r"\bcoats?\b", words)
    assert changed.heatmap_key is not None
    assert await service.resources.storage.get(changed.heatmap_key) != picture, "the tag is gone from the picture"
    assert reply.look is not None
    assert reply.look.heatmap_key == changed.heatmap_key != look.heatmap_key, "browsers keep the picture of a key"
    with pytest.raises(ObjectNotFoundError):
        await service.resources.storage.get(look.heatmap_key)
    async with service.resources.database.connection() as connection:
        worn = await count_worn(connection, mina.id, since=look.created_at)
    assert worn.items == {Item.BOOTS: 1}

    asked = await say(service, mina, "is that really a coat?")
    assert set(reply_sentences(asked)) <= variants("talk.item.told", Language.EN, thing="the coat")
    again = await say(service, mina, "not a coat, it's a jacket")
    assert (again.kind, again.prompt) == (ReplyKind.ITEM_CORRECTED, None)
    assert (await say(service, mina, "not a coat, it's a blazer")).instead is Item.BLAZER
    assert (await current(service, look)).item_corrections == {Item.COAT: Item.BLAZER}, "the last word counts"
    assert (await say(service, mina, "not a coat, it's a jacket")).instead is Item.JACKET
    color = await say(service, mina, "검은색 아니에요")
    assert (color.kind, color.thing, color.instead) == (ReplyKind.ITEM_CORRECTED, Color.BLACK, None)

    assert await export_corrections(service.resources, tmp_path / "more") == 0, "without consent"
    await act(service, mina, ActionType.ALLOW_LEARNING)
    assert await export_corrections(service.resources, tmp_path / "more") == 1
    rows = list(csv.DictReader((tmp_path / "more" / "attributes.csv").open(encoding="utf-8")))
    assert [(row["items"], row["colours"], row["not_worn"]) for row in rows] == [("boots jacket", "", "coat black")]
    [label] = csv.DictReader((tmp_path / "more" / "labels.csv").open(encoding="utf-8"))
    assert (label["photo"], label["style"], label["second"], label["sure"]) == (
        rows[0]["photo"],
        "business_casual",
        "",
        "1",
    )


@pytest.mark.parametrize(
    ("message", "instead"),
    [("코트 아니고 재킷이야", Item.JACKET), ("it's not a coat, it's a jacket", Item.JACKET), ("코트 아니에요", None)],
)
async def test_a_denied_item_that_was_only_thought_of_is_noted(
    resources: Resources, mina: Person, message: str, instead: Attribute | None
) -> None:
    service = make_service(resources, {Item.COAT: 0.4, Item.BOOTS: 0.8}, {})
    look = await create_look(service, mina)
    assert (await say(service, mina, "이거 코트 맞아?")).kind is ReplyKind.ITEM_PROBABILITY
    for _ in range(2):
        reply = await say(service, mina, message)
        assert (reply.kind, reply.thing, reply.instead) == (ReplyKind.ITEM_CORRECTED, Item.COAT, instead)
        assert (await current(service, look)).item_corrections == {Item.COAT: instead}
    assert (await say(service, mina, "치마 아니에요")).kind is ReplyKind.ITEM_UNSEEN


async def test_a_picture_drawn_before_another_correction_is_not_kept(
    service: ConversationService, resources: Resources, mina: Person
) -> None:
    look = await create_look(service, mina)
    judging = PhotoJudgingService(resources, make_classifier())
    async with resources.database.transaction() as connection:
        one = await look_feedback.record_item_corrections(connection, look, {Item.COAT: None}, {})
        both = await look_feedback.record_item_corrections(connection, one, {Item.BOOTS: None}, {})
    kept = await resources.storage.list_sizes()
    found = await judging.redraw_heatmap(one)
    assert (found.item_corrections, found.heatmap_key) == (both.item_corrections, look.heatmap_key)
    assert await resources.storage.list_sizes() == kept
    assert (await judging.redraw_heatmap(both)).heatmap_key == (await current(service, both)).heatmap_key
    assert len(await resources.storage.list_sizes()) == len(kept)


async def test_only_what_was_said_of_a_new_verdict_is_taken_back(service: ConversationService, mina: Person) -> None:
    assert await write(service, mina, "not a coat") is None
    await act(service, mina, ActionType.GUESS)
    look = await create_look(service, await reload(service, mina))
    assert await write(service, mina, "not a coat") is None, "the verdict waits for a guess"
    await service.mark_verdicts_revealed(look)

    unseen = await say(service, mina, "not a skirt")
    assert (unseen.kind, unseen.thing) == (ReplyKind.ITEM_UNSEEN, Item.SKIRT)
    assert set(reply_sentences(unseen)) <= variants("talk.item.unseen", Language.EN, thing="the skirt")
    same = await say(service, mina, "that's not a coat, it's a trench")
    assert same.kind is ReplyKind.ITEM_SAME
    assert set(reply_sentences(same)) <= variants("talk.item.same", Language.EN, thing="the coat")
    await act(service, mina, ActionType.CORRECT, look)
    asked = await say(service, mina, "부츠 아니고 운동화예요")
    assert (asked.kind, asked.instead) == (ReplyKind.ITEM_CORRECTED, Item.SNEAKERS)
    exchanged = Reply(
        kind=ReplyKind.ITEM_CORRECTED, language=Language.EN, look=look, thing=Color.NAVY, instead=Color.BLACK
    )
    assert reply_sentences(exchanged)[0] in variants("talk.item.exchanged", Language.EN, thing="navy", instead="black")

    many = Reply(kind=ReplyKind.ITEM_CORRECTED, language=Language.KO, look=look, thing=Color.MULTI, instead=Color.RED)
    nouns = {"thing": "여러 가지 색", "instead": "레드"}
    assert reply_sentences(many)[0] in variants("talk.item.exchanged", Language.KO, **nouns)

    await service.handle_action(mina, Action(type=ActionType.SHARE, look_id=look.id), chat="telegram:42")
    named = await write(service, mina, "not a coat")
    assert named is not None
    assert named.kind is ReplyKind.ITEM_CORRECTED, "it is no answer to the question for a name"
    await service.delete_name_question(await reload(service, mina))
    await end_images(service.resources, look, timedelta(hours=1))
    late = await say(service, mina, "not black")
    assert (late.kind, late.thing) == (ReplyKind.ITEM_PROBABILITY, Color.BLACK), "too late to take it back"
    assert (await current(service, look)).item_corrections == {Item.BOOTS: Item.SNEAKERS, Item.COAT: None}


@pytest.mark.parametrize("channel", [Channel.TELEGRAM, Channel.KAKAO, Channel.WEB])
async def test_last_look_is_corrected_for_a_day_and_named(
    service: ConversationService, mina: Person, channel: Channel
) -> None:
    looks_of_mina = [await create_look(service, mina, seed) for seed in (1, 2)]
    for look, hours in zip(looks_of_mina, (23, 5), strict=True):
        # Images are kept for a day.
        await end_images(service.resources, look, timedelta(hours=hours - 24))
    first, last = looks_of_mina
    on_screen = last.id if channel is Channel.WEB else None
    message = "아까 그거 코트 아니었어" if channel is Channel.KAKAO else "that was not a coat"
    reply = await service.handle_text(await reload(service, mina), message, on_screen, chat=channel)
    assert reply is not None
    assert (reply.kind, reply.look and reply.look.id) == (ReplyKind.ITEM_CORRECTED, last.id)
    named = translate("talk.item.look.hours", Language.EN, style="Business Casual", count=5)
    denied = variants("talk.item.denied", Language.EN, thing="the coat")
    assert reply_sentences(reply)[0] in {f"{named} {sentence}" for sentence in denied}
    assert (await current(service, first)).item_corrections == {}
    assert (await current(service, last)).item_corrections == {Item.COAT: None}


async def test_what_something_is_rules_out_what_is_seen_instead(service: ConversationService, mina: Person) -> None:
    look = await create_look(service, mina)
    for _ in range(2):
        reply = await say(service, mina, "the shoes are sneakers")
        assert (reply.kind, reply.thing, reply.instead) == (ReplyKind.ITEM_CORRECTED, Item.BOOTS, Item.SNEAKERS)
        assert (await current(service, look)).item_corrections == {Item.BOOTS: Item.SNEAKERS}
    for message in ("it's a bag", "those are jeans", "this is a coat"):
        assert await write(service, mina, message) is None, "it rules nothing out, and the coat is seen"
    await end_images(service.resources, look, timedelta(hours=1))
    assert await write(service, mina, "those are heels") is None, "by now it may be about other shoes"


async def test_two_colors_are_taken_back_and_exchanged(service: ConversationService, mina: Person) -> None:
    look = await create_look(service, mina)
    reply = await say(service, mina, "not black and white, it's navy")
    assert (reply.thing, reply.also, reply.instead) == (Color.BLACK, None, Color.NAVY), "she had not said white"
    stored = await current(service, look)
    assert (stored.item_corrections, stored.told_colors) == ({Color.BLACK: None}, {Item.COAT: (Color.NAVY,)})
    seen = replace(reply, also=Color.WHITE, thing=Color.BLACK, instead=Color.NAVY, instead_also=Color.RED)
    nouns = {"thing": "black and white", "instead": "navy and red"}
    assert reply_sentences(seen)[0] in variants("talk.item.recolored", Language.EN, garment="the coat", **nouns)
    unplaced = replace(seen, garment=None)
    assert reply_sentences(unplaced)[0] in variants("talk.item.exchanged", Language.EN, **nouns)
    assert (await restore(service, mina, seen)).to_checkpoint() == seen.to_checkpoint()


async def test_a_color_is_taken_only_off_the_garment_that_was_named(
    resources: Resources, service: ConversationService, mina: Person
) -> None:
    peaks: dict[Attribute, tuple[float, float]] = {Item.BOOTS: (0.9, 0.5), Color.BLACK: (0.9, 0.5)}
    outputs = add_attributes(make_outputs(Style.BUSINESS_CASUAL), SEEN, peaks=peaks)
    classifier = StyleClassifier(FakeBackend(lambda _: outputs), FAKE_ATTRIBUTES_CARD)
    on_boots = ConversationService(resources, PhotoJudgingService(resources, classifier), Settings())
    look = await create_look(on_boots, mina)
    for message in ("The coat isn't black", "코트는 검은색이 아니에요"):
        reply = await say(on_boots, mina, message)
        assert (reply.kind, reply.thing, reply.garment) == (ReplyKind.ITEM_PROBABILITY, Color.BLACK, Item.COAT)
        assert (await current(on_boots, look)).item_corrections == {}, "the black boots and the coat stay"
    told = await say(on_boots, mina, "the coat isn't black, it's navy")
    assert (told.kind, told.thing, told.garment) == (ReplyKind.ITEM_CORRECTED, None, Item.COAT)
    stored = await current(on_boots, look)
    assert (stored.item_corrections, stored.told_colors) == ({}, {Item.COAT: (Color.NAVY,)})
    reply = await say(on_boots, mina, "the boots aren't black")
    assert (reply.kind, reply.thing, reply.garment) == (ReplyKind.ITEM_CORRECTED, Color.BLACK, Item.BOOTS)
    assert (await current(on_boots, look)).item_corrections == {Color.BLACK: None}


@pytest.mark.parametrize("channel", [Channel.TELEGRAM, Channel.KAKAO, Channel.WEB])
async def test_a_word_for_several_garments_means_what_was_seen(
    resources: Resources, mina: Person, channel: Channel
) -> None:
    service = make_service(resources, SHOES_AND_JEANS, JEANS_BLUE_SNEAKERS_RED)
    look = await create_look(service, mina)
    on_screen = look.id if channel is Channel.WEB else None

    async def tell(message: str) -> Reply:
        reply = await service.handle_text(await reload(service, mina), message, on_screen, chat=channel)
        assert reply is not None, message
        assert all(reply_sentences(reply)), message
        restored = await restore(service, mina, reply)
        assert reply_sentences(restored) == reply_sentences(reply)
        return reply

    for message in ("my pants aren't red", "바지는 빨간색이 아니에요", "the top isn't red", "겉옷 빨간색 아니에요"):
        await tell(message)
        assert (await current(service, look)).item_corrections == {}, "red stays on the sneakers"
    pants = await tell(
        "바지 파란색 아니고 회색이에요" if channel is Channel.KAKAO else "my pants aren't blue, they're grey"
    )
    assert (pants.kind, pants.thing, pants.garment) == (ReplyKind.ITEM_CORRECTED, Color.BLUE, Item.JEANS)
    nouns = {"thing": "blue", "garment": "the jeans", "instead": "gray"}
    assert reply_sentences(pants)[0] in variants("talk.item.recolored", Language.EN, **nouns)
    shoes = await tell("신발 빨간색 아니에요" if channel is Channel.KAKAO else "the shoes aren't red")
    assert (shoes.kind, shoes.thing, shoes.garment) == (ReplyKind.ITEM_CORRECTED, Color.RED, Item.SNEAKERS)
    stored = await current(service, look)
    assert stored.item_corrections == {Color.BLUE: None, Color.RED: None}
    assert stored.told_colors == {Item.JEANS: (Color.GREY,)}


async def test_nothing_of_a_kind_is_said_plainly(service: ConversationService, mina: Person) -> None:
    await create_look(service, mina)
    for message, kind in (("the bottoms aren't black", "trousers or a skirt"), ("my top isn't black", None)):
        reply = await say(service, mina, message)
        if kind is not None:
            assert reply.kind is ReplyKind.ITEM_OPEN
            assert set(reply_sentences(reply)) <= variants("worn.open.none", Language.EN, kind=kind)
        else:
            assert (reply.kind, reply.garment) == (ReplyKind.ITEM_CORRECTED, Item.COAT), "she sees no other top"
    pants = await say(service, mina, "not trousers, it's a skirt")
    assert pants.kind is ReplyKind.ITEM_UNSEEN


async def test_what_is_worn_instead_contradicts_what_was_seen(resources: Resources, mina: Person) -> None:
    service = make_service(resources, SHOES_AND_JEANS, JEANS_BLUE_SNEAKERS_RED)
    look = await create_look(service, mina)
    plain = await say(service, mina, "not pants")
    assert (plain.kind, plain.thing) == (ReplyKind.ITEM_PROBABILITY, Item.TROUSERS), "she saw jeans, and says so"
    assert "jeans" in reply_sentences(plain)[0]
    reply = await say(service, mina, "바지 아니고 치마야")
    assert (reply.kind, reply.thing, reply.instead) == (ReplyKind.ITEM_CORRECTED, Item.JEANS, Item.SKIRT)
    assert (await current(service, look)).item_corrections == {Item.JEANS: Item.SKIRT}


async def test_failed_picture_keeps_the_question_for_learning(
    service: ConversationService, mina: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = await create_look(service, mina)

    async def fail(_: PhotoJudgingService, __: Look) -> Look:
        raise StorageUnavailableError

    with monkeypatch.context() as patch, pytest.raises(StorageUnavailableError):
        patch.setattr(PhotoJudgingService, "redraw_heatmap", fail)
        await write(service, mina, "no coat, no boots")
    retried = await say(service, mina, "no coat, no boots")
    assert (retried.kind, retried.prompt) == (ReplyKind.ITEM_CORRECTED, ActionType.ALLOW_LEARNING)
    assert (await current(service, look)).item_corrections == {Item.COAT: None, Item.BOOTS: None}


async def test_name_like_a_correction_is_a_name(service: ConversationService, mina: Person) -> None:
    look = await create_look(service, mina)
    await service.handle_action(mina, Action(type=ActionType.SHARE, look_id=look.id), chat="telegram:42")
    assert (await say(service, mina, "Not Pink")).kind is ReplyKind.NAME_CONFIRMATION
    assert (await current(service, look)).item_corrections == {}


async def test_refused_photo_gets_its_reason(service: ConversationService, mina: Person) -> None:
    assert await write(service, mina, "why can't you?") is None
    for refusal in (None, *Refusal):
        async with service.resources.database.transaction() as connection:
            verdict = make_verdict(ConfidenceBand.NOT_AN_OUTFIT, refusal=refusal)
            await create_stored_look(connection, mina.id, verdict=verdict)
        for question in ("why not?", "왜 안 돼요?", "that is an outfit", "that's not street at all", "별로야"):
            reply = await say(service, mina, question)
            assert reply.kind is ReplyKind.REFUSAL_REASON
            assert reply_sentences(reply) == (translate(f"talk.refused.{refusal or 'nothing'}", Language.EN),)
    await create_look(service, mina)
    assert await write(service, mina, "why can't you?") is None, "this photo has a verdict"
    assert (await say(service, mina, "why?")).kind is ReplyKind.REASON


async def test_what_is_worn_according_to_the_owner_is_not_suggested(service: ConversationService, mina: Person) -> None:
    verdict = classify_with_attributes(
        Style.MODE, {Item.COAT: 0.9}, confidence=0.42, second=Style.BUSINESS_CASUAL, second_confidence=0.4
    )
    assert verdict.attributes is not None
    verdict = replace(verdict, attributes=replace(verdict.attributes, swap=None))
    async with service.resources.database.transaction() as connection:
        look = await create_stored_look(connection, mina.id, verdict=verdict)

    def tips(verdict: Verdict) -> str:
        messages = [verdict_messages(verdict, seed=str(seed), language=Language.EN) for seed in range(20)]
        return " ".join(message.text for some in messages for message in some if message.slot is MessageSlot.TIP)

    assert "blazer" in tips(look.verdict)
    reply = await say(service, mina, "not a coat, it's a blazer")
    assert reply.look is not None
    assert "blazer" not in tips(reply.look.verdict)
    assert "blazer" not in tips((await current(service, look)).verdict)
    await say(service, mina, "not a blazer, it's a jacket")
    assert "blazer" in tips((await current(service, look)).verdict)
