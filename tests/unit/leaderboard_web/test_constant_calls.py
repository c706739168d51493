"""Calls in templates that return the same for every page."""

import pytest

from core.i18n.translations import Language, translate
from leaderboard_web import templating
from leaderboard_web.templating import get_environment
from leaderboard_web.urls import static_url


def test_a_text_without_values_is_translated_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def count(key: str, language: Language, /, **values: object) -> str:
        calls.append(key)
        return translate(key, language, **values)

    monkeypatch.setattr(templating, "translate", count)
    template = get_environment(Language.EN).from_string('{{ t("look.says") }}, {{ t("board.place", place=place) }}')
    pages = [template.render(place=place) for place in (1, 2)]
    says = translate("look.says", Language.EN)
    assert pages == [f"{says}, {translate('board.place', Language.EN, place=place)}" for place in (1, 2)]
    assert sorted(calls) == ["board.place", "board.place", "look.says"]


def test_texts_are_escaped_and_can_be_part_of_an_expression(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(templating, "translate", lambda key, language, /, **values: f"<{key}|{language}>")
    environment = get_environment(Language.KO)
    assert environment.from_string('{{ t("a") }}').render() == "&lt;a|ko&gt;"
    assert environment.from_string('{{ t("a").split("|")[1] ~ t("b" ~ c) }}').render(c=1) == "ko&gt;&lt;b1|ko&gt;"
    assert environment.from_string('{{ t("a") if yes else t("b") }}').render(yes=False) == "&lt;b|ko&gt;"


def test_files_and_paths_are_constants() -> None:
    environment = get_environment(Language.KO)
    page = environment.from_string('{{ static_url("base.css") }} {{ static_url(name) }}').render(name="chat.css")
    assert page == f"{static_url('base.css')} {static_url('chat.css')}"


def test_an_unknown_text_is_an_error_of_the_page() -> None:
    with pytest.raises(KeyError, match="no such text"):
        get_environment(Language.KO).from_string('{{ t("no such text") }}').render()
