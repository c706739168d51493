"""Intents of whole messages: hostile text ends, and every intent has a reply."""

import time

import pytest

from core.conversation.intents import UNKNOWN, Intent, find_intent
from core.conversation.smalltalk import INTENT_TEXT_KEYS
from core.conversation.style_names import find_style_name, parse_style_answer
from core.conversation.word_lists import read_lines
from core.i18n.translations import Language, translate
from core.styles import Style
from tests.texts import variants

HOSTILE = [
    *(
        "아" * 3000,
        "에바" * 55,
        "에에에에" * 9 + "x",
        "때에" * 19,
        "ha" * 2000,
        "a " * 2000,
        "너넌이거" * 9,
        "사진은" * 13,
        "사진이거기" * 7 + "?",
    ),
    *("캐주얼" * 900, "it is " * 900 + "casual", "i want to " * 400, "\u0301" * 4000, "이 " * 26),
]


@pytest.mark.parametrize("message", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_decided_quickly(message: str) -> None:
    find_intent("warm up"), find_style_name("warm up")
    start = time.process_time()
    find_intent(message)
    find_style_name(message)
    assert time.process_time() - start < 5


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("intent", Intent)
def test_every_intent_has_a_reply(intent: Intent, language: Language) -> None:
    assert all(variants(INTENT_TEXT_KEYS[intent], language, styles=""))


@pytest.mark.parametrize("language", Language)
def test_every_heading_of_the_table_is_an_intent(language: Language) -> None:
    headings = {
        heading.removesuffix("?")
        for part in ("", "_frames", "_words")
        for heading, _ in read_lines(f"intent_patterns/{language}{part}.txt")
    }
    assert headings - {"", "common", UNKNOWN} <= set(Intent)


@pytest.mark.parametrize("language", Language)
def test_despair_is_answered_with_the_help_line(language: Language) -> None:
    reply = translate("talk.crisis", language)
    assert "109" in reply
    assert language is Language.KO or "local emergency number" in reply


@pytest.mark.parametrize(
    ("message", "style"),
    [
        ("I think it's street", Style.STREET),
        ("캐주얼인 것 같은데요", Style.CASUAL),
        ("에스닉", Style.ETHNIC),
        ("ethnic", Style.ETHNIC),
        ("street food", None),
        ("다크 모드 켜 줘", None),
        ("not casual", None),
        ("빈티지 와인", None),
        ("a casual restaurant in town", None),
    ],
)
def test_style_is_found_in_messages_about_it_only(message: str, style: Style | None) -> None:
    assert find_style_name(message) is style


@pytest.mark.parametrize(
    ("message", "named", "style"),
    [
        ("스트릿 아니야?", Style.CASUAL, None),
        ("스트릿 아니야", Style.CASUAL, Style.STREET),
        ("스트릿 아니야", Style.STREET, None),
        ("스트릿은 아닌 것 같아", Style.STREET, None),
        ("스트릿보다는 캐주얼", Style.STREET, Style.CASUAL),
        ("not street, casual", Style.STREET, Style.CASUAL),
        ("casual rather than street", Style.STREET, Style.CASUAL),
        ("not street", Style.STREET, None),
        ("why street?", Style.STREET, None),
        ("what is retro", Style.STREET, None),
        ("I wouldn't call this street", Style.STREET, None),
        ("street or casual", Style.STREET, None),
        ("레트로가 뭐야", Style.STREET, None),
        ("걸리시가 뭔데", Style.STREET, None),
        ("페미닌 알려줘", Style.STREET, None),
        ("캐주얼이란", Style.STREET, None),
        ("스트릿 궁금해", Style.CASUAL, None),
        ("저는 빈티지 좋아요", Style.STREET, None),
        ("왜 캐주얼 아니고 스트릿이야", Style.CASUAL, None),
        ("레트로 맞나요", Style.STREET, None),
        ("캐주얼인듯ㅋㅋ", Style.STREET, Style.CASUAL),
        ("캐주얼입니다", Style.STREET, Style.CASUAL),
        ("뭐 캐주얼이죠", Style.STREET, Style.CASUAL),
        ("캐주얼로 수정해줘", Style.STREET, Style.CASUAL),
        ("아니 이건 모드지", Style.STREET, Style.MODE),
        ("ㄴㄴ 캐주얼", Style.STREET, Style.CASUAL),
        ("아니 캐주얼 아니야", Style.CASUAL, None),
        ("아 진짜 캐주얼이라니까", Style.STREET, Style.CASUAL),
        ("둘 중에 고르자면 레트로", Style.STREET, Style.RETRO),
        ("페미닌 쪽인 듯", Style.STREET, Style.FEMININE),
        ("스트릿으로 보여", Style.CASUAL, Style.STREET),
        ("스트릿이지 뭐", Style.CASUAL, Style.STREET),
        ("레트로죠 뭐", Style.CASUAL, Style.RETRO),
        ("스트릿이 뭐지", Style.CASUAL, None),
        ("에이 아니야 스트릿이지", Style.CASUAL, Style.STREET),
        ("아니 그게 아니라 레트로", Style.CASUAL, Style.RETRO),
        ("틀렸어요 레트로예요", Style.CASUAL, Style.RETRO),
        ("그건 아니고 모드 느낌", Style.CASUAL, Style.MODE),
        ("아니야 캐주얼 아니야", Style.CASUAL, None),
        ("에이 스트릿은 아니지", Style.CASUAL, None),
        ("ㅇㅇ 캐주얼 맞음", Style.CASUAL, Style.CASUAL),
        ("아니지 이건 누가 봐도 스트릿", Style.CASUAL, Style.STREET),
        ("캐주얼 ㅇㅈ", Style.CASUAL, Style.CASUAL),
        ("나 이거 스트릿 입은거야", Style.CASUAL, Style.STREET),
        ("나는 스트릿 좋아해", Style.CASUAL, None),
        ("스트릿처럼 입고싶어", Style.CASUAL, None),
    ],
)
def test_answer_is_the_style_that_is_asserted(message: str, named: Style, style: Style | None) -> None:
    assert parse_style_answer(message, named=named) is style


@pytest.mark.parametrize(
    ("intent", "messages"),
    [
        (
            Intent.PRAISE,
            (
                *("you're always right", "why are you always right", "you are never wrong", "you are never off"),
                *("u r still right", "not bad", "that's not bad", "it's not so bad", "you're not bad at this"),
            ),
        ),
        (
            Intent.COMPLAINT,
            (
                *(
                    "you're always wrong",
                    "why are you always wrong",
                    "you are never right",
                    "that's bad",
                    "it's not working",
                ),
                *(
                    "you are so bad at this",
                    "너는 항상 틀려",
                    "에바는 매번 틀려",
                    "옷이 다 틀렸어",
                    "색이 하나도 안 맞아",
                ),
                "옷 이름이 하나도 안 맞아",
            ),
        ),
        (None, ("옷이 하나도 안 맞아", "you are not stupid", "it's never boring", "올해 어땠어", "올해 스타일 어땠어")),
        (Intent.COMPLAINT, ("that's not good", "you're not good", "that was not great", "you are not accurate")),
    ],
)
def test_praise_is_told_apart_from_complaints(intent: Intent | None, messages: tuple[str, ...]) -> None:
    assert {message: find_intent(message) for message in messages} == dict.fromkeys(messages, intent)


@pytest.mark.parametrize(
    ("intent", "messages"),
    [
        (
            Intent.DELETE,
            ("내 사진 다 지워줘", "올린 사진 싹 다 지워줘", "얼굴 사진 지워줘", "지금까지 보낸 거 다 지워줘"),
        ),
        (
            Intent.DELETE_ONE,
            ("이 사진 지워줘", "방금 보낸 사진 지워줘", "이거 지워줘", "이 코디만 지워주세요", "마지막 사진 삭제"),
        ),
        (
            Intent.UNSHARE,
            (
                *(
                    "보드에서 내려줘",
                    "내 사진 보드에서 내려주세요",
                    "올린 거 내려줘",
                    "내 코디 내려줘",
                    "사진 내려줘",
                    "저 사진 좀 내려주세요",
                    "공유 취소할게요",
                ),
                *(
                    "게시 취소",
                    "비공개로 바꿔줘",
                    "나만 볼래",
                    "보드에서 지워줘",
                    "올린 거 어떻게 내려요",
                    "그냥 내려줘",
                ),
            ),
        ),
        (
            Intent.REPORT,
            ("이 사람 신고할래", "신고는 어디서 해요", "이 코디 신고", "차단하고 싶어", "누가 내 사진 도용했어"),
        ),
        (
            Intent.NEWS,
            ("알림 꺼줘", "소식 그만 보내줘", "그만 알려줘", "메시지 보내지 마세요", "수신거부", "구독 취소"),
        ),
        (Intent.PHOTOS, ("배우지 마", "내 사진으로 학습하지 마", "동의 철회할게요")),
        (
            Intent.SHARE,
            (
                "네 올려주세요",
                "ㅇㅇ 올려줘",
                "이거 올려주라",
                "나 이거 보드에 올릴래",
                "공유할게요",
                "오늘 코디 올려줘",
            ),
        ),
        (Intent.NEW_PHOTO, ("사진 올려도 돼요?", "사진 올릴게요", "다른 사진 보낼게")),
        (Intent.SCORE, ("괜찮아?", "이상해?", "별로야?", "별로지?", "이거 괜찮아요?", "바지 핏 어때", "어때", "ㄱㅊ?")),
        (Intent.NO, ("괜찮아요", "이상한데", "아니야?", "맞긴 뭐가 맞아 ㅋㅋ")),
        (Intent.YES, ("그걸로 할게요", "그 이름으로 해줘", "ㄱㄱ")),
        (Intent.COMPLAINT, ("이건 좀 에바", "이건 에바다", "에반데")),
        (Intent.SEEN, ("내 옷 설명해줘", "내가 뭐 입었는지 맞혀봐")),
        (Intent.WHY, ("왜 캐주얼 아니고 스트릿이야",)),
        (
            Intent.SWAP,
            (
                *("뭐 바꾸면 좋을까", "어떻게 바꾸면 좋아요", "뭐가 아쉬워", "뭐 하나 더하면 좋을까", "고칠 점 있어?"),
                *("팁 좀 줘", "뭐가 부족해?", "어떻게 하면 더 예뻐", "너라면 뭘 바꿀 거야", "조언 좀 해줘"),
            ),
        ),
        (
            Intent.UNSHARE,
            (
                *("공유한 거 지워줘", "게시글 삭제좀", "나 이제 안 보이게 해줘", "남들이 못 보게 해주세요"),
                *("공유 그만하고 싶어", "다시 나만 볼 수 있게 바꿔줘", "내 게시물 삭제 부탁드려요", "괜히 올렸다ㅠ"),
            ),
        ),
        (Intent.REPORT, ("이상한 사진 올라와있던데 신고", "어떤 사람이 내 사진 퍼갔어 신고 가능?")),
        (Intent.NEWS, ("아침마다 보내는거 안 받을래", "밤마다 오는 알림 좀 꺼줘", "저녁 소식 이제 안 줘도 돼")),
        (Intent.DELETE_ONE, ("마지막 사진만 삭제 ㄱㄱ", "아까 그 사진 하나만 지우고 싶은데")),
        (Intent.PHOTOS, ("사진 지워지긴 하나요", "이거 보드에 올리면 누가 봐?", "뭘 동의하라는거야")),
        (Intent.DETAILS, ("더 자세히", "두번째는 뭐야", "그럼 2위는?", "퍼센트 알려줘")),
        (Intent.SCORE, ("이거 에바야?", "이건 좀 에바야?")),
        (Intent.COMPLAINT, ("너무하네", "이건 좀 에바다", "눈이 삐었냐")),
        (Intent.NO, ("야 이게 무슨 캐주얼이야",)),
        (Intent.HELP, ("이거 어케 쓰는거에여", "처음 해보는데 뭐부터 하면 돼요")),
        (Intent.WEAR, ("옷 좀 골라주라", "소개팅 뭐입고 나가지")),
        (Intent.MAKER, ("누가 만들었노",)),
        (Intent.SELF_HARM, ("죽구 싶어", "죽고시퍼", "그냥 뒤지고 싶다")),
        (Intent.WHO, ("이름이 뭐예요", "네 이름은?")),
        (
            None,
            (
                *(
                    "보드에서 내려갔어?",
                    "보드에서 내리지 마",
                    "앞머리 내릴까",
                    "비 내려요",
                    "커피 내려줘",
                    "이 룩에서 가방 빼줘",
                    "코디 취소",
                ),
                *("이거 신고 싶어", "운동화 신고 갈게", "뭐 신고 갈까", "혼인신고 했어", "자외선 차단 모자"),
                *("메시지 보내줘", "알림 켜줘", "톡 보내줘", "배우 닮았어", "와 에바야", "에바다!", "됐어?", "안 돼?"),
                *("옷장 뒤지고 싶다", "손목을 매고 있는 밴드", "시간이 부족해", "폰 바꾸면 좋을까", "뭐 사면 좋을까"),
                *("스케이트보드 내려놔", "나만 힘들어", "예전에 보낸 편지 찾았어", "돈이 없어", "면접 붙었어"),
                *("다리 아파", "알림 왔다", "2위 했어", "확률 공부 중", "사진 잘 나온다", "이미지 변신하고 싶어"),
                *("아까 커피 마셨어", "친구가 코디 올렸어", "비슷한 사람이네요", "감이 안 와"),
                *("얼굴 지워줘", "인스타에 올려줘", "친구한테 공유할게", "머리 올려줘", "내 이름 바꿔줘"),
            ),
        ),
    ],
)
def test_what_korean_messages_ask_for_is_told_apart_from_lookalikes(
    intent: Intent | None, messages: tuple[str, ...]
) -> None:
    assert {message: find_intent(message) for message in messages} == dict.fromkeys(messages, intent)


@pytest.mark.parametrize(
    ("message", "intent"),
    [
        ("네", Intent.YES),
        ("네?", None),
        ("맞아", Intent.YES),
        ("맞아?", Intent.ACCURACY),
        ("why casual?", Intent.WHY),
        ("where did you see that", Intent.WHY),
        ("뭘 보고?", Intent.WHY),
        ("what do you see?", Intent.SEEN),
        ("what am I wearing", Intent.SEEN),
        ("what colors?", Intent.SEEN),
        ("what should I wear", Intent.WEAR),
        ("뭐가 보여?", Intent.SEEN),
        ("사진에 뭐가 보여요", Intent.SEEN),
        ("무슨 색이야?", Intent.SEEN),
        ("무슨 색 제일 많이 입었어?", Intent.HISTORY),
        ("왜 캐주얼이야?", Intent.WHY),
        ("not casual", Intent.NO),
        ("캐주얼은 절대 아님", Intent.NO),
        ("this works", None),
        ("help desk called me", None),
        ("가격 비교 사이트에서 샀어", None),
        ("살고 싶지가 않아", Intent.SELF_HARM),
        ("I just want to disappear forever", Intent.SELF_HARM),
        ("I feel like ending it all", Intent.SELF_HARM),
        ("I want to die my life is over", Intent.SELF_HARM),
        ("I'd rather die than live like this", Intent.SELF_HARM),
        ("I want to cut myself", Intent.SELF_HARM),
        ("I want to kill me", Intent.SELF_HARM),
        ("자꾸 자해해요", Intent.SELF_HARM),
        ("자해", Intent.SELF_HARM),
        ("그만 살고 싶어", Intent.SELF_HARM),
        ("이제 그만 살래", Intent.SELF_HARM),
        ("recommend me a movie", Intent.OFF_TOPIC),
        ("올려줘", Intent.SHARE),
        ("보드에 올려 주세요", Intent.SHARE),
        ("post it on the board", Intent.SHARE),
        *[
            (message, Intent.CANCEL)
            for message in (
                *("don't post it", "don't post this on the board", "don't put my look on the board"),
                *("please don't share my look on the board", "never post my photo", "I don't want to share it"),
                *("don't delete my account", "do not delete me", "I don't want to delete anything"),
                *("올리지 마", "보드에 올리지 마세요", "보드에 안 올릴래요", "공유하지 말아 주세요", "공유 안 할래요"),
                *("탈퇴 안 할래요", "탈퇴 안 해요", "사진 지우지 마세요", "삭제 안 할래요", "탈퇴하기 싫어요"),
            )
        ],
        *[
            (message, Intent.PHOTOS)
            for message in (
                *("did you put my photo on the board", "who put my photo on the board", "did you delete my photos?"),
                *("who deleted my photos", "내 사진 지웠어요?"),
            )
        ],
        *[
            (message, Intent.DETAILS)
            for message in (
                *("what style is this?", "what's my style", "what percent", "how sure are you about that?"),
                *("이거 무슨 스타일이야", "무슨 스타일이에요?", "몇 퍼센트야", "몇퍼라고?", "확률이 몇이야"),
            )
        ],
        ("어떤 스타일이 어울려", Intent.WEAR),
        ("정확도가 몇 퍼센트야", Intent.ACCURACY),
        *[
            (message, Intent.LEADERBOARD)
            for message in ("what's the board?", "how do I get hearts", "보드가 뭐야", "하트 어떻게 받아")
        ],
        *(("근거가 뭔데 ㅡㅡ", Intent.WHY), ("이건 머임", Intent.WHO)),
        *(("list all the colors", Intent.SEEN), ("올리기", Intent.SHARE)),
        ("can you put my look on the board?", Intent.SHARE),
        ("올려도 돼?", Intent.SHARE),
        ("다 지워 주세요", Intent.DELETE),
        ("how do i delete my photos", Intent.DELETE),
    ],
)
def test_intent_of_the_whole_sentence(message: str, intent: Intent | None) -> None:
    assert find_intent(message) is intent


@pytest.mark.parametrize(
    "message",
    [
        "저 혼자 해볼게요",
        "각자 해요",
        "여자 해외여행룩",
        "이제 옷은 그만 살래요",
        "thinking of dying my hair",
        "thinking of dying my own hair",
        "I'd rather die than wear that",
        "I want to cut me some bangs",
    ],
)
def test_ordinary_words_are_no_self_harm(message: str) -> None:
    assert find_intent(message) is not Intent.SELF_HARM


@pytest.mark.parametrize(
    ("message", "intent"),
    [
        *[
            (message, Intent.APOLOGY)
            for message in ("sorry", "i'm so sorry", "미안해요", "아까 말이 심했어요 죄송해요")
        ],
        *[(message, Intent.NO) for message in ("sorry, no", "sorry but that's wrong")],
        *[(message, Intent.HELP) for message in ("ok, how do i take a good one?", "그럼 어떻게 찍어야 해요?")],
    ],
)
def test_apologies_and_questions_for_a_good_photo(message: str, intent: Intent) -> None:
    assert find_intent(message) is intent
