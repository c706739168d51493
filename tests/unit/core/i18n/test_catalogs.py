"""The sentences themselves: every variant in both languages, with everything that can be put into it."""

import re
from collections.abc import Iterator
from itertools import product

import pytest

from core.conversation.narration import style_name
from core.i18n.translations import Language, translate, variant_keys
from core.styles import STYLES, Style

LANGUAGES = list(Language)
PLACES = (
    *("upper", "upper_left", "upper_right", "middle", "middle_left", "middle_right"),
    *("lower", "lower_left", "lower_right", "left", "right"),
)
FIELDS = ("style", "second", "percent", "second_percent", "place", "push", "second_push")
ABOUT_THE_PHOTO = (
    *("opening.outfit", "opening.torn", "opening.nothing"),
    *("verdict.sure", "verdict.clear", "verdict.leaning", "verdict.torn", "verdict.nothing"),
    *("evidence.here.focused", "evidence.here.wide"),
    *("evidence.everywhere.focused", "evidence.everywhere.wide"),
    *("evidence.torn.here", "evidence.torn.everywhere", "evidence.cold", "runner_up"),
    *("closing.clear", "closing.leaning", "closing.torn", "closing.nothing"),
)
ABOUT_STYLES = (
    *(f"about.{style}" for style in STYLES),
    *(f"tip.{style}" for style in STYLES),
    "tip.torn",
    "help",
)
SPOKEN = [(key, language) for key in (*ABOUT_THE_PHOTO, *ABOUT_STYLES) for language in LANGUAGES]
EMOJI = re.compile("[\u2600-\u27bf\U0001f300-\U0001faff]")
BODIES_AND_BEAUTY = {
    Language.EN: (
        r"\b(body|bodies|figures?|shapely|slim\w*|skinny|fat|thin|curv\w+|legs?|hips?|waist\w*|chest|skin|face|tall"
        r"|beaut\w+|pretty|handsome|attractive\w*|sexy|hot|gorgeous|cute\w*|ugly|flatter\w*|young\w*|old(er)?"
        r"|wom[ae]n|m[ae]n|girls?|boys?|ladies|lady|guys?|she|he|her|his)\b"
    ),
    Language.KO: (
        r"몸매|몸이|몸에|체형|날씬|뚱뚱|통통|(?<!줄)다리|허리|가슴|엉덩이|피부|얼굴|외모|미모|예쁘|예뻐|예쁜|이쁘|이뻐"
        r"|잘생|아름다|섹시|매력|귀여|귀엽|못생|키가|어려 보|늙|여자|남자|여성|남성|소녀|소년|언니|오빠"
    ),
}
CLOTHES_AND_COLOURS = {
    Language.EN: (
        r"\b(jackets?|blazers?|coats?|shirts?|tees?|blouses?|dress(es)?|skirts?|jeans|trousers|pants|shoes?|sneakers?"
        r"|boots|hats?|caps?|bags?|knits?|hoodies?|lace|denim|satin|black|white|red|blue|green|pink|pastel|yellow)\b"
    ),
    Language.KO: (
        r"재킷|자켓|블레이저|코트|셔츠|블라우스|원피스|드레스|치마|스커트|바지|신발|운동화|구두|부츠|모자(?!라)|가방"
        r"|니트|후드|레이스|데님|새틴|검정|검은|흰|하얀|빨간|파란|초록|분홍|파스텔|노란"
    ),
}


def filled(key: str, language: Language) -> Iterator[str]:
    """Every sentence that a key can become, for all of its variants, styles, places and things to add."""
    for variant in variant_keys(key, language):
        raw = translate(variant, language, **{name: f"<{name}>" for name in FIELDS})
        own = Style(key.partition(".")[2]) if key.partition(".")[2] in set(STYLES) else None
        for style, second in product(STYLES, STYLES):
            if style is second or (own is not None and style is not own):
                continue
            if "<second>" not in raw and second is not STYLES[style is STYLES[0]]:
                continue
            for place in PLACES if "<place>" in raw else ("upper",):
                pushes = product(
                    variant_keys(f"push.{style}", language) if "<push>" in raw else [f"push.{style}.1"],
                    variant_keys(f"push.{second}", language) if "<second_push>" in raw else [f"push.{second}.1"],
                )
                for push, second_push in pushes:
                    yield translate(
                        variant,
                        language,
                        style=style_name(style, language),
                        second=style_name(second, language),
                        percent=37,
                        second_percent=34,
                        place=translate(f"place.{place}", language),
                        push=translate(push, language),
                        second_push=translate(second_push, language),
                    )


@pytest.mark.parametrize(("key", "language"), SPOKEN)
def test_every_slot_has_six_variants(key: str, language: Language) -> None:
    assert len(variant_keys(key, language)) >= 6


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("key", ABOUT_THE_PHOTO)
def test_about_the_photo_she_claims_no_clothes_and_no_colours(key: str, language: Language) -> None:
    for sentence in filled(key, language):
        words = sentence
        for style in STYLES:
            words = words.replace(style_name(style, language), "")
        assert not re.search(CLOTHES_AND_COLOURS[language], words.lower()), sentence


@pytest.mark.parametrize(("key", "language"), SPOKEN)
def test_never_about_bodies_beauty_age_or_gender(key: str, language: Language) -> None:
    for sentence in filled(key, language):
        assert not re.search(BODIES_AND_BEAUTY[language], sentence.lower()), sentence


@pytest.mark.parametrize(("key", "language"), SPOKEN)
def test_she_never_says_what_you_wear(key: str, language: Language) -> None:
    for sentence in filled(key, language):
        assert not re.search(r"\byour (?!read|call|turn)|you're wearing|입으신|입고 계신", sentence.lower()), sentence


@pytest.mark.parametrize(("key", "language"), SPOKEN)
def test_bubbles_are_short(key: str, language: Language) -> None:
    usual, most = {Language.EN: (90, 100), Language.KO: (50, 60)}[language]
    lengths = [len(sentence) for sentence in filled(key, language)]

    assert max(lengths) <= most
    assert sum(length > usual for length in lengths) <= len(lengths) / 10


@pytest.mark.parametrize("key", (*ABOUT_THE_PHOTO, *ABOUT_STYLES))
def test_korean_is_polite_and_informal_to_the_last_sentence(key: str) -> None:
    for bubble in filled(key, Language.KO):
        for sentence in re.split(r"(?<=[.?!…]) ", EMOJI.sub("", bubble).strip()):
            assert re.search(r"[요죠][.?!…]?$", sentence), bubble


@pytest.mark.parametrize("key", (*ABOUT_THE_PHOTO, *ABOUT_STYLES))
def test_korean_particles_agree(key: str) -> None:
    wrong = (
        r"캐주얼(는|가|를|와|예요|랑 |라고|으로)|(에스닉|페미닌)(는|가|를|와|예요|랑 |라고|로)"
        r"|(걸리시|레트로|모드|스트리트)(은|이|을|과|이에요|이랑|이라고|으로)(?=[ .?!,]|$)|[가-힣]\([가-힣]\)"
        r"|%(은|이|을|과|이에요|으로)(?=[ .?!,]|$)"
    )
    for sentence in filled(key, Language.KO):
        assert not re.search(wrong, sentence), sentence


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("style", STYLES)
def test_lines_about_a_style_name_it(style: Style, language: Language) -> None:
    assert all(style_name(style, language) in sentence for sentence in filled(f"about.{style}", language))


@pytest.mark.parametrize("language", LANGUAGES)
def test_emoji_stand_in_some_closings_only(language: Language) -> None:
    with_emoji = {key for key in (*ABOUT_THE_PHOTO, *ABOUT_STYLES) if EMOJI.search("".join(filled(key, language)))}

    assert with_emoji == {"closing.clear", "closing.leaning", "closing.torn", "closing.nothing"}
    for key in with_emoji:
        assert sum(bool(EMOJI.search(translate(each, language))) for each in variant_keys(key, language)) <= 3
