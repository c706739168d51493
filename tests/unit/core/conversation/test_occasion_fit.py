"""Answers to questions about an occasion: from the style, its probability and the occasion."""

from itertools import product
from uuid import UUID

import pytest

from core.conversation.album_summary import AlbumPhoto, summarize_album
from core.conversation.narration import style_name
from core.conversation.occasion_fit import (
    answer_caption,
    answer_for_occasion,
    summarize_for_caption,
)
from core.conversation.occasions import Occasion, read_occasion_question
from core.i18n.translations import Language, translate
from core.styles import STYLES, Style
from core.vision.verdict import ConfidenceBand
from tests.factories import make_verdict


@pytest.mark.parametrize("language", Language)
def test_every_style_has_an_answer_for_every_occasion(language: Language) -> None:
    answers = {
        answer_for_occasion(make_verdict(ConfidenceBand.CLEAR, style), occasion, language)
        for occasion, style in product(Occasion, STYLES)
    }
    assert len(answers) == len(Occasion) * len(STYLES)
    assert all("{" not in answer for answer in answers)


@pytest.mark.parametrize("language", Language)
def test_answer_says_how_sure_it_is_and_what_cannot_be_told(language: Language) -> None:
    sure = answer_for_occasion(make_verdict(ConfidenceBand.CLEAR, Style.MODE), Occasion.OFFICE, language)
    unsure = answer_for_occasion(make_verdict(ConfidenceBand.LIKELY, Style.MODE), Occasion.OFFICE, language)

    assert "%" not in sure
    assert "%" in unsure
    assert all(answer.endswith(translate("occasion.office.limit", language)) for answer in (sure, unsure))


@pytest.mark.parametrize("language", Language)
def test_captions_without_an_occasion(language: Language) -> None:
    verdict = make_verdict(ConfidenceBand.CLEAR)

    assert answer_caption("이거 괜찮아?", verdict, language) == translate("talk.score", language)
    assert answer_caption("do i look fat", verdict, language) == translate("talk.looks", language)
    assert answer_caption("ootd", verdict, language) is None
    assert answer_caption("", verdict, language) is None
    assert answer_caption("내일 면접!", make_verdict(ConfidenceBand.NOT_AN_OUTFIT), language) is None


@pytest.mark.parametrize("language", Language)
def test_album_is_compared_for_an_occasion_only(language: Language) -> None:
    photos = [
        AlbumPhoto(
            number=number, verdict=make_verdict(ConfidenceBand.CLEAR, style, first=share), look_id=UUID(int=number)
        )
        for number, style, share in ((1, Style.STREET, 0.9), (3, Style.BUSINESS_CASUAL, 0.7), (4, Style.STREET, 0.9))
    ]
    summary = summarize_album(photos, language)
    assert summary.best is photos[0]

    answered = summarize_for_caption("which is better for my interview?", photos, language)
    assert answered.best is photos[1]
    assert style_name(Style.BUSINESS_CASUAL, language) in answered.text.splitlines()[-1]
    assert answered.text.splitlines()[0] == translate("talk.album.chosen", language, count=3, total=3, number=3)

    close = summarize_for_caption("여행엔 뭐가 나아?", [photos[0], photos[2]], language)
    assert close.best is photos[0]
    assert "4" in close.text.splitlines()[-1]

    unsuitable = summarize_for_caption("면접엔 뭐가 나아?", [photos[0], photos[2]], language)
    values = {"style": style_name(Style.STREET, language), "percent": 90}
    assert translate("occasion.interview.stands_out", language, **values) in unsuitable.text.splitlines()[-1]

    tasteful = summarize_for_caption("뭐가 더 나아?", photos, language)
    assert tasteful.text.endswith(translate("occasion.compare.taste", language))
    assert summarize_for_caption("ootd", photos, language) == summary


@pytest.mark.parametrize(
    ("message", "is_about_clothes"),
    [
        ("오늘 회사에 늦었어", False),
        ("결혼식 다녀왔어요", False),
        ("I lost my new job", False),
        ("my trip to the hospital", False),
        ("면접에 입어도 될까", True),
        ("데이트룩으로 괜찮아", True),
        ("is this ok at work", True),
        ("출근은?", True),
    ],
)
def test_a_mention_of_an_occasion_is_no_question(message: str, is_about_clothes: bool) -> None:
    question = read_occasion_question(message)
    assert question.occasion is not None
    assert question.is_about_clothes is is_about_clothes


@pytest.mark.parametrize(
    ("message", "occasion"),
    [
        ("an interview", Occasion.INTERVIEW),
        ("the office", Occasion.OFFICE),
        ("Interview tomorrow!", Occasion.INTERVIEW),
        ("for a friend's wedding", Occasion.WEDDING),
        ("work", Occasion.OFFICE),
        ("date", Occasion.DATE),
        ("date?", Occasion.DATE),
        ("what about a date", Occasion.DATE),
        ("a trip next week", Occasion.TRAVEL),
        ("a funeral", Occasion.OTHER),
        ("for school", Occasion.OTHER),
        ("면접", Occasion.INTERVIEW),
        ("면접이요", Occasion.INTERVIEW),
        ("면접용이에요", Occasion.INTERVIEW),
        ("내일 면접", Occasion.INTERVIEW),
        ("데이트요", Occasion.DATE),
        ("데이트는?", Occasion.DATE),
        ("하객룩이요", Occasion.WEDDING),
        ("첫 출근", Occasion.OFFICE),
        ("제주도 여행이요", Occasion.TRAVEL),
        ("회식이요", Occasion.OTHER),
        ("is this ok for the gym?", Occasion.OTHER),
        ("장례식에 괜찮아?", Occasion.OTHER),
        ("상견례에 입어도 될까요", Occasion.OTHER),
    ],
)
def test_an_occasion_alone_is_a_question(message: str, occasion: Occasion) -> None:
    question = read_occasion_question(message)
    assert (question.occasion, question.is_about_clothes) == (occasion, True)
    answer = answer_caption(message, make_verdict(ConfidenceBand.CLEAR), Language.EN)
    assert answer == answer_for_occasion(make_verdict(ConfidenceBand.CLEAR), occasion, Language.EN)


@pytest.mark.parametrize(
    "caption",
    [
        "I hate going to the office",
        "출근하기 싫다",
        "면접 떨어졌어",
        "소개팅 망했어",
        "I quit my job",
        "I quit my job for a new one",
        "travel mug",
        "여행 가고 싶다",
        "party pooper",
        "운동하기 싫어",
        "up to date",
        "work in progress",
        "운동화 어때?",
        "old school, right?",
    ],
)
def test_words_of_an_occasion_ask_nothing_in_a_caption(caption: str) -> None:
    answer = answer_caption(caption, make_verdict(ConfidenceBand.CLEAR), Language.EN)
    assert answer in {None, translate("talk.score", Language.EN)}


@pytest.mark.parametrize("language", Language)
def test_other_occasions_are_not_judged(language: Language) -> None:
    verdict = make_verdict(ConfidenceBand.CLEAR, Style.STREET)
    text = translate("occasion.other", language, style=style_name(Style.STREET, language))
    assert answer_for_occasion(verdict, Occasion.OTHER, language) == text
    photos = [AlbumPhoto(number=number, verdict=verdict, look_id=UUID(int=number)) for number in (1, 2)]
    assert summarize_for_caption("which for a party?", photos, language).text.endswith(text)
