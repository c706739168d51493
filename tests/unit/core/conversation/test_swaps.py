"""Answers to "what would change it?"."""

from dataclasses import replace

import pytest

from core.clothing import Item
from core.conversation.narration import style_name
from core.conversation.swaps import answer_for_swap
from core.db.looks import Look
from core.i18n.translations import Language, translate
from core.styles import Style
from core.uuid7 import uuid7
from core.vision.attributes import Swap
from tests.factories import classify_with_attributes, make_look
from tests.texts import variants

SWAP = Swap(remove=Item.HOODIE, add=Item.SHIRT, style=Style.MODE, probability=0.6)


def _look(swap: Swap | None) -> Look:
    verdict = classify_with_attributes(Style.STREET, {Item.HOODIE: 0.9})
    assert verdict.attributes is not None
    return make_look(uuid7(), replace(verdict, attributes=replace(verdict.attributes, swap=swap)))


def _suggestions(language: Language) -> set[str]:
    names = {
        "second": style_name(SWAP.style, language),
        "remove": translate("worn.the", language, thing=translate("worn.hoodie", language)),
        "add": translate("worn.shirt.any", language),
    }
    return variants("worn.swap", language, **names)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("asked", [None, Style.MODE])
def test_the_swap_is_suggested(asked: Style | None, language: Language) -> None:
    assert answer_for_swap(_look(SWAP), asked, language) in _suggestions(language)


@pytest.mark.parametrize("language", Language)
def test_another_style_gets_the_swap_that_there_is(language: Language) -> None:
    answer = answer_for_swap(_look(SWAP), Style.RETRO, language)
    starts = variants("talk.swap.other", language, asked=style_name(Style.RETRO, language))
    assert any(answer == f"{start} {swap}" for start in starts for swap in _suggestions(language)), answer


@pytest.mark.parametrize("language", Language)
def test_no_swap_is_made_up(language: Language) -> None:
    style = style_name(Style.STREET, language)
    for asked in (None, Style.MODE):
        assert answer_for_swap(_look(None), asked, language) in variants("talk.swap.none", language, style=style)
    for swap in (SWAP, None):
        assert answer_for_swap(_look(swap), Style.STREET, language) in variants(
            "talk.swap.already", language, style=style
        )
