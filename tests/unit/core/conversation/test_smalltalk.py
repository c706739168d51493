"""Small talk, comments on guesses, album summaries, labels."""

import re
from dataclasses import replace
from itertools import pairwise, product
from uuid import UUID

import pytest

from core.conversation.actions import ActionType
from core.conversation.look_messages import read_look_message
from core.conversation.narration import style_description, style_name
from core.conversation.reply import ReplyTurns
from core.conversation.smalltalk import (
    UnsupportedMedia,
    button_label,
    comment_on_guess,
    reply_to_text,
    unsupported_media_reply,
)
from core.db.schema import PendingQuestion
from core.i18n.translations import Language, translate, utf16_length, variant_keys
from core.styles import Style
from core.vision.verdict import ConfidenceBand
from tests.factories import make_look, make_verdict
from tests.texts import variants
from tests.unit.core.i18n.test_catalogs import BODIES_AND_BEAUTY
from tests.unit.core.i18n.test_translations import texts_of

LANGUAGES = list(Language)
PROPOSED_HELP = {Language.EN: "help", Language.KO: "도움말"}
CONVERSATION_KEYS = ("talk.", "telegram.", "kakao.", "error.")
LABEL_KEYS = (
    "talk.button.",
    "telegram.button.",
    "talk.style.",
    "talk.language.",
    "kakao.button.",
    "kakao.card.",
    "telegram.command.",
)


@pytest.mark.parametrize("language", LANGUAGES)
def test_labels_fit_on_a_button(language: Language) -> None:
    labels = [button_label(named, language) for named in (*ActionType, *Style, *Language)]
    labels += [translate(key, language) for key in ("talk.button.page", "kakao.button.send")]

    assert [label for label in labels if utf16_length(label) > 14] == []
    assert len(set(labels)) == len(labels)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("guess", "band", "quality"),
    [
        (Style.STREET, ConfidenceBand.CLEAR, "right"),
        (Style.CASUAL, ConfidenceBand.CLEAR, "wrong"),
        (Style.CASUAL, ConfidenceBand.LIKELY, "near"),
        (Style.CASUAL, ConfidenceBand.AMBIGUOUS, "torn"),
        (Style.STREET, ConfidenceBand.AMBIGUOUS, "torn"),
        (Style.RETRO, ConfidenceBand.LIKELY, "wrong"),
        (Style.STREET, ConfidenceBand.NOT_AN_OUTFIT, "nothing"),
    ],
)
def test_comment_depends_on_guess_and_verdict(
    guess: Style, band: ConfidenceBand, quality: str, language: Language
) -> None:
    verdict = make_verdict(band)
    names = {"guess": style_name(guess, language), "style": style_name(verdict.style, language)}
    possible = {translate(key, language, **names) for key in variant_keys(f"talk.guess.{quality}", language)}

    assert {comment_on_guess(guess, verdict, seed=str(seed), language=language) for seed in range(60)} == possible


@pytest.mark.parametrize(("media", "language"), list(product(UnsupportedMedia, LANGUAGES)))
def test_every_unsupported_media_has_a_reply(media: UnsupportedMedia, language: Language) -> None:
    assert len(unsupported_media_reply(media, language)) > 20


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_never_mention_bodies_beauty_age_or_gender(language: Language) -> None:
    texts = {key: text for key, text in texts_of(language).items() if key.startswith(CONVERSATION_KEYS)}

    assert [key for key, text in texts.items() if re.search(BODIES_AND_BEAUTY[language], text.lower())] == []


def test_korean_texts_end_politely() -> None:
    for key, text in texts_of(Language.KO).items():
        if not key.startswith(CONVERSATION_KEYS) or key.startswith(LABEL_KEYS) or key == "telegram.help":
            continue
        last = re.sub(r"{[^}]*[요]}", "요", text).strip()
        if key not in {"talk.album.line", "talk.album.photo", "talk.album.failed"}:
            assert re.search(r"[요죠][.?!…]?$", last), (key, text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_command_descriptions_fit_telegram(language: Language) -> None:
    descriptions = {key: text for key, text in texts_of(language).items() if key.startswith("telegram.command.")}

    assert len(descriptions) == 9
    assert all(re.fullmatch(r"[a-z0-9_]{1,32}", key.rpartition(".")[2]) for key in descriptions)
    assert all(1 <= utf16_length(text) <= 256 for text in descriptions.values())


@pytest.mark.parametrize(
    ("message", "styles"),
    [
        ("what is Street?", (Style.STREET,)),
        ("what does retro even mean", (Style.RETRO,)),
        ("스트리트가 뭐예요?", (Style.STREET,)),
        ("business casual or casual?", (Style.BUSINESS_CASUAL, Style.CASUAL)),
        ("difference between girlish and feminine", (Style.GIRLISH, Style.FEMININE)),
        ("비즈니스 캐주얼은요?", (Style.BUSINESS_CASUAL,)),
        ("biz casual", (Style.BUSINESS_CASUAL,)),
        ("브리티시 모드 알려 줘", (Style.MODE,)),
    ],
)
def test_message_that_names_styles_gets_their_descriptions(message: str, styles: tuple[Style, ...]) -> None:
    for language in Language:
        descriptions = [f"{style_name(style, language)}: {style_description(style, language)}" for style in styles]
        assert reply_to_text(message, "", language).split("\n") == descriptions


@pytest.mark.parametrize("language", LANGUAGES)
def test_message_gets_the_reply_of_its_intent(language: Language) -> None:
    turns = ReplyTurns()
    person_id = UUID(int=7)
    for key, message in (("talk.hello", "안녕하세요!"), ("talk.thanks", "thank you!"), ("talk.words", "하이힐")):
        texts = [reply_to_text(message, turns.next_seed(person_id), language) for _ in range(50)]

        assert set(texts) == variants(key, language)
        assert len(variants(key, language)) >= 12
        assert not any(text == following for text, following in pairwise(texts))


@pytest.mark.parametrize(
    ("key", "messages"),
    [
        ("talk.hello", ["hi", "Good morning!", "안녕", "반가워요"]),
        ("talk.about", ["너 누구야"]),
        ("talk.help", ["help", "도움말", "now what", "what can you do?", "뭐 할 수 있어요?"]),
        (
            "talk.crisis",
            ["I want to kill myself", "죽고 싶어요", "자해했어", "I don't want to live anymore", "살기 싫어"],
        ),
        ("talk.crisis", ["nobody would miss me", "no one will notice if I disappear", "나 없어져도 아무도 모를 거야"]),
        ("talk.program", ["are you human?", "너 AI야?", "사람이에요?", "Are you a bot", "진짜 사람이야?"]),
        ("talk.laughter", ["ㅋㅋㅋㅋ", "lol", "하하하", "😂"]),
        ("talk.praise", ["대박!", "you're amazing", "최고예요"]),
        ("talk.complaint", ["별로야", "this sucks"]),
        ("talk.why", ["왜?", "why"]),
        ("talk.me.nothing", ["delete my photos", "사진 지워 주세요"]),
        ("talk.photos", ["where do my photos go?", "내 사진 어디로 가요?"]),
        ("talk.thanks", ["Thanks!", "고마워"]),
        ("talk.bye", ["bye!", "Good night", "안녕히 계세요", "잘 자", "또 봐요"]),
        (
            "talk.wear",
            ["what should I wear?", "What can I wear to a wedding", "뭐 입을까?", "오늘 뭐 입지", "추천해 줘"],
        ),
        ("talk.looks", ["am I pretty?", "does this make me look fat", "나 뚱뚱해 보여?", "예뻐?", "제 얼굴 어때요"]),
        ("talk.yes", ["yes", "Yeah, exactly", "네", "넵!", "맞아요", "ㅇㅇ", "👍"]),
        ("talk.no", ["no", "Nope.", "wrong", "아니요", "아니야", "틀렸어요", "ㄴㄴ", "인정 못 해", "👎"]),
    ],
)
def test_small_talk_is_recognized(key: str, messages: list[str]) -> None:
    for language in Language:
        assert [text for text in messages if reply_to_text(text, "", language) not in variants(key, language)] == []


def test_message_that_resembles_small_talk_is_not_understood() -> None:
    for message in (
        *("nobody will miss me in this coat", "모자 하나 없어져도 아무도 몰라"),
        *("right now", "street food", "네모난 가방", "예쁜 가방 샀어", "this one is old", "noon", "아니메 좋아해"),
        *("a casual restaurant", "I bought a retro jacket for my sister", "동의어가 뭐예요", "배고파 죽고 싶다"),
    ):
        assert reply_to_text(message, "", Language.KO) in variants("talk.words", Language.KO), message


@pytest.mark.parametrize("message", ["what color is my coat?", "신발 무슨 색이야?", "위에 입은 거 뭐야?"])
def test_a_question_about_a_garment_without_a_look_asks_for_a_photo_of_it(message: str) -> None:
    for language in Language:
        assert reply_to_text(message, "a", language) == translate("talk.seen", language)


@pytest.mark.parametrize("message", ["can I wear this to an interview?", "면접에 입고 가도 돼?"])
def test_a_question_about_an_occasion_without_a_look_asks_for_a_photo(message: str) -> None:
    for language in Language:
        assert reply_to_text(message, "a", language) == translate("talk.wear", language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_eva_proposes_to_say_is_understood(language: Language) -> None:
    quoted = {Language.EN: r'"([^"]+)"', Language.KO: r"'([^']+)'"}[language]
    texts = variants("talk.words", language) | variants("talk.help", language)
    proposed = {example for text in texts for example in re.findall(quoted, text)}
    assert len(proposed) >= 3
    assert [text for text in proposed if reply_to_text(text, "", language) in variants("talk.words", language)] == []
    assert [text for text in proposed if not read_look_message(text).is_about_look] == [PROPOSED_HELP[language]]


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_unclear_message_leads_to_a_photo_or_to_the_look_in_talk(language: Language) -> None:
    turns, look = ReplyTurns(), make_look(UUID(int=8), make_verdict())
    texts = [reply_to_text("하이힐", turns.next_seed(UUID(int=7)), language, look=look) for _ in range(50)]
    assert set(texts) == variants("talk.words.look", language)
    assert len(set(texts)) >= 12
    assert all(text != after for text, after in pairwise(texts))
    waiting = replace(look, pending_question=PendingQuestion.GUESS)
    assert reply_to_text("하이힐", "", language, look=waiting) == translate("talk.guess.ask", language)
    photo = {Language.KO: r"사진", Language.EN: r"photo|outfit"}[language]
    assert [text for text in variants("talk.words", language) if not re.search(photo, text)] == []
