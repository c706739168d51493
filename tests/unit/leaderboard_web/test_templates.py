"""Static checks of all templates."""

import re

import pytest

from core.clothing import COLORS, Color
from core.i18n.translations import Language, translate, variant_keys
from leaderboard_web.urls import STATIC_DIR

TEMPLATE_DIR = STATIC_DIR.parent / "templates"
TEMPLATES = sorted(TEMPLATE_DIR.rglob("*.html"))
TEMPLATE_NAMES = [path.relative_to(TEMPLATE_DIR).as_posix() for path in TEMPLATES]


def arguments(function: str) -> set[str]:
    """The literal first arguments of a function in all templates."""
    pattern = re.compile(rf'\b{function}\(\s*"([^"]+)"\s*[,)]')
    return {argument for path in TEMPLATES for argument in pattern.findall(path.read_text("utf-8"))}


def test_every_static_file_exists() -> None:
    names = arguments("static_url")
    assert len(names) > 5
    assert {name for name in names if not (STATIC_DIR / name).is_file()} == set()


def exists(key: str, language: Language) -> bool:
    """Whether a text exists; one that needs values does, too."""
    try:
        translate(key, language)
    except KeyError as error:
        return error.args != (key,)
    return True


@pytest.mark.parametrize("language", list(Language))
def test_every_translation_exists(language: Language) -> None:
    keys = arguments("t")
    assert len(keys) > 100
    assert {key for key in keys if not exists(key, language)} == set()
    assert all(variant_keys(key, language) for key in arguments("texts"))


def find_imports(script: str) -> set[str]:
    """The scripts that a script imports, and those that they import."""
    text = (STATIC_DIR / script).read_text("utf-8")
    imported = set(re.findall(r'^(?:import|} from|import .+ from) "./(.+)"', text, re.M))
    return imported.union(*map(find_imports, imported))


def read_with_parts(name: str) -> str:
    """The text of a template, of those that it extends and includes, and of the heads that it takes from macros."""
    text = (TEMPLATE_DIR / name).read_text("utf-8")
    parts = [read_with_parts(part) for part in re.findall(r'{% (?:extends|include) "(.+?)"', text)]
    for module, head in re.findall(r"{{ (\w+)\.(\w*head) }}", text):
        macros = (TEMPLATE_DIR / f"macros/{module}.html").read_text("utf-8")
        parts += re.findall(rf"{{% set {head} %}}.*?{{% endset %}}", macros, re.S)
    return "".join([text, *parts])


@pytest.mark.parametrize("name", [name for name in TEMPLATE_NAMES if not name.startswith("macros/")])
def test_what_scripts_import_is_loaded_together_with_them(name: str) -> None:
    page = read_with_parts(name)
    scripts = set(re.findall(r'type="module" src="{{ static_url\("([^"]+)"\)', page))
    preloaded = set(re.findall(r'modulepreload" href="{{ static_url\("([^"]+)"\)', page))
    imported = set().union(*map(find_imports, scripts))
    assert imported - scripts - preloaded == set()


def test_imports_of_scripts_are_found() -> None:
    assert find_imports("report.js") == {"toast.js", "requests.js"}
    assert "chat.js" in find_imports("try-form.js")
    assert "toggles.js" in read_with_parts("leaderboard.html")


def test_every_time_is_written_as_html_knows_it() -> None:
    times = {time for path in TEMPLATES for time in re.findall(r'datetime="{{ (.+?) }}"', path.read_text("utf-8"))}
    assert "date.isoformat()" in times
    # After a second, HTML takes three digits at most.
    assert {time for time in times if not re.fullmatch(r'date\.isoformat\(\)|.+\(timespec="seconds"\)', time)} == set()


@pytest.mark.parametrize("color", COLORS)
def test_each_color_of_the_leaderboard_has_a_tint(color: Color) -> None:
    # The address takes colors that no chip offers.
    assert re.search(
        rf"^\.tint-{color} {{ --tint: .+; }}$", (STATIC_DIR / "cards.css").read_text("utf-8"), re.MULTILINE
    )
