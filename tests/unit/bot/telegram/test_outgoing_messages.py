"""Messages keep the limits of Telegram, and keyboards have the right buttons."""

from dataclasses import replace
from itertools import product
from uuid import UUID

import pytest
from telegram import InlineKeyboardMarkup

from bot.telegram.keyboards import Keyboards, decode_callback_data
from bot.telegram.outgoing_messages import OutgoingMessage
from bot.telegram.verdicts import format_verdict
from core.conversation.actions import ActionType
from core.conversation.narration import MessageSlot, verdict_messages
from core.i18n.translations import Language
from core.settings import Settings
from core.styles import STYLES
from core.vision.verdict import ConfidenceBand, Verdict
from tests.factories import make_look, make_verdict

LOOK_ID = UUID("019a5f00-0000-7000-8000-000000000001")
LANGUAGES = list(Language)
SETTINGS = Settings(public_url="https://eva.example")
PRIVATE = make_look(LOOK_ID)
SHARED = replace(PRIVATE, shared_at=PRIVATE.created_at, is_public=True)
REFUSED = make_look(LOOK_ID, make_verdict(ConfidenceBand.NOT_AN_OUTFIT))


def action_types(keyboard: InlineKeyboardMarkup | None) -> list[ActionType]:
    assert keyboard is not None
    contents = [
        decode_callback_data(str(button.callback_data))
        for row in keyboard.inline_keyboard
        for button in row
        if not button.url
    ]
    return [content.action.type for content in contents if content is not None]


def keyboards(language: Language = Language.KO, *, is_private: bool = True) -> Keyboards:
    return Keyboards(owner_id=42, language=language, is_private=is_private, bot_username="eva_stylist_bot")


KEYBOARD = keyboards(Language.EN).erase()


def format_sample(
    verdict: Verdict, language: Language = Language.KO, note: str | None = None
) -> tuple[OutgoingMessage, ...]:
    messages = verdict_messages(verdict, seed="a", language=language)
    return format_verdict(messages, verdict, heatmap=b"jpeg", keyboard=KEYBOARD, note=note)


@pytest.mark.parametrize(("language", "band"), list(product(LANGUAGES, ConfidenceBand)))
def test_verdict_has_at_most_two_messages_and_the_first_has_the_buttons(
    language: Language, band: ConfidenceBand
) -> None:
    verdict = make_verdict(band, first=0.5, runner_up=0.4)
    messages = format_sample(verdict, language)
    all_texts = {message.slot: message.text for message in verdict_messages(verdict, seed="a", language=language)}
    text = "\n".join(message.text for message in messages)

    assert messages[0].keyboard == KEYBOARD
    assert [message.keyboard for message in messages[1:]] == ([] if band is ConfidenceBand.NOT_AN_OUTFIT else [None])
    left_out = {slot for slot, sentence in all_texts.items() if sentence not in text}
    assert left_out <= {MessageSlot.OPENING, MessageSlot.RUNNER_UP}
    assert (MessageSlot.RUNNER_UP in left_out) is (band is ConfidenceBand.LIKELY)


def test_heatmap_is_captioned_with_verdict_and_evidence() -> None:
    verdict = make_verdict()
    messages = verdict_messages(verdict, seed="a", language=Language.KO)

    assert [message.text for message in format_sample(verdict) if message.photo] == [
        "\n".join(message.text for message in messages if message.slot in {MessageSlot.VERDICT, MessageSlot.EVIDENCE})
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_text_in_place_of_the_picture_speaks_of_no_marks(language: Language) -> None:
    verdict = make_verdict(ConfidenceBand.CLEAR)
    messages = verdict_messages(verdict, seed="a", language=language)
    caption = {message.slot: message for message in messages}
    said, marked = caption[MessageSlot.VERDICT].text, caption[MessageSlot.EVIDENCE]
    assert marked.needs_picture

    with_picture = format_verdict(messages, verdict, heatmap=b"jpeg", keyboard=KEYBOARD, note="Hi")[0]
    without = format_verdict(messages, verdict, heatmap=None, keyboard=KEYBOARD, note="Hi")[0]
    assert marked.text in with_picture.text
    assert with_picture.text_without_photo == without.text
    assert without.text == f"Hi\n{said}"
    assert without.keyboard == KEYBOARD


def test_photo_without_an_outfit_has_no_heatmap_and_cannot_be_shared() -> None:
    assert not [message for message in format_sample(make_verdict(ConfidenceBand.NOT_AN_OUTFIT)) if message.photo]
    assert action_types(keyboards().look(REFUSED, SETTINGS)) == [
        ActionType.NEW_PHOTO,
        ActionType.GUESS,
    ]


@pytest.mark.parametrize("band", list(ConfidenceBand))
def test_note_comes_first(band: ConfidenceBand) -> None:
    messages, noted = format_sample(make_verdict(band)), format_sample(make_verdict(band), note="Again?")

    assert noted[0].text == f"Again?\n{messages[0].text}"
    assert noted[1:] == messages[1:]


def test_long_note_does_not_cut_off_the_verdict() -> None:
    verdict, note = make_verdict(), "\n".join(f"Photo {number}: {'why ' * 30}" for number in range(9))
    plain, noted = format_sample(verdict), format_sample(verdict, note=note)

    assert noted[0].text == plain[0].text
    assert noted[1].text == f"{note}\n{plain[1].text}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_keyboards(language: Language) -> None:
    private = keyboards(language).look(PRIVATE, SETTINGS)
    shared = keyboards(language).look(SHARED, SETTINGS)

    assert action_types(private) == [
        ActionType.SHARE,
        ActionType.KEEP_PRIVATE,
        ActionType.NEW_PHOTO,
        ActionType.GUESS,
        ActionType.SHOW_DETAILS,
        ActionType.CORRECT,
        ActionType.SHOW_SIMILAR,
    ]
    alone = replace(keyboards(language), finds_similar=False).look(PRIVATE, SETTINGS)
    assert ActionType.SHOW_SIMILAR not in action_types(alone)
    kept = keyboards(language).look(PRIVATE, SETTINGS, is_kept=True)
    assert ActionType.KEEP_PRIVATE not in action_types(kept)
    assert action_types(shared) == [
        ActionType.UNSHARE,
        ActionType.NEW_PHOTO,
        ActionType.GUESS,
        ActionType.SHOW_DETAILS,
        ActionType.CORRECT,
        ActionType.SHOW_SIMILAR,
    ]
    assert ActionType.REVEAL_FIRST in action_types(keyboards(language).look(PRIVATE, SETTINGS, guesses_first=True))
    assert action_types(keyboards(language).guess_mode(guesses_first=True)) == [ActionType.REVEAL_FIRST]
    assert action_types(keyboards(language).guess(LOOK_ID))[-1] is ActionType.SHOW_RESULT
    assert shared is not None
    assert shared.inline_keyboard[-1][-1].url == f"https://eva.example/looks/{LOOK_ID}"
    assert action_types(keyboards(language).languages()) == [ActionType.SET_LANGUAGE] * len(LANGUAGES)
    assert action_types(keyboards(language).erase()) == [ActionType.CONFIRM_ERASE, ActionType.CANCEL]
    assert action_types(keyboards(language).name(LOOK_ID)) == [ActionType.ACCEPT_NAME, ActionType.KEEP_PRIVATE]


@pytest.mark.parametrize("action_type", [ActionType.GUESS, ActionType.CORRECT])
def test_eight_styles_to_choose_from(action_type: ActionType) -> None:
    rows = keyboards().styles(action_type, LOOK_ID).inline_keyboard
    contents = [decode_callback_data(str(button.callback_data)) for row in rows for button in row]
    actions = [content.action for content in contents if content]

    assert [action.style for action in actions] == list(STYLES)
    assert {action.look_id for action in actions} == {LOOK_ID}
    assert [len(row) for row in rows] == [2] * 4


@pytest.mark.parametrize(
    ("url", "has_button"), [("https://eva.example/looks/1", True), ("http://localhost:8000/", False)]
)
def test_local_url_has_no_button(url: str, has_button: bool) -> None:
    assert (keyboards().page(url) is not None) is has_button
    assert keyboards().page(None) is None


def test_group_keyboard_is_the_same_whether_the_look_is_shared_or_not() -> None:
    in_group = keyboards(is_private=False)

    private = in_group.look(PRIVATE, SETTINGS)
    assert action_types(private) == [ActionType.SHARE, ActionType.SHOW_DETAILS, ActionType.CORRECT]
    assert private == in_group.look(SHARED, SETTINGS, guesses_first=True)
    assert in_group.look(REFUSED, SETTINGS) is None
    assert in_group.private_look(LOOK_ID).inline_keyboard[0][0].url == (
        f"https://t.me/eva_stylist_bot?start=look_{LOOK_ID}"
    )
