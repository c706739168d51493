"""Static checks of all templates."""

import re

import pytest

from core.clothing import COLORS, Color
from core.i18n.translations import Language, translate, variant_keys
from leaderboard_web.urls import STATIC_DIR

TEMPLATES = sorted((STATIC_DIR.parent / "templates").rglob("*.html"))


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


def test_what_scripts_import_is_loaded_together_with_them() -> None:
    scripts = [path.read_text("utf-8") for path in STATIC_DIR.glob("*.js")]
    imported = {
        name for text in scripts for name in re.findall(r'^(?:import|} from|import .+ from) "./(.+)"', text, re.M)
    }
    pages = "".join(path.read_text("utf-8") for path in TEMPLATES)
    loaded = set(re.findall(r'(?:modulepreload" href|type="module" src)="{{ static_url\("([^"]+)"\)', pages))
    assert "chat.js" in imported
    assert imported - loaded == set()


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
