"""What Telegram is sent keeps its limits, whatever Eva says."""

from __future__ import annotations

from html import unescape
from itertools import product
from uuid import UUID

import pytest
from telegram import InlineKeyboardMarkup

from bot.actions import Verb
from bot.measure import units
from bot.telegram.callbacks import decode
from bot.telegram.keyboards import forget_keyboard, language_keyboard, look_keyboard, name_keyboard, style_keyboard
from bot.telegram.messages import Outgoing, say, show_verdict
from bot.texts import Language
from bot.voice import Bubble, Slot, speak
from core.styles import STYLES
from core.vision.verdict import Band
from tests.verdicts import verdict_of

LOOK = UUID("019a5f00-0000-7000-8000-000000000001")
LANGUAGES = list(Language)


def verbs(keyboard: InlineKeyboardMarkup | None) -> list[Verb]:
    assert keyboard is not None
    actions = [
        decode(str(button.callback_data)) for row in keyboard.inline_keyboard for button in row if not button.url
    ]
    return [action.verb for action in actions if action is not None]


@pytest.mark.parametrize(("language", "band"), list(product(LANGUAGES, Band)))
def test_every_bubble_is_a_message_and_the_last_has_the_buttons(language: Language, band: Band) -> None:
    verdict = verdict_of(band, first=0.5, runner_up=0.4)
    bubbles = speak(verdict, photo="a", language=language)
    messages = show_verdict(bubbles, verdict, look=LOOK, language=language, heat=b"jpeg")

    assert [unescape(message.html) for message in messages] == [bubble.text for bubble in bubbles]
    assert [message.keyboard is not None for message in messages] == [False] * (len(bubbles) - 1) + [True]


def test_heat_picture_carries_the_evidence() -> None:
    verdict = verdict_of()
    bubbles = speak(verdict, photo="a", language=Language.KO)
    messages = show_verdict(bubbles, verdict, look=LOOK, language=Language.KO, heat=b"jpeg")

    assert [message.html for message in messages if message.photo] == [
        bubble.text for bubble in bubbles if bubble.slot is Slot.EVIDENCE
    ]


def test_without_an_outfit_there_is_no_picture_and_nothing_to_share() -> None:
    verdict = verdict_of(Band.NOT_AN_OUTFIT)
    bubbles = speak(verdict, photo="a", language=Language.KO)
    messages = show_verdict(bubbles, verdict, look=LOOK, language=Language.KO, heat=b"jpeg")

    assert not [message for message in messages if message.photo]
    assert verbs(messages[-1].keyboard) == [Verb.ANOTHER]


def test_note_comes_first() -> None:
    verdict = verdict_of()
    bubbles = speak(verdict, photo="a", language=Language.EN)
    messages = show_verdict(bubbles, verdict, look=LOOK, language=Language.EN, heat=None, note="Again?")

    assert messages[0] == Outgoing(html="Again?")


def test_markup_of_others_is_escaped_and_long_texts_are_cut_as_they_are_read() -> None:
    (message,) = say("<b>&" * 2000)

    assert "<" not in message.html
    assert units(unescape(message.html)) == 4096


def test_long_caption_is_cut() -> None:
    bubble = Bubble(text="🙂" * 900, slot=Slot.EVIDENCE)
    (message,) = show_verdict([bubble], verdict_of(), look=LOOK, language=Language.KO, heat=b"jpeg")

    assert units(message.html) <= 1024


@pytest.mark.parametrize("language", LANGUAGES)
def test_keyboards(language: Language) -> None:
    private = look_keyboard(LOOK, language)
    shared = look_keyboard(LOOK, language, shared=True, page_url="https://eva.example/looks/1")

    assert verbs(private) == [Verb.SHARE, Verb.KEEP, Verb.CORRECT, Verb.ANOTHER]
    assert verbs(shared) == [Verb.UNSHARE, Verb.CORRECT, Verb.ANOTHER]
    assert shared.inline_keyboard[-1][0].url == "https://eva.example/looks/1"
    assert verbs(language_keyboard()) == [Verb.SPEAK] * len(LANGUAGES)
    assert verbs(forget_keyboard(language)) == [Verb.ERASE, Verb.STAY]
    assert verbs(name_keyboard(LOOK, language)) == [Verb.TAKE, Verb.KEEP]


@pytest.mark.parametrize("verb", [Verb.GUESS, Verb.CORRECT])
def test_eight_styles_to_choose_from(verb: Verb) -> None:
    rows = style_keyboard(verb, LOOK, Language.KO).inline_keyboard
    actions = [decode(str(button.callback_data)) for row in rows for button in row]

    assert [action.style for action in actions if action] == list(STYLES)
    assert {action.look for action in actions if action} == {LOOK}
    assert [len(row) for row in rows] == [2] * 4
