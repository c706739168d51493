"""Messages that no pattern knows: what the classifier makes of them, and what it never does."""

import pytest

from core.clothing import Item
from core.conversation.intents import CHANGES, REFUSALS, Intent, find_intent
from core.conversation.look_messages import read_look_message
from core.conversation.occasions import Occasion
from core.conversation.open_questions import Aspect, find_open_question
from core.conversation.paraphrases import (
    OCCASION_PHRASES,
    PHRASES,
    PHRASES_OF_CHANGE,
    is_known,
    paraphrase,
)
from core.conversation.style_names import find_style_name, parse_style_answer
from core.styles import Style
from tools.fresh_message_report import FreshMessage, guess_precision, load_fresh_messages
from tools.intent_report import CAPTION, load_utterances
from tools.train_message_classifier import load_messages

NEVER_GUESSED = {*REFUSALS, Intent.YES, Intent.SELF_HARM, Intent.BOTH}


@pytest.fixture(scope="module")
def fresh_messages() -> list[FreshMessage]:
    return load_fresh_messages()


def test_each_phrase_says_what_it_stands_for() -> None:
    for label, phrase in (PHRASES | PHRASES_OF_CHANGE).items():
        if label in set(Intent):
            # What may be about self-harm is only a guess, and gets the answer to a hardship.
            expected = Intent.HARDSHIP if label == Intent.SELF_HARM else Intent(label)
            assert find_intent(phrase) is expected, phrase
    for occasion, phrase in OCCASION_PHRASES.items():
        assert read_look_message(phrase).occasion is occasion
    assert set(OCCASION_PHRASES) == set(Occasion)
    assert set(Intent) - NEVER_GUESSED <= {*PHRASES, *PHRASES_OF_CHANGE}
    assert set(PHRASES_OF_CHANGE) >= CHANGES, "what offers to change something needs to be surer"


@pytest.mark.parametrize(
    ("message", "intent"),
    [
        ("i'd hate for strangers to see my face on there", Intent.PHOTOS),
        ("honestly what part of my outfit made you say that", Intent.WHY),
        ("found the boots at a flea market and wore them all summer", Intent.REMARK),
        ("which shampoo is good for curly hair", Intent.OFF_TOPIC),
        ("괜히 모르는 사람들이 내 얼굴 볼까 봐 걱정돼", Intent.PHOTOS),
        ("도대체 어디를 보고 그런 결론이 나온 건데", Intent.WHY),
        ("이 가디건 할머니가 떠 주신 거라 아껴 입어요", Intent.REMARK),
        ("수학 숙제 좀 풀어줄 수 있어?", Intent.OFF_TOPIC),
    ],
)
def test_messages_in_other_words_are_understood(message: str, intent: Intent) -> None:
    assert not is_known(message), "a pattern knows it: this says nothing of the classifier"
    assert find_intent(paraphrase(message)) is intent, paraphrase(message)


@pytest.mark.parametrize(
    ("message", "intent"),
    [
        ("ok enter this one into the ranking for me, i want hearts", Intent.SHARE),
        ("이번 건 자신 있으니까 랭킹에 올려서 하트 받아볼래", Intent.SHARE),
        ("please wipe everything you ever saved about me", Intent.DELETE),
        ("여기 있는 내 기록이랑 사진 싹 다 없애줬으면 해", Intent.DELETE),
    ],
)
def test_a_wish_for_a_change_is_guessed_where_it_is_clear(message: str, intent: Intent) -> None:
    assert not is_known(message)
    assert find_intent(paraphrase(message)) is intent


@pytest.mark.parametrize(
    "message",
    [
        "nah i would rather not enter this one into the ranking",
        "please never put my photos up in the ranking or anything",
        "랭킹엔 안 올릴래요",
        "이건 랭킹에 올리지 말아 줬으면 좋겠어",
        "데이터 전부 지우지는 말고",
        "do not wipe everything you saved about me",
    ],
)
def test_a_refusal_is_no_wish_for_the_change(message: str) -> None:
    assert find_intent(paraphrase(message)) not in CHANGES


def test_what_a_message_names_is_part_of_its_paraphrase() -> None:
    style = paraphrase("honestly i never understood what people mean by retro, explain")
    assert find_style_name(style) is Style.RETRO
    assert parse_style_answer(style) is None, "a question about a style corrects no verdict"
    question = find_open_question(paraphrase("which color would you call my coat in that photo"))
    assert question is not None
    assert (question.subject, question.aspect) == (Item.COAT, Aspect.COLOR)
    assert read_look_message(paraphrase("could i walk into a job interview dressed like that")).occasion is (
        Occasion.INTERVIEW
    )


def test_what_patterns_know_stays_as_it_is() -> None:
    for utterance in load_utterances():
        if utterance.state != CAPTION and is_known(utterance.text):
            assert paraphrase(utterance.text) == utterance.text


@pytest.mark.parametrize(
    "message",
    ["", " ", "asdfgh", "ㅁㄴㅇㄹ", "🪑🪑", "1234567", "x" * 300, "하이힐", "banana", "네", "no", "yes please"],
)
def test_what_is_unclear_or_an_answer_stays_as_it_is(message: str) -> None:
    assert paraphrase(message) == message


def test_answers_and_self_harm_are_never_guessed() -> None:
    """Of thousands of messages, among them the ones that the classifier learned as answers."""
    messages = [message for message in load_messages()[::4] if not is_known(message.text)]
    assert len(messages) > 1000
    for message in messages:
        guess = paraphrase(message.text)
        if guess != message.text:
            assert find_intent(guess) not in NEVER_GUESSED, message.text
            assert parse_style_answer(guess) is None, message.text


@pytest.mark.parametrize("language", ["en", "ko"])
def test_messages_of_strangers_are_guessed_mostly_right(fresh_messages: list[FreshMessage], language: str) -> None:
    part = [message for message in fresh_messages if message.language == language]
    assert len(part) >= 200
    assert sum(message.is_paraphrased for message in part) / len(part) >= 0.25
    assert guess_precision(part) >= 0.75, [
        (message.text, message.guess) for message in part if message.is_paraphrased and not message.is_right
    ]
