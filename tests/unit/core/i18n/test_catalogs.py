"""Rules for the texts of verdicts: every variant in both languages, with all values that can be inserted."""

import re
from collections import Counter
from collections.abc import Iterator
from importlib.resources import files
from itertools import product

import pytest

from core.conversation.narration import style_name
from core.i18n.translations import Language, translate, variant_keys
from core.styles import STYLES, Style
from core.vision.verdict import Refusal
from tests.unit.core.i18n.test_translations import texts_of

LANGUAGES = list(Language)
REGIONS = (
    *("upper", "upper_left", "upper_right"),
    *("lower", "lower_left", "lower_right", "left", "right"),
)
PLACEHOLDERS = ("style", "second", "percent", "second_percent", "place", "push", "second_push")
PHOTO_KEYS = (
    *("opening.outfit", "opening.torn", "opening.nothing"),
    *("verdict.sure", "verdict.clear", "verdict.leaning", "verdict.ahead", "verdict.torn", "verdict.nothing"),
    *("evidence.here.focused", "evidence.here.wide"),
    *("evidence.everywhere.focused", "evidence.everywhere.wide"),
    *("evidence.torn.here", "evidence.torn.everywhere", "evidence.cold", "runner_up"),
    *("evidence.marked", "evidence.torn.marked"),
    *("closing.clear", "closing.leaning", "closing.torn", "closing.nothing"),
)
STYLE_KEYS = (
    *(f"about.{style}" for style in STYLES),
    *(f"tip.{style}" for style in STYLES),
    "tip.torn",
    "help",
)
REFUSAL_KEYS = tuple(f"{slot}.{refusal}" for slot in ("refusal", "help") for refusal in Refusal)
KEYS_AND_LANGUAGES = [(key, language) for key in (*PHOTO_KEYS, *STYLE_KEYS, *REFUSAL_KEYS) for language in LANGUAGES]
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
WOODEN_WORDS = {
    Language.EN: (
        r"(?i)\b(shall|whom|whoever|anew|beside|thereby|mend|nobody who|warm colors?|scraps?)\b|^Fine,|knocks? at"
        r"|opens? the door"
    ),
    Language.KO: (
        r"서랍|(?<![가-힣])한 표(?!시)|말을 걸|목소리|따뜻한 (색|곳)|본 자리|문을 여|두드리|읽혀|읽었어요|읽히"
        r"|(?<![가-힣])(나를|나만|나의|내가|내게|나에게|룩)"
    ),
}
CLOTHES_AND_COLORS = {
    Language.EN: (
        r"\b(jackets?|blazers?|coats?|shirts?|tees?|blouses?|dress(es)?|skirts?|jeans|trousers|pants|shoes?|sneakers?"
        r"|boots|hats?|caps?|bags?|knits?|hoodies?|lace|denim|satin|black|white|red|blue|green|pink|pastel|yellow)\b"
    ),
    Language.KO: (
        r"재킷|자켓|블레이저|코트|셔츠|블라우스|원피스|드레스|치마|스커트|바지|신발|운동화|구두|부츠|모자(?!라)|가방"
        r"|니트|후드|레이스|데님|새틴|검정|검은|흰|하얀|빨간|파란|초록|분홍|파스텔|노란"
    ),
}


def expand(key: str, language: Language) -> Iterator[str]:
    """Every text of a key, for all variants, styles, regions and additions."""
    for variant in variant_keys(key, language):
        template = translate(variant, language, **{name: f"<{name}>" for name in PLACEHOLDERS})
        only_style = Style(key.partition(".")[2]) if key.partition(".")[2] in set(STYLES) else None
        for style, runner_up in product(STYLES, STYLES):
            if style is runner_up or (only_style is not None and style is not only_style):
                continue
            if "<second>" not in template and runner_up is not STYLES[style is STYLES[0]]:
                continue
            for region in REGIONS if "<place>" in template else ("upper",):
                additions = product(
                    variant_keys(f"push.{style}", language) if "<push>" in template else [f"push.{style}.1"],
                    variant_keys(f"push.{runner_up}", language)
                    if "<second_push>" in template
                    else [f"push.{runner_up}.1"],
                )
                for push, second_push in additions:
                    yield translate(
                        variant,
                        language,
                        style=style_name(style, language),
                        second=style_name(runner_up, language),
                        percent=37,
                        second_percent=34,
                        place=translate(f"place.{region}", language),
                        push=translate(push, language),
                        second_push=translate(second_push, language),
                    )


@pytest.mark.parametrize(("key", "language"), KEYS_AND_LANGUAGES)
def test_every_text_has_enough_variants(key: str, language: Language) -> None:
    assert len(variant_keys(key, language)) >= (10 if key in REFUSAL_KEYS else 12)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("key", PHOTO_KEYS)
def test_texts_about_the_photo_name_no_clothes_and_no_colors(key: str, language: Language) -> None:
    for sentence in expand(key, language):
        text = sentence
        for style in STYLES:
            text = text.replace(style_name(style, language), "")
        assert not re.search(CLOTHES_AND_COLORS[language], text.lower()), sentence


@pytest.mark.parametrize(("key", "language"), KEYS_AND_LANGUAGES)
def test_texts_never_mention_bodies_beauty_age_or_gender(key: str, language: Language) -> None:
    for sentence in expand(key, language):
        assert not re.search(BODIES_AND_BEAUTY[language], sentence.lower()), sentence


@pytest.mark.parametrize(("key", "language"), KEYS_AND_LANGUAGES)
def test_texts_never_say_what_the_person_wears(key: str, language: Language) -> None:
    for sentence in expand(key, language):
        assert not re.search(r"\byour (?!read|call|turn)|you're wearing|입으신|입고 계신", sentence.lower()), sentence


@pytest.mark.parametrize(("key", "language"), KEYS_AND_LANGUAGES)
def test_messages_are_short(key: str, language: Language) -> None:
    usual, limit = {Language.EN: (90, 100), Language.KO: (50, 60)}[language]
    lengths = [len(sentence) for sentence in expand(key, language)]

    assert max(lengths) <= limit
    assert sum(length > usual for length in lengths) <= len(lengths) / 10


@pytest.mark.parametrize("key", (*PHOTO_KEYS, *STYLE_KEYS, *REFUSAL_KEYS))
def test_korean_sentences_end_politely(key: str) -> None:
    for message in expand(key, Language.KO):
        for sentence in re.split(r"(?<=[.?!…]) ", EMOJI.sub("", message).strip()):
            assert re.search(r"[요죠][.?!…]?$", sentence), message


@pytest.mark.parametrize("key", (*PHOTO_KEYS, *STYLE_KEYS))
def test_korean_particles_match_the_words(key: str) -> None:
    wrong = (
        r"캐주얼(는|가|를|와|예요|랑 |라고|으로)|(에스닉|페미닌)(는|가|를|와|예요|랑 |라고|로)"
        r"|(걸리시|레트로|모드|스트리트)(은|이|을|과|이에요|이랑|이라고|으로)(?=[ .?!,]|$)|[가-힣]\([가-힣]\)"
        r"|%(은|이|을|과|이에요|으로)(?=[ .?!,]|$)"
    )
    for sentence in expand(key, Language.KO):
        assert not re.search(wrong, sentence), sentence


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("style", STYLES)
def test_texts_about_a_style_name_it(style: Style, language: Language) -> None:
    assert all(style_name(style, language) in sentence for sentence in expand(f"about.{style}", language))


@pytest.mark.parametrize("language", LANGUAGES)
def test_only_some_closings_have_emoji(language: Language) -> None:
    with_emoji = {key for key in (*PHOTO_KEYS, *STYLE_KEYS) if EMOJI.search("".join(expand(key, language)))}

    assert with_emoji == {"closing.clear", "closing.leaning", "closing.torn", "closing.nothing"}
    for key in with_emoji:
        assert sum(bool(EMOJI.search(translate(variant, language))) for variant in variant_keys(key, language)) <= 3


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_use_no_wooden_words(language: Language) -> None:
    """No translated idioms, no archaisms, no sulking, one word for the reader and for a look."""
    texts = {key: re.sub(r"{[^}]*}", "", text) for key, text in texts_of(language).items()}
    found = {key: match[0] for key, text in texts.items() if (match := re.search(WOODEN_WORDS[language], text))}
    assert found == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_key_is_defined_twice(language: Language) -> None:
    path = files("core.i18n").joinpath("locales", language, "LC_MESSAGES", "eva.po")
    keys = re.findall(r'^msgid "(.+)"$', path.read_text("utf-8"), re.MULTILINE)
    assert [key for key, count in Counter(keys).items() if count > 1] == []
