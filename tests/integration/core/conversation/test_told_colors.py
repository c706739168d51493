"""The colors that people tell of their garments: kept for each garment, and replaced by what is told later."""

import csv
from datetime import timedelta
from pathlib import Path

import pytest

from core.clothing import Color, Item
from core.conversation.actions import ActionType
from core.conversation.reply import ReplyKind
from core.conversation.reply_texts import reply_sentences
from core.conversation.service import ConversationService
from core.db import look_feedback
from core.db.data_export import get_personal_data
from core.db.people import Person
from core.i18n.translations import Language
from core.resources import Resources
from core.services.corrections_export import export_corrections
from core.vision.attributes import Attribute
from tests.factories import end_images
from tests.integration.core.conversation.conftest import (
    JEANS_BLUE_SNEAKERS_RED,
    SHOES_AND_JEANS,
    act,
    create_look,
    current,
    make_service,
    say,
)
from tests.texts import variants

EN = Language.EN
WHITE_COAT: dict[Attribute, float] = {Item.COAT: 0.9, Color.WHITE: 0.9, Item.BOOTS: 0.8}
BOOTS_BELOW: dict[Attribute, tuple[float, float]] = {Item.BOOTS: (0.95, 0.5)}


@pytest.fixture
def service(resources: Resources) -> ConversationService:
    """A service whose model sees a white coat, and boots without a color."""
    return make_service(resources, WHITE_COAT, BOOTS_BELOW)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("my coat is actually black", "the coat isn't red, it's navy"),
        ("the coat isn't white, it's black", "the coat isn't black, it's navy"),
        ("the coat isn't white, it's black", "the coat isn't white, it's navy"),
        ("my coat is actually black", "not black, it's navy"),
        ("not white, it's black", "not black, it's navy"),
        ("흰색 아니고 검정이야", "not white, it's navy"),
        ("코트는 사실 검정이에요", "코트는 빨간색이 아니라 네이비예요"),
        ("코트는 사실 검정이에요", "코트 검은색 아니고 남색이야"),
    ],
)
async def test_a_later_color_of_a_garment_replaces_the_told_one(
    service: ConversationService, mina: Person, first: str, second: str
) -> None:
    look = await create_look(service, mina)
    reply = await say(service, mina, first)
    assert (reply.thing, reply.garment, reply.instead) == (Color.WHITE, Item.COAT, Color.BLACK)
    for _ in range(2):
        reply = await say(service, mina, second)
        assert (reply.kind, reply.garment, reply.instead) == (ReplyKind.ITEM_CORRECTED, Item.COAT, Color.NAVY)
        assert "navy" in reply_sentences(reply)[0].lower()
        stored = await current(service, look)
        assert (stored.item_corrections, stored.told_colors) == ({Color.WHITE: None}, {Item.COAT: (Color.NAVY,)})
    answer = reply_sentences(await say(service, mina, "what color is my coat?"))[0]
    assert answer in variants("worn.open.color.known", EN, garment="the coat", value="navy")


async def test_each_garment_has_its_own_color(service: ConversationService, mina: Person) -> None:
    look = await create_look(service, mina)
    await say(service, mina, "my coat is actually black")
    answer = reply_sentences(await say(service, mina, "what color are my boots?"))[0]
    assert answer in variants("worn.open.color.none", EN, garment="the boots")
    reply = await say(service, mina, "my boots are actually brown")
    assert reply_sentences(reply)[0] in variants("talk.item.colored", EN, garment="the boots", value="brown")
    expected = {Item.COAT: (Color.BLACK,), Item.BOOTS: (Color.BROWN,)}
    assert (await current(service, look)).told_colors == expected
    reply = await say(service, mina, "the boots aren't white, they're gray")
    assert (reply.garment, reply.instead) == (Item.BOOTS, Color.GREY)
    stored = await current(service, look)
    assert stored.told_colors == expected | {Item.BOOTS: (Color.GREY,)}
    asked = reply_sentences(await say(service, mina, "is the coat white?"))[0]
    assert asked in variants("worn.open.color.known", EN, garment="the coat", value="black")


@pytest.mark.parametrize(
    "message", ["the coat isn't white, it's navy or black", "코트는 흰색 아니고 네이비나 검정이야"]
)
async def test_one_of_two_colors_is_no_told_color(service: ConversationService, mina: Person, message: str) -> None:
    look = await create_look(service, mina)
    reply = await say(service, mina, message)
    assert (reply.thing, reply.garment, reply.instead) == (Color.WHITE, Item.COAT, None)
    stored = await current(service, look)
    assert (stored.item_corrections, stored.told_colors) == ({Color.WHITE: None}, {})


async def test_a_color_without_a_garment_is_of_the_one_that_has_it(resources: Resources, mina: Person) -> None:
    service = make_service(resources, SHOES_AND_JEANS, JEANS_BLUE_SNEAKERS_RED)
    look = await create_look(service, mina)
    await say(service, mina, "not red, it's blue")
    stored = await current(service, look)
    assert (stored.item_corrections, stored.told_colors) == ({Color.RED: None}, {Item.SNEAKERS: (Color.BLUE,)})
    await say(service, mina, "the jeans are actually gray")
    await say(service, mina, "not gray, it's black")
    assert (await current(service, look)).told_colors == {Item.SNEAKERS: (Color.BLUE,), Item.JEANS: (Color.BLACK,)}
    other = await create_look(service, mina, seed=2)
    await say(service, mina, "not red and blue, it's white")
    stored = await current(service, other)
    assert stored.told_colors == {}, "two garments have these colors"
    assert stored.item_corrections == {Color.RED: Color.WHITE, Color.BLUE: Color.WHITE}


async def test_a_told_color_can_be_taken_back(service: ConversationService, mina: Person) -> None:
    look = await create_look(service, mina)
    await say(service, mina, "my coat is actually black")
    reply = await say(service, mina, "the coat isn't black")
    assert (reply.kind, reply.thing, reply.instead) == (ReplyKind.ITEM_CORRECTED, Color.BLACK, None)
    assert (await current(service, look)).told_colors == {}
    reply = await say(service, mina, "the coat is actually white")
    assert (reply.kind, reply.instead) == (ReplyKind.ITEM_CORRECTED, Color.WHITE)
    stored = await current(service, look)
    assert (stored.item_corrections, stored.told_colors) == ({}, {Item.COAT: (Color.WHITE,)})
    await say(service, mina, "not a coat, it's a jacket")
    stored = await current(service, look)
    assert (stored.item_corrections, stored.told_colors) == (
        {Item.COAT: Item.JACKET},
        {Item.JACKET: (Color.WHITE,)},
    )
    await say(service, mina, "not a jacket, it's a blazer")
    stored = await current(service, look)
    assert (stored.item_corrections, stored.told_colors) == (
        {Item.COAT: Item.BLAZER},
        {Item.BLAZER: (Color.WHITE,)},
    )
    await say(service, mina, "the blazer is actually beige")
    answer = reply_sentences(await say(service, mina, "what color is my blazer?"))[0]
    assert answer in variants("worn.open.color.known", EN, garment="the blazer", value="beige")


async def test_a_color_that_was_stored_without_a_garment_still_counts(
    service: ConversationService, mina: Person
) -> None:
    look = await create_look(service, mina)
    async with service.resources.database.transaction() as connection:
        look = await look_feedback.record_item_corrections(connection, look, {Color.WHITE: Color.BLACK}, {})
    for message in ("not white, it's black", "the coat is actually navy"):
        await say(service, mina, message)
    stored = await current(service, look)
    assert stored.item_corrections == {Color.WHITE: Color.BLACK}, "of what it was said is not known"
    assert stored.told_colors == {Item.COAT: (Color.NAVY,)}
    await say(service, mina, "not black, it's pink")
    assert (await current(service, look)).item_corrections == {Color.WHITE: Color.PINK}


async def test_told_colors_are_exported_and_erased(
    resources: Resources, service: ConversationService, mina: Person, tmp_path: Path
) -> None:
    await create_look(service, mina)
    await say(service, mina, "my boots are actually brown and black")
    await act(service, mina, ActionType.ALLOW_LEARNING)
    assert await export_corrections(resources, tmp_path) == 1, "nothing was taken back"
    await say(service, mina, "the coat isn't white, it's brown")
    assert await export_corrections(resources, tmp_path) == 1
    [row] = csv.DictReader((tmp_path / "attributes.csv").open(encoding="utf-8"))
    assert (row["items"], row["not_worn"]) == ("coat boots", "white")
    assert set(row["colours"].split()) == {"brown", "black"}
    assert set(row["told"].split()) == {"brown+boots", "black+boots", "brown+coat"}
    async with resources.database.snapshot() as connection:
        [exported] = (await get_personal_data(connection, mina.id)).tables["looks"]
    assert exported["told_colors"] == {"boots": ["brown", "black"], "coat": ["brown"]}
    await act(service, mina, ActionType.CONFIRM_ERASE)
    async with resources.database.snapshot() as connection:
        assert (await get_personal_data(connection, mina.id)).tables["looks"] == []


async def test_white_that_another_garment_has_is_worn(
    resources: Resources, service: ConversationService, mina: Person, tmp_path: Path
) -> None:
    look = await create_look(service, mina)
    await act(service, mina, ActionType.ALLOW_LEARNING)
    await say(service, mina, "my coat is actually black")
    await say(service, mina, "my boots are actually white")
    assert (await current(service, look)).item_corrections == {}
    await export_corrections(resources, tmp_path)
    [row] = csv.DictReader((tmp_path / "attributes.csv").open(encoding="utf-8"))
    assert (set(row["colours"].split()), row["not_worn"]) == ({"black", "white"}, "")


async def test_a_color_is_told_without_the_wrong_one(resources: Resources, mina: Person) -> None:
    service = make_service(resources, SHOES_AND_JEANS, JEANS_BLUE_SNEAKERS_RED)
    look = await create_look(service, mina)
    for message in ("the jeans are actually blue", "the coat is actually navy", "the top is actually navy"):
        assert (await say(service, mina, message)).kind is ReplyKind.ITEM_OPEN
        assert (await current(service, look)).told_colors == {}
    reply = await say(service, mina, "바지 사실 검은색이에요")
    assert (reply.kind, reply.thing, reply.garment) == (ReplyKind.ITEM_CORRECTED, Color.BLUE, Item.JEANS)
    reply = await say(service, mina, "my shoes are actually white")
    assert (reply.thing, reply.instead, reply.garment) == (Color.RED, Color.WHITE, Item.SNEAKERS)
    stored = await current(service, look)
    assert stored.item_corrections == {Color.BLUE: None, Color.RED: None}
    assert stored.told_colors == {Item.JEANS: (Color.BLACK,), Item.SNEAKERS: (Color.WHITE,)}
    other = await create_look(service, mina, 2)
    reply = await say(service, mina, "the shoes aren't black, they're brown")
    assert (reply.kind, reply.thing, reply.instead) == (ReplyKind.ITEM_CORRECTED, Color.RED, Color.BROWN)
    assert (await current(service, other)).told_colors == {Item.SNEAKERS: (Color.BROWN,)}


async def test_the_two_colors_of_a_garment_are_told(service: ConversationService, mina: Person) -> None:
    look = await create_look(service, mina)
    reply = await say(service, mina, "코트는 사실 검정이랑 흰색이야")
    assert (reply.kind, reply.thing, reply.garment) == (ReplyKind.ITEM_CORRECTED, None, Item.COAT)
    stored = await current(service, look)
    assert (stored.item_corrections, stored.told_colors) == ({}, {Item.COAT: (Color.BLACK, Color.WHITE)})
    reply = await say(service, mina, "my coat is actually black and navy")
    assert (reply.kind, reply.thing, reply.garment) == (ReplyKind.ITEM_CORRECTED, Color.WHITE, Item.COAT)
    nouns = {"thing": "white", "garment": "the coat", "instead": "black and navy"}
    assert reply_sentences(reply)[0] in variants("talk.item.recolored", EN, **nouns)
    answer = reply_sentences(await say(service, mina, "what color is my coat?"))[0]
    assert answer in variants("worn.open.color.known", EN, garment="the coat", value="black and navy")


@pytest.mark.parametrize(
    ("of_boots", "of_hoodie"), [("the boots are brown", "the hoodie is navy"), ("부츠는 갈색이야", "후드티는 네이비야")]
)
async def test_a_plain_statement_is_answered(
    service: ConversationService, mina: Person, of_boots: str, of_hoodie: str
) -> None:
    look = await create_look(service, mina)
    reply = await say(service, mina, of_hoodie)
    assert (reply.kind, reply.garment) == (ReplyKind.ITEM_OPEN, Item.HOODIE)
    [sentence] = reply_sentences(reply)
    assert sentence.startswith(tuple(variants("worn.open.none", EN, kind="the sweatshirt")))
    assert (await current(service, look)).told_colors == {}, "she sees no hoodie"
    reply = await say(service, mina, of_boots)
    assert reply_sentences(reply)[0] in variants("talk.item.colored", EN, garment="the boots", value="brown")
    stored = await current(service, look)
    assert (stored.item_corrections, stored.told_colors) == ({}, {Item.BOOTS: (Color.BROWN,)})


async def test_a_garment_that_was_taken_back_has_no_told_color(service: ConversationService, mina: Person) -> None:
    await create_look(service, mina)
    await say(service, mina, "my boots are brown")
    await say(service, mina, "no boots")
    [sentence] = reply_sentences(await say(service, mina, "what color are my boots?"))
    assert sentence in variants("talk.item.told", EN, thing="the boots")


async def test_a_remark_of_hours_later_changes_nothing(service: ConversationService, mina: Person) -> None:
    look = await create_look(service, mina)
    await end_images(service.resources, look, timedelta(hours=-19))
    reply = await say(service, mina, "my coat is navy")
    assert (reply.kind, reply.garment) == (ReplyKind.ITEM_OPEN, Item.COAT), "it may be about another coat"
    assert (await current(service, look)).told_colors == {}
    await say(service, mina, "my coat is actually navy")
    assert (await current(service, look)).told_colors == {Item.COAT: (Color.NAVY,)}


@pytest.mark.parametrize("seen", [(Color.NAVY,), (Color.BLUE,), (Color.NAVY, Color.BLUE)])
@pytest.mark.parametrize(
    "message", ["it's grey, not navy", "the jacket is grey, not navy", "재킷 네이비 아니고 회색이야"]
)
async def test_navy_and_blue_of_a_garment_are_denied_together(
    resources: Resources, mina: Person, message: str, seen: tuple[Color, ...]
) -> None:
    service = make_service(resources, {Item.JACKET: 0.9, **dict.fromkeys(seen, 0.8)}, {})
    look = await create_look(service, mina)
    await say(service, mina, message)
    changed = await current(service, look)
    assert changed.verdict.attributes is not None
    assert changed.told_colors == {Item.JACKET: (Color.GREY,)}
    assert not changed.verdict.attributes.colors


async def test_navy_is_told_of_what_eva_called_blue(resources: Resources, mina: Person) -> None:
    service = make_service(resources, {Item.JACKET: 0.9, Color.BLUE: 0.8}, {})
    look = await create_look(service, mina)
    await say(service, mina, "it's navy, not blue")
    assert (await current(service, look)).told_colors == {Item.JACKET: (Color.NAVY,)}
