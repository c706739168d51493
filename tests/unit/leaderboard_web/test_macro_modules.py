"""Modules of macros, which all pages of a language share."""

import re

import pytest
from jinja2 import Environment, meta

from core.i18n.translations import Language
from leaderboard_web.templating import create_environment

IMPORT = re.compile(r'{% (?:import|from) "([^"]+)"')


@pytest.fixture(scope="module")
def environment() -> Environment:
    return create_environment(Language.KO)


def _source(environment: Environment, name: str) -> str:
    assert environment.loader is not None
    return environment.loader.get_source(environment, name)[0]


def test_modules_of_macros_use_nothing_of_a_page(environment: Environment) -> None:
    """They are created once for all pages: what they read from a page would be shown on the next one."""
    sources = {name: _source(environment, name) for name in environment.list_templates()}
    modules = {module for source in sources.values() for module in IMPORT.findall(source)}
    assert "macros/look_card.html" in modules
    assert not [name for name, source in sources.items() if " with context " in source]
    for name in modules:
        used = meta.find_undeclared_variables(environment.parse(sources[name]))
        assert used <= environment.globals.keys(), name


def test_each_language_has_its_own_texts() -> None:
    template = "{{ t('page.language_ko') }} {{ t('board.style.all') }} {{ language }}"
    texts = {create_environment(language).from_string(template).render() for language in Language}
    assert len(texts) == len(Language)
