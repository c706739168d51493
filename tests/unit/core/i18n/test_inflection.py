import pytest

from core.i18n.translations import InflectedWord


@pytest.mark.parametrize(
    ("word", "topic", "subject", "copula", "towards"),
    [
        ("비즈니스 캐주얼", "은", "이", "이에요", "로"),
        ("캐주얼", "은", "이", "이에요", "로"),
        ("에스닉", "은", "이", "이에요", "으로"),
        ("페미닌", "은", "이", "이에요", "으로"),
        ("걸리시", "는", "가", "예요", "로"),
        ("80s 레트로", "는", "가", "예요", "로"),
        ("브리티시 모드", "는", "가", "예요", "로"),
        ("스트리트", "는", "가", "예요", "로"),
        ("리넨 수달 52", "는", "가", "예요", "로"),
        ("리넨 수달 51", "은", "이", "이에요", "로"),
        ("리넨 수달 36", "은", "이", "이에요", "으로"),
        ("리넨 수달 90", "은", "이", "이에요", "으로"),
    ],
)
def test_particles_match_the_last_sound(word: str, topic: str, subject: str, copula: str, towards: str) -> None:
    noun = InflectedWord(word)

    assert (
        f"{noun:은/는} {noun:이/가} {noun:이에요/예요} {noun:으로/로}"
        == f"{word}{topic} {word}{subject} {word}{copula} {word}{towards}"
    )


def test_other_pairs_have_the_form_after_a_consonant_first() -> None:
    assert (
        f"{InflectedWord('캐주얼'):을/를} {InflectedWord('에스닉'):과/와} {InflectedWord('스트리트'):이랑/랑}"
        == "캐주얼을 에스닉과 스트리트랑"
    )


def test_word_without_hangul_shows_both_forms() -> None:
    assert f"{InflectedWord('photo.jpg'):을/를}" == "photo.jpg을(를)"


@pytest.mark.parametrize(
    ("word", "expected"), [("Street", "a Street"), ("Ethnic", "an Ethnic"), ("80s Retro", "an 80s Retro")]
)
def test_english_article(word: str, expected: str) -> None:
    assert f"{InflectedWord(word):a}" == expected


def test_formats_of_a_string_are_kept() -> None:
    assert f"{InflectedWord('모드')}|{InflectedWord('모드'):>4}" == "모드|  모드"
