"""Sentences about what is worn: only what is seen and earned, in right grammar, and never twice the same."""

import random
import re
from dataclasses import replace

import pytest

from core.clothing import ITEMS, Color, Item
from core.conversation.narration import MessageSlot, verdict_messages
from core.conversation.worn_details import compare_sentences, probability_sentences, seen_lines, share_lines, worn_lines
from core.i18n.clothing_names import join_names, name_seen, name_with_article, thing_name
from core.i18n.translations import Language, VariantSeed, translate, variant_keys
from core.styles import STYLES, Style
from core.vision.attributes import ATTRIBUTES, WARM_LEVEL, Attribute, Reason
from core.vision.explanation import SWAPPED_GROUPS
from core.vision.verdict import ConfidenceBand, Verdict
from tests.factories import classify_scripted, classify_with_attributes
from tests.texts import variants
from tests.unit.core.i18n.test_catalogs import BODIES_AND_BEAUTY

LANGUAGES = list(Language)
FRAMES = (
    *("worn.reason", "worn.torn", "worn.rival", "worn.second", "worn.tip", "worn.swap"),
    *("worn.album.both", "worn.album.shared", "worn.album.decides"),
)
BOTTOM = (0.9, 0.5)


def _floral_dress(**more: float) -> Verdict:
    return classify_with_attributes(
        Style.FEMININE,
        {Item.DRESS: 0.9, Item.FLORAL: 0.8, Item.HEELS: 0.85, Item.BAG: 0.4},
        peaks={Item.HEELS: (0.7, 0.5)},
        **{"confidence": 0.82, "second": Style.CASUAL, "second_confidence": 0.1, **more},
    )


def _texts(verdict: Verdict, language: Language, seed: str = "a") -> dict[MessageSlot, str]:
    return {message.slot: message.text for message in verdict_messages(verdict, seed=seed, language=language)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_thing_has_its_names(language: Language) -> None:
    names = [thing_name(thing, language) for thing in ATTRIBUTES]
    assert len(set(names)) == 56
    for thing in ATTRIBUTES:
        if isinstance(thing, Color) or not thing.is_worn_alone:
            assert translate(f"worn.{thing}.as", language)
        if isinstance(thing, Item) and thing.group in SWAPPED_GROUPS:
            assert translate(f"worn.{thing}.any", language)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("key", FRAMES)
def test_frames_are_many_correct_and_not_about_bodies(key: str, language: Language) -> None:
    keys = variant_keys(key, language)
    assert len(keys) >= 10
    for thing in ITEMS:
        name = join_names([thing_name(thing, language)], language)
        any_one = translate(f"worn.{thing}.any", language) if thing.group in SWAPPED_GROUPS else name
        for frame in keys:
            text = translate(
                frame, language, things=name, style="모드", percent="37", remove=name,
                add=any_one, second="캐주얼", number=1, other=2,
            )  # fmt: skip
            assert not re.search(BODIES_AND_BEAUTY[language], text.lower()), text
            assert not re.search(r"[가-힣]\([가-힣]\)|[{}]|  ", text), text
            assert len(text) <= {Language.KO: 60, Language.EN: 100}[language], text


def test_verdict_names_what_is_worn() -> None:
    verdict = _floral_dress()

    assert verdict.band is ConfidenceBand.CLEAR
    for seed in map(str, range(20)):
        korean, english = _texts(verdict, Language.KO, seed), _texts(verdict, Language.EN, seed)
        assert "플로럴 원피스" in korean[MessageSlot.EVIDENCE]
        assert "floral dress" in english[MessageSlot.EVIDENCE].lower()
        assert not re.search("가방|bag", "".join((*korean.values(), *english.values())))


def test_what_is_seen_is_listed_by_garment() -> None:
    verdict = _floral_dress()
    first, dress, *_ = worn_lines(verdict, Language.EN)
    assert first == translate("worn.seen", Language.EN)
    assert re.fullmatch(r"Floral dress: \d\d%", dress)
    assert worn_lines(classify_scripted(), Language.EN) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_runner_up_is_told_by_what_speaks_for_it_alone(language: Language) -> None:
    verdict = classify_with_attributes(
        Style.CASUAL,
        {Item.JEANS: 0.9, Item.BLAZER: 0.8},
        peaks={Item.BLAZER: (0.3, 0.5), Item.JEANS: (0.6, 0.5)},
        confidence=0.5,
        second=Style.BUSINESS_CASUAL,
        second_confidence=0.3,
    )
    texts = _texts(verdict, language)

    assert verdict.band is ConfidenceBand.LIKELY
    assert thing_name(Item.JEANS, language) in texts[MessageSlot.EVIDENCE]
    assert thing_name(Item.BLAZER, language) in texts[MessageSlot.RUNNER_UP]
    assert "30%" in texts[MessageSlot.RUNNER_UP]
    assert thing_name(Item.BLAZER, language) not in texts[MessageSlot.EVIDENCE]


@pytest.mark.parametrize("language", LANGUAGES)
def test_swap_is_a_suggestion_of_the_tip(language: Language) -> None:
    verdict = classify_with_attributes(
        Style.STREET, {Item.HOODIE: 0.9}, confidence=0.5, second=Style.BUSINESS_CASUAL, second_confidence=0.4
    )
    assert verdict.attributes is not None
    assert verdict.attributes.swap is not None
    tip = _texts(verdict, language)[MessageSlot.TIP]

    assert translate(f"worn.{verdict.attributes.swap.add}.any", language).lower() in tip.lower()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_color_alone_is_a_reason_but_no_tip(language: Language) -> None:
    texts = _texts(classify_with_attributes(Style.MODE, {Color.BLACK: 0.9}), language)
    black = name_with_article(Color.BLACK, language)

    assert black.lower() in texts[MessageSlot.EVIDENCE].lower()
    assert black.lower() not in texts[MessageSlot.TIP].lower()


@pytest.mark.parametrize("language", LANGUAGES)
def test_fifty_photos_get_fifty_answers(language: Language) -> None:
    draw = random.Random(3)
    answers = set()
    for number in range(50):
        things: dict[Attribute, float] = dict.fromkeys(draw.sample(ITEMS, 4), 0.9)
        verdict = classify_with_attributes(draw.choice(STYLES), things, confidence=0.7)
        texts = _texts(verdict, language, str(number))
        answers.add((texts[MessageSlot.EVIDENCE], texts[MessageSlot.TIP]))
    assert len(answers) == 50


def test_words_before_a_garment_keep_their_order() -> None:
    things: dict[Attribute, float] = {
        Item.JACKET: 0.9,
        Item.LEATHER: 0.8,
        Item.OVERSIZED: 0.7,
        Color.BLACK: 0.9,
        Item.BOOTS: 0.8,
    }
    attributes = classify_with_attributes(Style.STREET, things, peaks={Item.BOOTS: BOTTOM}).attributes
    assert attributes is not None
    seen = (*attributes.seen, *attributes.colors)

    assert name_seen(seen, Language.EN) == ("oversized black leather jacket", "boots")
    assert name_seen(seen, Language.KO) == ("오버핏 블랙 가죽 재킷", "부츠")
    assert join_names(name_seen(seen, Language.KO), Language.KO) == "오버핏 블랙 가죽 재킷과 부츠"
    assert join_names(("a", "b", "c"), Language.EN) == "the a, the b and the c"


def test_why_gives_each_seen_thing_with_its_share() -> None:
    verdict = _floral_dress()
    lines = share_lines(verdict, Language.EN)

    assert [line.partition(":")[0] for line in lines[1:]] == ["Floral dress", "Heels"]
    shares = [int(re.findall(r"(\d+)%", line)[0]) for line in lines[1:]]
    assert shares == sorted(shares, reverse=True)

    assert lines[0] == translate("worn.why", Language.EN, style="Feminine")
    assert any(re.fullmatch(r"Floral dress: \d+%", line) for line in lines)
    assert share_lines(classify_with_attributes(Style.MODE, {}), Language.EN) == []
    assert verdict.attributes is not None
    assert "Dress, 90%" in seen_lines(verdict.attributes, Language.EN)


def test_why_leaves_out_what_has_no_part_in_it() -> None:
    verdict = _floral_dress()
    assert verdict.attributes is not None
    cam = verdict.cam.copy()
    for seen in verdict.attributes.seen:
        if seen.thing is Item.HEELS:
            cam[seen.cam >= WARM_LEVEL] = 0

    lines = share_lines(replace(verdict, cam=cam), Language.EN)
    assert [line.partition(":")[0] for line in lines[1:]] == ["Floral dress"]


def test_why_leaves_out_what_speaks_for_the_other_style() -> None:
    verdict = _floral_dress()
    assert verdict.attributes is not None
    heels = Reason(style=verdict.runner_up, thing=Item.HEELS, share=0.5, log_odds=1.0)
    own = [reason for reason in verdict.attributes.reasons_for(verdict.style) if reason.thing is not Item.HEELS]
    attributes = replace(verdict.attributes, reasons=(*own, heels))
    lines = share_lines(replace(verdict, attributes=attributes), Language.EN)
    assert [line.partition(":")[0] for line in lines[1:]] == ["Floral dress"]

    floral = replace(heels, thing=Item.FLORAL)
    dress = [reason for reason in own if reason.thing is Item.DRESS]
    mixed = replace(verdict.attributes, reasons=(*dress, floral))
    lines = share_lines(replace(verdict, attributes=mixed), Language.EN)
    assert lines[1].startswith("Floral dress"), "the dress itself is a reason"


def test_a_garment_and_its_color_are_one_line_of_the_reasons() -> None:
    verdict = classify_with_attributes(Style.STREET, {Item.HOODIE: 0.9, Color.BLACK: 0.95, Item.PRINT: 0.9})
    assert verdict.attributes is not None
    assert len(verdict.attributes.reasons_for(Style.STREET)) > 1
    shared = max(reason.share for reason in verdict.attributes.reasons_for(Style.STREET))

    lines = share_lines(verdict, Language.EN)[1:]
    assert [line.partition(":")[0] for line in lines] == ["Black printed sweatshirt"]
    assert f": {round(100 * shared)}%" in lines[0]
    assert {"Sweatshirt, 90%", "Black, 95%"} <= set(seen_lines(verdict.attributes, Language.EN))


@pytest.mark.parametrize(
    ("thing", "garment", "expected"),
    [
        (Item.DRESS, None, [("worn.check.seen", "the dress", 90)]),
        (Item.BAG, None, [("worn.check.doubt", "the bag", 40)]),
        (Item.COAT, None, [("worn.check.unlikely", "the coat", 2)]),
        (Item.FLORAL, Item.DRESS, [("worn.check.seen", "the dress", 90), ("worn.check.seen", "the floral print", 80)]),
        (Item.BAG, Item.DRESS, [("worn.check.seen", "the dress", 90), ("worn.check.doubt", "the bag", 40)]),
        (Item.FLORAL, Item.COAT, [("worn.check.unlikely", "the coat", 2)]),
    ],
)
def test_question_for_an_item_gets_its_probability(
    thing: Item, garment: Item | None, expected: list[tuple[str, str, int]]
) -> None:
    for turn in range(11):
        seed = VariantSeed("mina", turn)
        said = probability_sentences(_floral_dress().attributes, thing, garment, seed=seed, language=Language.EN)
        assert len(said) == len(expected)
        assert len(set(said)) == len(said), "in other words each"
        for sentence, (key, name, percent) in zip(said, expected, strict=True):
            assert sentence in variants(key, Language.EN, thing=name, percent=percent)


@pytest.mark.parametrize(
    ("place", "garment", "rival"),
    [
        (Item.SNEAKERS, Item.COAT, None),
        (Item.COAT, Item.COAT, Color.RED),
        (Item.SNEAKERS, Item.SNEAKERS, Color.RED),
        (Item.SNEAKERS, None, Color.RED),
        (None, Item.COAT, None),
    ],
)
def test_only_a_color_of_the_garment_is_seen_instead(
    place: Item | None, garment: Item | None, rival: Color | None
) -> None:
    peaks: dict[Attribute, tuple[float, float]] = {Item.SNEAKERS: BOTTOM, Item.COAT: (0.3, 0.5)}
    red_peak = (0.0, 0.0) if place is None else peaks[place]
    things: dict[Attribute, float] = {Item.COAT: 0.9, Item.SNEAKERS: 0.9, Color.RED: 0.9}
    attributes = classify_with_attributes(things=things, peaks={**peaks, Color.RED: red_peak}).attributes
    assert attributes is not None
    assert [seen.worn_on for seen in attributes.colors] == [place]
    seed = VariantSeed("mina")
    said = probability_sentences(attributes, Color.NAVY, garment, seed=seed, language=Language.EN)
    percent = round(100 * attributes.probability(Color.RED))
    red = variants(
        "worn.check.rival",
        Language.EN,
        thing=translate("worn.the", Language.EN, thing=thing_name(Color.RED, Language.EN)),
        percent=percent,
    )
    assert bool(red & set(said)) is (rival is Color.RED)
    assert "red" in " ".join(said) or rival is None


@pytest.mark.parametrize(("place", "key"), [(Item.SNEAKERS, "elsewhere"), (None, "somewhere"), (Item.COAT, "seen")])
def test_a_color_is_not_claimed_of_another_garment(place: Item | None, key: str) -> None:
    peaks: dict[Attribute, tuple[float, float]] = {Item.SNEAKERS: BOTTOM, Item.COAT: (0.3, 0.5)}
    red_peak = (0.0, 0.0) if place is None else peaks[place]
    things: dict[Attribute, float] = {Item.COAT: 0.9, Item.SNEAKERS: 0.9, Color.RED: 0.9}
    attributes = classify_with_attributes(things=things, peaks={**peaks, Color.RED: red_peak}).attributes
    assert attributes is not None
    said = probability_sentences(attributes, Color.RED, Item.COAT, seed=VariantSeed("mina"), language=Language.EN)
    percent = round(100 * attributes.probability(Color.RED))
    nouns = {"thing": "the red", "percent": percent, "place": "the sneakers"}
    assert said[1] in variants(f"worn.check.{key}", Language.EN, **nouns)
    assert len(said) == 2


@pytest.mark.parametrize(("garment", "answers"), [(None, 1), (Item.COAT, 2)])
def test_the_main_color_is_not_doubted_where_it_is_below_the_threshold_of_colors(
    garment: Item | None, answers: int
) -> None:
    attributes = classify_with_attributes(things={Item.COAT: 0.9, Color.BLACK: 0.9, Color.PINK: 0.3}).attributes
    assert attributes is not None
    assert attributes.find_seen(Color.PINK) is None
    attributes = replace(attributes, main_color=Color.PINK)
    for turn in range(10):
        seed = VariantSeed("mina", turn)
        said = probability_sentences(attributes, Color.PINK, garment, seed=seed, language=Language.EN)
        assert said[-1] in variants("worn.check.main", Language.EN, thing="the pink")
        assert len(said) == answers


def test_question_for_an_item_without_a_model_that_knows_items() -> None:
    said = probability_sentences(None, Item.COAT, None, seed=VariantSeed("mina"), language=Language.KO)
    assert set(said) <= variants("worn.check.unknown", Language.KO)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize(
    "key",
    [
        *(f"worn.check.{name}" for name in ("seen", "main", "doubt", "unlikely", "unknown")),
        *(f"talk.item.{name}" for name in ("denied", "kept", "exchanged", "recolored", "same", "told", "unseen")),
        *("talk.swap.none", "talk.swap.other", "talk.swap.already", "talk.reason.corrected", "talk.reason.marked"),
    ],
)
def test_answers_about_items_have_many_frames(key: str, language: Language) -> None:
    assert len(variant_keys(key, language)) >= 10


def test_album_is_compared_by_what_is_worn() -> None:
    first = classify_with_attributes(
        Style.BUSINESS_CASUAL, {Item.SNEAKERS: 0.9, Item.BLAZER: 0.9}, peaks={Item.SNEAKERS: BOTTOM}
    )
    second = classify_with_attributes(Style.CASUAL, {Item.SNEAKERS: 0.9, Item.TSHIRT: 0.9})

    both, decides = compare_sentences(first, second, (1, 2), Language.EN, is_pair=True)
    assert "the sneakers" in both.lower()
    assert "the blazer" in decides.lower()
    (only,) = compare_sentences(first, classify_with_attributes(Style.CASUAL, {}), (1, 2), Language.KO, is_pair=True)
    assert "블레이저" in only
    assert "1번" in only


def test_album_compares_garments_with_their_colors() -> None:
    things: dict[Attribute, float] = {Item.SNEAKERS: 0.9, Color.WHITE: 0.9}
    first, second = (
        classify_with_attributes(style, things, peaks=dict.fromkeys(things, BOTTOM))
        for style in (Style.STREET, Style.CASUAL)
    )
    (both,) = compare_sentences(first, second, (1, 2), Language.EN, is_pair=True)
    assert "the white sneakers" in both.lower()


def test_a_close_verdict_suggests_the_swap() -> None:
    verdict = classify_with_attributes(
        Style.STREET, {Item.HOODIE: 0.9}, confidence=0.42, second=Style.BUSINESS_CASUAL, second_confidence=0.4
    )
    assert verdict.band is ConfidenceBand.AMBIGUOUS
    assert verdict.attributes is not None
    assert verdict.attributes.swap is not None

    tip = _texts(verdict, Language.EN)[MessageSlot.TIP]
    assert translate(f"worn.{verdict.attributes.swap.add}.any", Language.EN).lower() in tip.lower()


@pytest.mark.parametrize("seed", [str(number) for number in range(20)])
def test_a_close_verdict_advises_nothing_that_is_worn(seed: str) -> None:
    verdict = classify_with_attributes(
        Style.MODE, {Item.BLAZER: 0.9}, confidence=0.42, second=Style.BUSINESS_CASUAL, second_confidence=0.4
    )
    assert verdict.attributes is not None
    verdict = replace(verdict, attributes=replace(verdict.attributes, swap=None))

    assert "blazer" not in _texts(verdict, Language.EN, seed)[MessageSlot.TIP].lower()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_main_color_is_named_where_it_is_known(language: Language) -> None:
    attributes = classify_with_attributes(Style.MODE, {Item.COAT: 0.9}).attributes
    assert attributes is not None
    assert len(seen_lines(replace(attributes, main_color=None), language)) == 1
    expected = {Language.EN: "Mostly green", Language.KO: "주로 그린"}[language]
    assert seen_lines(replace(attributes, main_color=Color.GREEN), language)[-1] == expected


def test_length_stands_next_to_the_garment_in_korean() -> None:
    things: dict[Attribute, float] = {Item.DRESS: 0.9, Item.LONG: 0.8, Color.BLACK: 0.9}
    attributes = classify_with_attributes(Style.FEMININE, things).attributes
    assert attributes is not None
    seen = (*attributes.seen, *attributes.colors)

    assert name_seen(seen, Language.EN) == ("long black dress",)
    assert name_seen(seen, Language.KO) == ("블랙 롱 원피스",)
