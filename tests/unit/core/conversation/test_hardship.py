"""Messages about death, illness, violence and distress get a sober answer, and others do not."""

import pytest

from core.conversation.intents import CHANGES, SERIOUS, Intent, find_intent
from core.conversation.paraphrases import paraphrase
from core.conversation.smalltalk import reply_to_text, unanswered_wishes
from core.i18n.translations import Language, translate
from tests.texts import variants

LIGHT = ("talk.remark", "talk.small", "talk.laughter", "talk.praise", "talk.other", "talk.surprise", "talk.hello")


@pytest.mark.parametrize(
    "message",
    [
        "i was raped in this dress",
        "성추행 당했을 때 입은 옷이야",
        "we buried my mom today",
        "할머니 돌아가셔서 검은 옷 입었어",
        "lost the baby but still in maternity clothes",
        "i got diagnosed with cancer",
        "took all my pills",
        "유서 썼어",
        "약 너무 많이 먹었어",
        "i cut my arms last night",
        "팔에 멍이 들어서 긴팔 입었어",
        "i have cuts on my wrists",
        "i starved all week for this dress",
        "i threw up so i could fit in these jeans",
        "my dad hit me again last night",
        "남편이 또 때려서 멍들었어",
        "치마 입었다고 맞았어",
        "my uncle touches me",
        "a man online wants photos of my body",
        "he threatens to post my pictures",
        "is this sexy enough for my 15 year old daughter",
        "i need help, not with clothes",
        "살려줘",
        "life is pointless",
        "살아서 뭐해",
    ],
)
def test_hardship_is_answered_with_care_and_never_lightly(message: str) -> None:
    assert find_intent(paraphrase(message)) in SERIOUS
    for language in Language:
        answer = reply_to_text(paraphrase(message), "seed", language)
        assert answer in {translate("talk.hardship", language), translate("talk.crisis", language)}
        assert "109" in answer


@pytest.mark.parametrize(
    "message",
    [
        "died laughing",
        "my phone died on the way",
        "this color is to die for",
        "heels hurt so much",
        "hit me up",
        "that bag hits different",
        "i'm a cancer, what suits my sign",
        "네 맞았어요",
        "살려줘 ㅋㅋㅋ",
        "배고파 죽겠다",
        "옥상에서 찍었어",
        "멍 때리다 찍힘",
        "오빠 때문에 산 거야",
        "nude heels with this?",
    ],
)
def test_figures_of_speech_are_no_hardship(message: str) -> None:
    assert find_intent(paraphrase(message)) not in SERIOUS


@pytest.mark.parametrize(
    "message",
    ["i had a bad day", "나 오늘 너무 우울해", "i got fired today", "오늘 하루 너무 힘들었어", "남친이랑 헤어졌어"],
)
def test_a_bad_day_gets_sympathy_and_no_joke(message: str) -> None:
    assert find_intent(paraphrase(message)) is Intent.SAD
    for language in Language:
        answer = reply_to_text(paraphrase(message), "seed", language)
        assert answer in variants("talk.sad", language)
        assert not any(answer in variants(key, language) for key in LIGHT)


@pytest.mark.parametrize(
    "message",
    [
        "i'm too shy to post it",
        "too shy to share",
        "my ex wants me to post it",
        "do i have to share it",
        "이걸 왜 올려",
        "dont take it off the board",
        "보드에서 내리지 마",
        "알림 끄지 말아줘",
        "i dont mind the notifications",
        "why did you stop messaging me",
        "my boyfriend told me to delete my account",
        "i almost deleted my account",
        "계정 삭제된 거야?",
        "영어로 바꾸지 마",
        "someone reported me",
    ],
)
def test_a_hesitation_or_a_question_offers_no_change(message: str) -> None:
    if find_intent(message) is None:
        assert find_intent(paraphrase(message)) not in CHANGES | {Intent.LANGUAGE}, paraphrase(message)


@pytest.mark.parametrize(
    "message",
    ["My dad passed away last week. What should I wear?", "i got attacked, he beat me. who can see this photo?"],
)
def test_a_question_next_to_a_hardship_is_answered_without_a_scolding(message: str) -> None:
    assert find_intent(message) in {Intent.WEAR, Intent.PHOTOS}
    assert unanswered_wishes(message, Language.EN) == ()
