"""The sentences of replies."""

import re
from dataclasses import replace

import pytest
from uuid_utils.compat import uuid7

from core.clothing import Color, Item
from core.conversation.item_texts import correction_notes
from core.conversation.narration import style_name
from core.conversation.reply import Reply, ReplyKind
from core.conversation.reply_texts import reply_sentences
from core.conversation.worn_details import worn_lines
from core.i18n.translations import Language, translate
from core.styles import Style
from core.vision.attributes import Attribute, Swap
from tests.factories import classify_with_attributes, make_look
from tests.texts import variants

EN = Language.EN
SWAP = Swap(remove=Item.HOODIE, add=Item.SHIRT, style=Style.MODE, probability=0.6)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("kind", ReplyKind)
def test_every_kind_has_a_complete_text(kind: ReplyKind, language: Language) -> None:
    reply = Reply(kind=kind, language=language, name="Mina", rejected_name="Jun", style=Style.MODE, thing=Item.COAT)
    sentences = reply_sentences(reply)
    assert sentences
    for sentence in sentences:
        assert sentence
        assert not re.search(r"\{|\}|None", sentence)


def test_names_and_styles_are_inserted() -> None:
    shared = Reply(kind=ReplyKind.SHARED, language=EN, name="Mina Kim")
    assert reply_sentences(shared) == (translate("talk.shared", EN, name="Mina Kim"),)
    unchanged = Reply(kind=ReplyKind.CORRECTION_UNCHANGED, language=EN, style=Style.RETRO)
    assert reply_sentences(unchanged) == (translate("talk.correct.same", EN, style="80s Retro"),)
    taken = Reply(kind=ReplyKind.NAME_TAKEN, language=EN, name="Linen Otter 52", rejected_name="JUN K1M")
    assert reply_sentences(taken) == (translate("talk.name.taken", EN, name="JUN K1M", proposed="Linen Otter 52"),)
    invalid = Reply(kind=ReplyKind.NAME_INVALID, language=EN, name="Linen Otter 52")
    assert reply_sentences(invalid) == (
        translate("talk.name.refused", EN),
        translate("talk.name.offer", EN, name="Linen Otter 52"),
    )


def test_verdict_of_a_deleted_look_is_reported_as_missing() -> None:
    for kind in (ReplyKind.VERDICT, ReplyKind.GUESS_RECORDED):
        reply = Reply(kind=kind, language=EN, style=Style.MODE)
        assert reply_sentences(reply) == (translate("talk.look_gone", EN),)


def _ask_for_swap(swap: Swap | None, asked: Style | None, language: Language) -> str:
    """What is said about the swap of a look in the style Street."""
    verdict = classify_with_attributes(Style.STREET, {Item.HOODIE: 0.9})
    assert verdict.attributes is not None
    look = make_look(uuid7(), replace(verdict, attributes=replace(verdict.attributes, swap=swap)))
    (sentence,) = reply_sentences(Reply(kind=ReplyKind.SWAP, language=language, look=look, style=asked))
    return sentence


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
    assert _ask_for_swap(SWAP, asked, language) in _suggestions(language)


@pytest.mark.parametrize("language", Language)
def test_another_style_gets_the_swap_that_there_is(language: Language) -> None:
    answer = _ask_for_swap(SWAP, Style.RETRO, language)
    starts = variants("talk.swap.other", language, asked=style_name(Style.RETRO, language))
    assert any(answer == f"{start} {swap}" for start in starts for swap in _suggestions(language)), answer


@pytest.mark.parametrize("language", Language)
def test_no_swap_is_made_up(language: Language) -> None:
    style = style_name(Style.STREET, language)
    for asked in (None, Style.MODE):
        assert _ask_for_swap(None, asked, language) in variants("talk.swap.none", language, style=style)
    for swap in (SWAP, None):
        assert _ask_for_swap(swap, Style.STREET, language) in variants("talk.swap.already", language, style=style)


def test_two_colors_with_the_same_one_instead_are_one_correction() -> None:
    corrections: dict[Attribute, Attribute | None] = {
        Color.WHITE: Color.BLACK,
        Item.COAT: None,
        Color.NAVY: Color.BLACK,
        Color.RED: None,
    }
    look = replace(make_look(uuid7()), item_corrections=corrections)
    notes = correction_notes(look, EN)
    assert notes == ["You changed white and navy to black.", "You took back the coat.", "You took back red."]


def test_certainty_names_the_runner_up_and_another_style_can_be_told() -> None:
    look = make_look(
        uuid7(), classify_with_attributes(Style.STREET, confidence=0.7, second=Style.MODE, second_confidence=0.2)
    )
    named = Reply(kind=ReplyKind.STYLE_PROBABILITY, language=EN, look=look, style=Style.STREET)
    values = {"style": "Street", "percent": "70", "second": style_name(Style.MODE, EN), "second_percent": "20"}
    assert reply_sentences(named)[0] in variants("talk.style.probability.named", EN, **values)
    (other,) = reply_sentences(replace(named, style=Style.MODE))
    assert other.endswith(translate("talk.style.offer", EN, style=style_name(Style.MODE, EN)))
    corrected = replace(look, corrected_style=Style.MODE)
    (told,) = reply_sentences(replace(named, look=corrected, style=Style.MODE))
    assert told in variants("talk.style.probability", EN, **values)


@pytest.mark.parametrize("kind", [ReplyKind.BRAND_UNKNOWN, ReplyKind.DETAIL_UNKNOWN])
def test_what_eva_cannot_tell_is_followed_by_what_she_sees(kind: ReplyKind) -> None:
    look = make_look(uuid7(), classify_with_attributes(Style.STREET, {Item.HOODIE: 0.9}))
    sentence, seen = reply_sentences(Reply(kind=kind, language=EN, look=look))
    assert sentence
    assert seen.split("\n") == worn_lines(look.verdict, EN)
