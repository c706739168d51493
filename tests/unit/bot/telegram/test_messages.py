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
from bot.telegram.keyboards import (
    first_keyboard,
    forget_keyboard,
    guess_keyboard,
    language_keyboard,
    look_keyboard,
    name_keyboard,
    page_keyboard,
    style_keyboard,
)
from bot.telegram.messages import Outgoing, say, show_picture, show_verdict
from bot.texts import Language
from bot.voice import Bubble, Slot, speak
from core.styles import STYLES
from core.vision.verdict import Band, Verdict
from tests.verdicts import verdict_of

LOOK = UUID("019a5f00-0000-7000-8000-000000000001")
LANGUAGES = list(Language)


def verbs(keyboard: InlineKeyboardMarkup | None) -> list[Verb]:
    assert keyboard is not None
    actions = [
        decode(str(button.callback_data)) for row in keyboard.inline_keyboard for button in row if not button.url
    ]
    return [action.verb for action in actions if action is not None]


KEYBOARD = forget_keyboard(Language.EN)


def shown(verdict: Verdict, language: Language = Language.KO, note: str | None = None) -> tuple[Outgoing, ...]:
    bubbles = speak(verdict, photo="a", language=language)
    return show_verdict(bubbles, verdict, heat=b"jpeg", keyboard=KEYBOARD, note=note)


@pytest.mark.parametrize(("language", "band"), list(product(LANGUAGES, Band)))
def test_everything_is_said_in_four_messages_and_the_last_has_the_buttons(language: Language, band: Band) -> None:
    verdict = verdict_of(band, first=0.5, runner_up=0.4)
    messages = shown(verdict, language)
    said = "\n".join(unescape(message.html) for message in messages)

    assert said == "\n".join(bubble.text for bubble in speak(verdict, photo="a", language=language))
    assert [message.keyboard for message in messages] == [None, None, None, KEYBOARD]


def test_heat_picture_carries_verdict_and_evidence() -> None:
    verdict = verdict_of()
    bubbles = speak(verdict, photo="a", language=Language.KO)

    assert [message.html for message in shown(verdict) if message.photo] == [
        "\n".join(bubble.text for bubble in bubbles if bubble.slot in {Slot.VERDICT, Slot.EVIDENCE})
    ]


def test_without_an_outfit_there_is_no_picture_and_nothing_to_share() -> None:
    assert not [message for message in shown(verdict_of(Band.NOT_AN_OUTFIT)) if message.photo]
    assert verbs(look_keyboard(LOOK, Language.KO, seen=False)) == [Verb.ANOTHER, Verb.GUESS]


def test_note_takes_the_place_of_the_opening() -> None:
    messages = shown(verdict_of(), note="Again?")

    assert messages[0] == Outgoing(html="Again?")
    assert messages[1:] == shown(verdict_of())[1:]


def test_words_stand_alone_where_the_picture_is_gone() -> None:
    assert show_picture(b"jpeg", "a < b", KEYBOARD) == Outgoing(html="a &lt; b", photo=b"jpeg", keyboard=KEYBOARD)
    assert show_picture(None, "a") == Outgoing(html="a")


def test_markup_of_others_is_escaped_and_long_texts_are_cut_as_they_are_read() -> None:
    (message,) = say("<b>&" * 2000)

    assert "<" not in message.html
    assert units(unescape(message.html)) == 4096


def test_long_caption_is_cut() -> None:
    bubble = Bubble(text="🙂" * 900, slot=Slot.EVIDENCE)
    (message,) = show_verdict([bubble], verdict_of(), heat=b"jpeg", keyboard=None)

    assert units(message.html) <= 1024


@pytest.mark.parametrize("language", LANGUAGES)
def test_keyboards(language: Language) -> None:
    private = look_keyboard(LOOK, language)
    shared = look_keyboard(LOOK, language, shared=True, page_url="https://eva.example/looks/1")

    assert verbs(private) == [Verb.SHARE, Verb.KEEP, Verb.ANOTHER, Verb.GUESS, Verb.CORRECT]
    assert verbs(shared) == [Verb.UNSHARE, Verb.ANOTHER, Verb.GUESS, Verb.CORRECT]
    assert Verb.TELL in verbs(look_keyboard(LOOK, language, guesses_first=True))
    assert verbs(first_keyboard(language, guesses_first=True)) == [Verb.TELL]
    assert verbs(guess_keyboard(LOOK, language))[-1] is Verb.RESULT
    assert shared.inline_keyboard[-1][-1].url == "https://eva.example/looks/1"
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


@pytest.mark.parametrize(
    ("address", "opens"), [("https://eva.example/looks/1", True), ("http://localhost:8000/", False)]
)
def test_page_that_telegram_would_refuse_has_no_button(address: str, opens: bool) -> None:
    assert (page_keyboard(address, Language.EN) is not None) is opens
    assert page_keyboard(None, Language.EN) is None
