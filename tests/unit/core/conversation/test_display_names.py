import random
from itertools import islice
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.conversation.display_names import (
    ATTEMPTS_PER_LENGTH,
    MAX_NAME_LENGTH,
    generated_name,
    generated_name_candidates,
    is_generated,
    normalize_display_name,
)
from core.conversation.name_answers import find_typed_name
from core.i18n.translations import Language

TOLD_NAMES = (
    *((name, "이요") for name in ("민준", "예린", "소금빵", "하객룩")),
    *(
        (name, "요")
        for name in ("원숭이", "얼룩이", "부엉이", "어린이", "떡볶이", "굼벵이", "스카이", "하와이", "고등어")
    ),
    *((name, "에요") for name in ("철수", "영희", "호랑이", "하와이")),
    *(
        ("지수", "예요"),
        ("해나", "예요"),
        ("정하", "예요"),
        ("민준", "이에요"),
        ("민준", "이예요"),
        ("봄", "이에요"),
    ),
)
"""Names and the endings behind them."""


@given(st.uuids())
def test_generated_names_are_valid_and_stable(person_id: UUID) -> None:
    for language in Language:
        name = generated_name(person_id, language)
        assert normalize_display_name(name) == name
        assert generated_name(person_id, language) == name
        candidates = list(islice(generated_name_candidates(person_id, language), 5 * ATTEMPTS_PER_LENGTH))
        assert candidates[0] == name
        assert len(set(candidates)) == len(candidates)
        assert all(
            normalize_display_name(candidate) == candidate for candidate in candidates[: 2 * ATTEMPTS_PER_LENGTH]
        )
        assert max(map(len, candidates)) <= 40
        assert all(is_generated(candidate, person_id) for candidate in candidates)
        assert not is_generated(name.rpartition(" ")[0], person_id)


def test_a_generated_name_is_that_of_one_person() -> None:
    mina, jun = UUID(int=1), UUID(int=2)
    name = generated_name(mina, Language.KO)
    assert is_generated(name, mina)
    assert not is_generated(name, jun)
    assert not is_generated(f"{name.rpartition(' ')[0]} kim", mina)


def test_generated_names_differ_between_people() -> None:
    rng = random.Random(1)
    names = {generated_name(UUID(int=rng.getrandbits(128)), Language.KO) for _ in range(500)}
    assert len(names) > 480


@pytest.mark.parametrize(
    ("raw_name", "name"),
    [
        ("미나", "미나"),
        ("  Mina   Kim ", "Mina Kim"),
        ("ＭＩＮＡ", "MINA"),
        ("e\u0301lan", "élan"),
        ("민아 2", "민아 2"),
        ("mina_kim", "mina_kim"),
        ("J. Park", "J. Park"),
        ("mi.na", "mi.na"),
        ("min.ji", "min.ji"),
        ("ㅋㅋ 미나", "\u110f\u110f 미나"),
        ("Ångström", "Ångström"),
        ("Łukasz", "Łukasz"),
        ("Nguyễn Ái", "Nguyễn Ái"),
        ("金민지 Kim", "金민지 Kim"),
        ("ゆかり ユカリ 佐々木", "ゆかり ユカリ 佐々木"),
        ("Наташа", "Наташа"),
        ("Ελένη 2", "Ελένη 2"),
        ("Μαρία", "Μαρία"),
        ("Сара", "Сара"),
        ("דנה", "דנה"),
        ("ปุ๊กกี้", "ปุ๊กกี้"),
        ("a" * MAX_NAME_LENGTH, "a" * MAX_NAME_LENGTH),
    ],
)
def test_name_is_normalized(raw_name: str, name: str) -> None:
    assert normalize_display_name(raw_name) == name


@pytest.mark.parametrize(
    "raw_name",
    [
        "",
        "   ",
        "12345",
        "a" * (MAX_NAME_LENGTH + 1),
        "<b>me</b>",
        "mi\u200bna",
        "@eva",
        "http://x.y",
        "evil.com",
        "go bit.ly",
        "EVA.KR now",
        "win.click",
        "my.vip now",
        "에바.한국",
        "ева.рф",
        "e.v.a",
        "e_v_a",
        "_._",
        "a\u202eb",
        "💃",
        "a\0b",
        "\u3164\u3164",
        "민\u3164지",
        "mi\ufe0fna",
        "mina\u034f",
    ],
)
def test_invalid_name_is_rejected(raw_name: str) -> None:
    assert normalize_display_name(raw_name) is None


@pytest.mark.parametrize(
    "raw_name",
    [
        *("Eva", "e v a", "ЕVА", "Éva", "ｅｖａ", "에바", "에 바", "Admin", "ADM1N", "관리자", "운영자"),
        *("fuck you", "FUСK", "xxnigger99", "씨발", "씨 발 놈", "병신아", "ㅅㅂ", "Hitler 88"),
    ],
)
def test_reserved_name_is_rejected(raw_name: str) -> None:
    assert normalize_display_name(raw_name) is None


@pytest.mark.parametrize(
    "raw_name",
    [
        "Evangeline",
        "Eva Kim",
        "에바라",
        "Essex",
        "Matsushita",
        "Peacock",
        "Nazim",
        "바보지만",
        "혼자지만",
        "시발점",
        "Badminton",
        "Grape",
    ],
)
def test_ordinary_name_with_a_reserved_part_is_accepted(raw_name: str) -> None:
    assert normalize_display_name(raw_name) == raw_name


@pytest.mark.parametrize(
    "raw_name",
    [
        *("Μinji", "Νana", "mιna", "Μина", "ѕоrа"),  # Greek or Cyrillic letters among others
        *("Mınji", "ɑnna", "ɡina", "ǀily", "miɴa"),  # phonetic and small capital letters
        *("ΜΙΝΑ", "ΖΟΗ 2", "ΥΝΑ", "Үоо"),  # Greek and Cyrillic letters alone
        *("ᎻᎪ", "ꓰꓦꓮ", "еѵа", "miոa"),  # Cherokee, Lisu, historic Cyrillic, Armenian
        *("Minjiʼ", "Minjiː", "Minjiꟾ"),
        *("Minj\u0591i", "Min\u1dc4ji", "Minji\u20d0", "민\u0e47지"),  # marks of other scripts
        *("a" + 19 * "\u0301", "x\u0302", "ก" + 5 * "\u0e49", "mina٣"),
    ],
)
def test_name_that_imitates_another_one_in_other_scripts_is_rejected(raw_name: str) -> None:
    assert normalize_display_name(raw_name) is None


@pytest.mark.parametrize(
    ("message", "name"),
    [
        *((f"{start} {name}{end}", name) for start in ("이름은", "이름이", "본명은") for name, end in TOLD_NAMES),
        *((f"저는 {name}{end}", name) for name, end in TOLD_NAMES),
        *((name + end, name) for name, end in TOLD_NAMES),
        *(
            ("이름 지수요", "지수"),
            ("보라요", "보라"),
            ("이름은 유나", "유나"),
            ("제 이름은 가을이에요", "가을"),
            ("이름은 이안", "이안"),
            *((f"이름은 {name}", name) for name in ("예은", "다은", "제이", "제니")),
            ("제 이름은 다은이에요", "다은"),
            *((message, None) for message in ("아니 이름 왜 필요해", "새이름으로 할게", "내이름")),
            ("이름 바꿔도 되니", None),
            ("나는 조이야", "조이"),
            ("난 고양이야", "고양이"),
            ("저는 하나요", "하나"),
        ),
        *((name, name) for name in ("몽실이 까까", "네잎클로버", "꼬마 작가")),
        *(
            (f"{name}?", name)
            for name in ("달 토끼", "하늘 토끼", "우리 강아지", "김 수지", "푸른 고등어", "작은 돌고래")
        ),
        *((f"make it {name}", name) for name in ("Nicole", "Nico", "Shorty", "Cutie", "Longfellow", "Cooper")),
        *(
            (message, None)
            for message in ("make it shorter", "make it a bit short", "I'll be anonymous", "제 이름 어때요")
        ),
        *((message, None) for message in ("이름은 비밀이에요", "이름이 길어요", "본명은 몰라요", "이름이 뭐예요?")),
        *((message, None) for message in ("꼭 해야 하나요", "어떻게 하나요", "나중에 할까", "이거 누가 봐요?")),
        *((message, None) for message in ("can I send a video", "may I ask why")),
        *(
            (message, None)
            for message in ("결혼식에 괜찮아?", "가방 갈색 맞지?", "상의가 너무 커?", "모자가 없는데..?")
        ),
        *((message, None) for message in ("가장 많이 입은 색은?", "모자 안 쓰는 게 낫나요", "가방 없이 나가요")),
        *(
            (message, None)
            for message in ("저는 몰라요", "어디예요?", "네 취소해줘", "네 고마워요", "본명", "이름 변경")
        ),
    ],
)
def test_korean_name_is_told_apart_from_what_follows_it(message: str, name: str | None) -> None:
    assert find_typed_name(message) == name


@pytest.mark.parametrize(
    ("message", "name"),
    [
        *(
            ("감자로 할게요ㅎㅎ", "감자"),
            ("감자튀김으로 해줘", "감자튀김"),
            ("서울로 할래", "서울"),
            ("초코로요", "초코"),
        ),
        *(("민지라고 불러줘", "민지"), ("내 이름은 민지야", "민지"), ("닉네임 데님수달로 부탁해요", "데님수달")),
        *((name, name) for name in ("종로", "미로", "가로세로", "감자", "이름없는새", "알아서척척")),
        *(
            (message, None)
            for message in ("그대로 할게", "네 맘대로 해줘", "바로 올려줘", "다른 걸로 할래", "아무걸로 해줘")
        ),
        *(
            (message, None)
            for message in ("추천해준 걸로 할게요", "본명으로 할게", "전에 쓰던 이름으로 해줘", "비공개로 올려줘")
        ),
        *(
            (message, "보리")
            for message in (
                "보리로 하자",
                "보리로 ㄱㄱ",
                "보리면 될까요",
                "보리도 되나요?",
                "보리 ㅋㅋ",
                "보리로 부탁드려요",
            )
        ),
        *(
            (message, None)
            for message in (
                *("네가 정해줘", "너가 골라줘", "귀여운 걸로 해줘", "익명 가능?", "본명도 돼요?"),
                *("올려도 될까요", "안 써도 돼요", "해도 돼?"),
            )
        ),
        *(
            ("뽀글이할래", "뽀글이"),
            ("달토끼🐰 로", "달토끼"),
            ("오타남 달토끼로", "달토끼"),
            ("코트왕김밥", "코트왕김밥"),
        ),
        *(
            (message, None)
            for message in (
                "이름안쓰고 못올림?",
                "얼굴도 나와??",
                "하트 받나",
                "사진이 커요",
                "엄마가 보면 안되는데ㅋㅋ",
                "본명은 좀 그런데ㅠ",
                "아니 딴이름으로 바꿀래",
            )
        ),
        *((name, name) for name in ("올리비아", "김올리비아", "언제나맑음", "하트나라", "지우야", "부끄러워")),
        *((message, None) for message in ("얼굴 가려줘", "엄마가 알아", "사람들이 알아보네")),
        *((name, name) for name in ("다예", "내일의 나", "사진작가", "엄마곰")),
        *(("초코송이로 해주셈", "초코송이"), ("초코송이가 낫겠다", "초코송이"), ("실명 써야됨?", None)),
        ("이름 뭐라고 돼있어 지금", None),
        *(("닉쿤으로 할게", "닉쿤"), ("하나로 할게", "하나"), ("내 이름은 하나", "하나")),
        *(("내 이름 하나예요", "하나"), ("내 이름 몰라요", None)),
        *(("민지요!", "민지"), ("소금빵이요", "소금빵"), ("호랑이요", "호랑이"), ("저는 지수예요", "지수")),
        *(("민아요", "민아"), ("행복해요", "행복해요"), ("고양이요~", "고양이")),
        *(("곰돌이라고 해줘", "곰돌이"), ("민준이라고 불러줘", "민준"), ("음 그냥 토마토", "토마토")),
        *(
            ("그냥 민지로 ㅋㅋ", "민지"),
            ("아니 민지로 말고 민지라고", "민지"),
            ("민준이라고", "민준"),
            ("아니 민지", "민지"),
        ),
        *(("just Tom lol", "Tom"), ("nah, Tom", "Tom"), ("no, Tommy", "Tommy"), ("No Limits", "No Limits")),
        *((name, name) for name in ("just vibes", "OK Computer", "예은", "이안", "Next", "Grace")),
        *((message, None) for message in ("올려", "아니 부끄러워", "no, who sees it", "민지 말고 다른 이름")),
        *(("그냥 종로", "종로"), ("그냥 콩으로", "콩"), ("민지 말고 Mina로", "Mina"), ("뭐 하라고", None)),
        *(("민지 말고 민아로", "민아"), ("초코 말고 우유로 할래", "우유"), ("민지는 어때요?", "민지")),
        *(
            (message, None)
            for message in ("걍 익명으로", "아무거나 ㄱㄱ", "추천해줘", "뭐라고 하지", "음... 뭘로 하지")
        ),
        *(
            (message, None)
            for message in ("본명 써도 돼?", "제 이름이 공개되나요?", "이름 꼭 있어야 해요", "이름 뭐가 좋아?")
        ),
        *(
            (name, name)
            for name in ("춤추는 고래", "이름 모를 강아지", "아기 돼지", "행복한 하루", "이름없음", "김하지")
        ),
    ],
)
def test_korean_name_in_a_sentence(message: str, name: str | None) -> None:
    assert find_typed_name(message) == name
