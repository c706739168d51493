"""The sentences of replies."""

import re

import pytest

from core.clothing import Item
from core.conversation.reply import Reply, ReplyKind
from core.conversation.reply_texts import reply_sentences
from core.i18n.translations import Language, translate
from core.styles import Style

EN = Language.EN


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
