"""Answers to open questions about a garment that is not seen."""

from dataclasses import replace

import pytest
from uuid_utils.compat import uuid7

from core.clothing import Color, Item
from core.conversation.garment_kinds import GarmentKind
from core.conversation.open_answers import open_answer
from core.conversation.open_questions import Aspect
from core.db.looks import Look
from core.i18n.translations import Language, VariantSeed
from core.styles import Style
from core.vision.attributes import Attribute
from tests.factories import classify_with_attributes, make_look
from tests.texts import variants

EN, LEGS = Language.EN, (0.9, 0.5)


def _look(**probabilities: float) -> Look:
    things: dict[Attribute, float] = {Item(name): probability for name, probability in probabilities.items()}
    verdict = classify_with_attributes(
        Style.CASUAL, {**things, Color.BLACK: 0.9}, peaks={Item.TROUSERS: LEGS, Color.BLACK: LEGS}
    )
    return make_look(uuid7(), verdict)


@pytest.mark.parametrize("probability", [0.02, 0.3])
def test_the_color_of_what_a_garment_was_taken_for_is_told(probability: float) -> None:
    look = _look(trousers=0.8, shorts=probability)
    unseen, rival, color = open_answer(look, Item.SHORTS, Aspect.COLOR, VariantSeed("mina"), EN)
    assert unseen in variants("worn.open.color.unseen", EN, garment="the shorts")
    assert rival in variants("worn.check.rival", EN, thing="the trousers", percent=80)
    assert color in variants("worn.open.color.seen", EN, garment="the trousers", value="black", percent=90)


def test_the_color_of_a_garment_below_its_threshold_is_not_known() -> None:
    unseen, doubt = open_answer(_look(trousers=0.8, bag=0.3), Item.BAG, Aspect.COLOR, VariantSeed("mina"), EN)
    assert unseen in variants("worn.open.color.unseen", EN, garment="the bag")
    assert doubt in variants("worn.check.doubt", EN, thing="the bag", percent=30)


@pytest.mark.parametrize("subject", [Item.SHORTS, GarmentKind.BOTTOM])
def test_a_told_garment_counts_as_worn(subject: Item | GarmentKind) -> None:
    look = replace(_look(shirt=0.9), item_corrections={Item.TROUSERS: Item.SHORTS})
    [answer] = open_answer(look, subject, Aspect.COLOR, VariantSeed("mina"), EN)
    assert answer in variants("worn.open.color.unseen", EN, garment="the shorts")
    told = replace(look, told_colors={Item.SHORTS: (Color.NAVY,)})
    [answer] = open_answer(told, subject, Aspect.COLOR, VariantSeed("mina"), EN)
    assert answer in variants("worn.open.color.known", EN, garment="the shorts", value="navy")
