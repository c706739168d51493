"""Modules of macros, which all pages of a language share."""

import pytest
from jinja2 import Environment, meta, nodes

from core.i18n.translations import Language
from leaderboard_web.templating import MACROS, get_environment


@pytest.fixture(scope="module")
def environment() -> Environment:
    return get_environment(Language.KO)


def _parse(environment: Environment, name: str) -> nodes.Template:
    assert environment.loader is not None
    return environment.parse(environment.loader.get_source(environment, name)[0])


def test_modules_of_macros_use_nothing_of_a_page(environment: Environment) -> None:
    """They are created once for all pages: what they read from a page would be shown on the next one."""
    trees = {name: _parse(environment, name) for name in environment.list_templates()}
    imports: list[nodes.Import | nodes.FromImport] = []
    for tree in trees.values():
        imports += [*tree.find_all(nodes.Import), *tree.find_all(nodes.FromImport)]
    modules = {found.template.as_const() for found in imports} | {name for name in trees if name.startswith("macros/")}
    assert modules >= {f"macros/{name}.html" for name in MACROS}
    assert not [found for found in imports if found.with_context]
    for name in modules:
        assert meta.find_undeclared_variables(trees[name]) <= environment.globals.keys(), name
        assert not list(trees[name].find_all(nodes.Include)), name


def test_each_language_has_its_own_texts() -> None:
    template = "{{ t('page.language_ko') }} {{ t('board.style.all') }} {{ language }}"
    turns = (Language.KO, Language.EN, Language.KO)
    first, other, again = (get_environment(language).from_string(template).render() for language in turns)
    assert first == again != other
