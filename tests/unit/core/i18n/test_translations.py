"""The catalogs in their source (.po) and compiled (.mo) form, and `translate`."""

import re
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

import core.i18n
from core.i18n.translations import (
    MAX_PREFERENCE_LENGTH,
    Language,
    _negotiate_language,
    negotiate_language,
    translate,
    variant_keys,
)

LOCALES = Path(core.i18n.__file__).parent / "locales"
LANGUAGES = list(Language)


def read_catalog(language: Language) -> Catalog:
    with (LOCALES / language / "LC_MESSAGES" / "eva.po").open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def texts_of(language: Language) -> dict[str, str]:
    return {str(message.id): str(message.string) for message in read_catalog(language) if message.id}


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


KO, EN = texts_of(Language.KO), texts_of(Language.EN)


@pytest.mark.parametrize(
    ("preference", "language"),
    [
        ("ko", "ko"),
        ("ko-KR", "ko"),
        ("ko_KR.UTF-8", "ko"),
        ("KO", "ko"),
        ("en_GB.UTF-8", "en"),
        ("ko-KR,ko;q=0.9,en-US;q=0.8,en;q=0.7", "ko"),
        ("en;q=0.4, ko;q=0.9", "ko"),
        ("en, ko", "en"),
        ("ko, en", "ko"),
        ("fr-FR, fr;q=0.9, ko;q=0.1", "ko"),
        ("ko;q=0", "en"),
        ("ko;q=loud", "en"),
        ("korean", "en"),
        ("de", "en"),
        ("C.UTF-8", "en"),
        ("*", "en"),
        ("", "en"),
        (None, "en"),
    ],
)
def test_negotiate_language(preference: str | None, language: str) -> None:
    assert negotiate_language(preference) is Language(language)


@pytest.mark.parametrize(
    "preference",
    [
        "a-" + " " * 200_000 + "x;",
        "a" + " " * 200_000 + "x",
        " " * 200_000 + "ko",
        "ko;q=0." + "1" * 200_000 + "x",
        "en;q=0.5," * 20_000,
        ";" * 200_000,
        "ko;q" + " " * 200_000 + "=1",
    ],
)
def test_only_the_start_of_a_preference_is_parsed_and_cached(preference: str) -> None:
    """Quadratic parsing of the whole of one of these takes minutes."""
    _negotiate_language.cache_clear()
    found = {negotiate_language(preference + str(number)) for number in range(20)}
    assert found == {negotiate_language(preference[:MAX_PREFERENCE_LENGTH])}
    assert _negotiate_language.cache_info().misses == 1


def test_both_languages_have_the_same_keys() -> None:
    assert EN
    assert KO.keys() == EN.keys()


def test_both_languages_have_the_same_placeholders() -> None:
    assert {key: placeholders(KO[key]) for key in KO} == {key: placeholders(EN[key]) for key in EN}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_empty_fuzzy_or_padded(language: Language) -> None:
    for message in read_catalog(language):
        if message.id:
            assert str(message.string).strip() == message.string != "", message.id
            assert not message.fuzzy, message.id


@pytest.mark.parametrize("language", LANGUAGES)
def test_compiled_catalogue_is_up_to_date(language: Language) -> None:
    with (LOCALES / language / "LC_MESSAGES" / "eva.mo").open("rb") as file:
        compiled = {message.id: message.string for message in read_mo(file) if message.id}

    assert compiled == texts_of(language), "run `make texts`"


@pytest.mark.parametrize("language", LANGUAGES)
def test_variants_of_a_text_differ(language: Language) -> None:
    first_keys: dict[tuple[str, str], str] = {}
    for key, sentence in texts_of(language).items():
        if re.search(r"\.\d+$", key):
            assert first_keys.setdefault((key.rpartition(".")[0], sentence), key) == key


@pytest.mark.parametrize("language", LANGUAGES)
def test_keys_and_variants_are_found(language: Language) -> None:
    assert translate("style.street.name", language) in {"Street", "스트리트"}
    assert len(variant_keys("page.hello", language)) == 3
    assert variant_keys("page.hello", language)[0] == "page.hello.1"


def test_values_are_inserted_with_their_particle() -> None:
    assert translate("page.map_caption", Language.KO, style="에스닉") == "표시한 곳을 보고 에스닉이라고 했어요."
    assert translate("page.map_caption", Language.KO, style="걸리시") == "표시한 곳을 보고 걸리시라고 했어요."
    assert translate("cli.judged", Language.EN, done=3, failed=1) == "Judged 3, could not judge 1."


@pytest.mark.parametrize("language", LANGUAGES)
def test_unknown_keys_and_missing_values_raise(language: Language) -> None:
    with pytest.raises(KeyError):
        translate("page.nonsense", language)
    with pytest.raises(KeyError):
        translate("page.map_caption", language)
    with pytest.raises(KeyError):
        variant_keys("page.nonsense", language)


def test_korean_is_never_formal() -> None:
    assert not [key for key, sentence in KO.items() if re.search(r"니다|니까\?|십시오", sentence)]


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("name", ["דנה 999", "سارة"])
def test_name_from_right_to_left_leaves_the_number_after_it_in_its_place(language: Language, name: str) -> None:
    """Without the isolate, "5 ♥ 999" is read: as a look with 999 hearts."""
    values = {"style": "Street", "hearts": 5}
    text = translate("talk.board.line", language, name=name, **values)
    assert text == translate("talk.board.line", language, name="Mina", **values).replace("Mina", f"\u2068{name}\u2069")


def test_name_from_right_to_left_takes_the_particle_of_its_number() -> None:
    assert translate("talk.name.offer", Language.KO, name="דנה 10") == "\u2068דנה 10\u2069은 어때요?"
    assert translate("talk.name.offer", Language.KO, name="דנה 9") == "\u2068דנה 9\u2069는 어때요?"


@pytest.mark.parametrize("name", ["민아 2", "Ελένη", "ゆかり", "Mina"])
def test_other_names_are_inserted_as_they_are(name: str) -> None:
    text = translate("talk.board.line", Language.EN, style="Street", name=name, hearts=5)
    assert f" {name} " in text
