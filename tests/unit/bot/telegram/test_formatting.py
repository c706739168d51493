"""What Telegram is sent keeps its limits, whatever Eva says."""

from html import unescape
from itertools import product
from uuid import UUID

import pytest
from telegram import InlineKeyboardMarkup

from bot.telegram.callback_data import decode_callback_data
from bot.telegram.formatting import OutgoingMessage, format_verdict, photo_message, text_messages
from bot.telegram.keyboards import (
    erase_keyboard,
    guess_keyboard,
    guess_mode_keyboard,
    language_keyboard,
    look_keyboard,
    name_keyboard,
    page_keyboard,
    style_keyboard,
)
from bot.text_limits import utf16_length
from core.conversation.actions import ActionType
from core.conversation.narration import Message, MessageSlot, verdict_messages
from core.i18n.translations import Language
from core.styles import STYLES
from core.vision.verdict import ConfidenceBand, Verdict
from tests.factories import make_verdict

LOOK = UUID("019a5f00-0000-7000-8000-000000000001")
LANGUAGES = list(Language)


def verbs(keyboard: InlineKeyboardMarkup | None) -> list[ActionType]:
    assert keyboard is not None
    actions = [
        decode_callback_data(str(button.callback_data))
        for row in keyboard.inline_keyboard
        for button in row
        if not button.url
    ]
    return [action.type for action in actions if action is not None]


KEYBOARD = erase_keyboard(Language.EN)


def shown(verdict: Verdict, language: Language = Language.KO, note: str | None = None) -> tuple[OutgoingMessage, ...]:
    bubbles = verdict_messages(verdict, seed="a", language=language)
    return format_verdict(bubbles, verdict, heatmap=b"jpeg", keyboard=KEYBOARD, note=note)


@pytest.mark.parametrize(("language", "band"), list(product(LANGUAGES, ConfidenceBand)))
def test_everything_is_said_in_four_messages_and_the_last_has_the_buttons(
    language: Language, band: ConfidenceBand
) -> None:
    verdict = make_verdict(band, first=0.5, runner_up=0.4)
    messages = shown(verdict, language)
    said = "\n".join(unescape(message.html) for message in messages)

    assert said == "\n".join(bubble.text for bubble in verdict_messages(verdict, seed="a", language=language))
    assert [message.keyboard for message in messages] == [None, None, None, KEYBOARD]


def test_heat_picture_carries_verdict_and_evidence() -> None:
    verdict = make_verdict()
    bubbles = verdict_messages(verdict, seed="a", language=Language.KO)

    assert [message.html for message in shown(verdict) if message.photo] == [
        "\n".join(bubble.text for bubble in bubbles if bubble.slot in {MessageSlot.VERDICT, MessageSlot.EVIDENCE})
    ]


def test_without_an_outfit_there_is_no_picture_and_nothing_to_share() -> None:
    assert not [message for message in shown(make_verdict(ConfidenceBand.NOT_AN_OUTFIT)) if message.photo]
    assert verbs(look_keyboard(LOOK, Language.KO, has_outfit=False)) == [ActionType.NEW_PHOTO, ActionType.GUESS]


def test_note_takes_the_place_of_the_opening() -> None:
    messages = shown(make_verdict(), note="Again?")

    assert messages[0] == OutgoingMessage(html="Again?")
    assert messages[1:] == shown(make_verdict())[1:]


def test_words_stand_alone_where_the_picture_is_gone() -> None:
    assert photo_message(b"jpeg", "a < b", KEYBOARD) == OutgoingMessage(
        html="a &lt; b", photo=b"jpeg", keyboard=KEYBOARD
    )
    assert photo_message(None, "a") == OutgoingMessage(html="a")


def test_markup_of_others_is_escaped_and_long_texts_are_cut_as_they_are_read() -> None:
    (message,) = text_messages("<b>&" * 2000)

    assert "<" not in message.html
    assert utf16_length(unescape(message.html)) == 4096


def test_long_caption_is_cut() -> None:
    bubble = Message(text="🙂" * 900, slot=MessageSlot.EVIDENCE)
    (message,) = format_verdict([bubble], make_verdict(), heatmap=b"jpeg", keyboard=None)

    assert utf16_length(message.html) <= 1024


@pytest.mark.parametrize("language", LANGUAGES)
def test_keyboards(language: Language) -> None:
    private = look_keyboard(LOOK, language)
    shared = look_keyboard(LOOK, language, is_shared=True, page_url="https://eva.example/looks/1")

    assert verbs(private) == [
        ActionType.SHARE,
        ActionType.KEEP_PRIVATE,
        ActionType.NEW_PHOTO,
        ActionType.GUESS,
        ActionType.CORRECT,
    ]
    assert verbs(shared) == [ActionType.UNSHARE, ActionType.NEW_PHOTO, ActionType.GUESS, ActionType.CORRECT]
    assert ActionType.REVEAL_FIRST in verbs(look_keyboard(LOOK, language, guesses_first=True))
    assert verbs(guess_mode_keyboard(language, guesses_first=True)) == [ActionType.REVEAL_FIRST]
    assert verbs(guess_keyboard(LOOK, language))[-1] is ActionType.SHOW_RESULT
    assert shared.inline_keyboard[-1][-1].url == "https://eva.example/looks/1"
    assert verbs(language_keyboard()) == [ActionType.SET_LANGUAGE] * len(LANGUAGES)
    assert verbs(erase_keyboard(language)) == [ActionType.CONFIRM_ERASE, ActionType.CANCEL]
    assert verbs(name_keyboard(LOOK, language)) == [ActionType.ACCEPT_NAME, ActionType.KEEP_PRIVATE]


@pytest.mark.parametrize("verb", [ActionType.GUESS, ActionType.CORRECT])
def test_eight_styles_to_choose_from(verb: ActionType) -> None:
    rows = style_keyboard(verb, LOOK, Language.KO).inline_keyboard
    actions = [decode_callback_data(str(button.callback_data)) for row in rows for button in row]

    assert [action.style for action in actions if action] == list(STYLES)
    assert {action.look_id for action in actions if action} == {LOOK}
    assert [len(row) for row in rows] == [2] * 4


@pytest.mark.parametrize(
    ("address", "opens"), [("https://eva.example/looks/1", True), ("http://localhost:8000/", False)]
)
def test_page_that_telegram_would_refuse_has_no_button(address: str, opens: bool) -> None:
    assert (page_keyboard(address, Language.EN) is not None) is opens
    assert page_keyboard(None, Language.EN) is None
