"""What is poured reads as what would have been rendered."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import pytest
from jinja2 import Environment, StrictUndefined

from leaderboard_web.moulds import deferrable, pour

ID = UUID(int=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    name: str
    path: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    id: UUID = ID
    owner: Owner
    count: int = 3
    given: bool = False
    lines: tuple[str, ...] = ()


SOURCE = """
{% macro inner(path) %}<a href="{{ path }}" data-path="{{ path }}">{{ caller() }}</a>{% endmacro %}
{% macro thing(t, thing, first=false) %}
{%- call inner("/things/" ~ thing.id) %}{{ t("by", name=thing.owner.name) }}{% endcall %}
{%- if thing.owner.path %}<i>{{ thing.owner.path }}</i>{% endif %}
{%- if first %}<b>100% {first} %s {0}</b>{% endif %}
{{- "on" if thing.given else "off" }} {{ thing.count }}
{%- for line in thing.lines %}<p>{{ loop.index }} {{ line }}</p>{% endfor %}
{%- endmacro %}
{% macro compares(t, thing) %}{% if thing.owner.name == "Mina" %}yes{% endif %}{% endmacro %}
{% macro changes(t, thing) %}{{ (thing.owner.name ~ "!") | urlencode }}{% endmacro %}
{% macro adds(t, thing) %}{{ thing.count + 1 }}{% endmacro %}
{% macro formats(t, thing) %}{{ "{:03}".format(thing.count) }}{% endmacro %}
{% macro upper(t, thing) %}{{ thing.owner.name | upper }}{% endmacro %}
{% macro lower(t, thing) %}{{ thing.owner.name | lower }}{% endmacro %}
{% macro title(t, thing) %}{{ thing.owner.name | title }}{% endmacro %}
{% macro once(t, thing) %}{{ thing.owner.name }} {{ thing.owner.name | upper }}{% endmacro %}
{% macro trim(t, thing) %}{{ thing.owner.name | trim }}{% endmacro %}
"""


def said(key: str, **words: object) -> str:
    return f"{key} {words['name']}<"


speak = deferrable(said)
macros = Environment(autoescape=True, undefined=StrictUndefined).from_string(SOURCE).module


@pytest.mark.parametrize("name", ["Mina", "<script>{x}%s{0}</script>", "a&b\"'", "\ue0000\ue000", "{", "}}"])
@pytest.mark.parametrize("path", [None, "/people/a?b=1&c=2"])
@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("lines", [(), ("one",), ("<i>", "", "three")])
@pytest.mark.parametrize("count", [0, 3])
def test_it_is_what_the_macro_makes(
    name: str, path: str | None, first: bool, lines: tuple[str, ...], count: int
) -> None:
    for given in (True, False):
        thing = Thing(owner=Owner(name=name, path=path), given=given, lines=lines, count=count)
        assert pour(macros.thing, speak, thing, first) == macros.thing(speak, thing, first)  # type: ignore[attr-defined]


@pytest.mark.parametrize("macro", ["compares", "changes", "adds", "formats", "upper", "lower", "title", "trim", "once"])
def test_a_template_that_needs_to_know_is_refused(macro: str) -> None:
    with pytest.raises(TypeError):
        pour(getattr(macros, macro), speak, Thing(owner=Owner(name="Mina")))
