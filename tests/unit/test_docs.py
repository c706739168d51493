"""The documentation agrees with the code."""

import ast
import re
from collections.abc import Callable
from functools import reduce
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import SecretStr
from typer.main import get_command

from core.conversation.actions import ActionType
from core.conversation.item_corrections import find_item_correction
from core.conversation.item_questions import find_item_question
from core.conversation.open_questions import find_open_question
from core.i18n.translations import Language, translate
from core.settings import Settings
from eva.cli import app
from tests.conftest import ROOT
from tools.generate_docs import generated_pages
from webhooks import health, messengers

PATTERNS = ("*.md", "docs/**/*.md", "samples/*.md", "leaderboard_web/**/*.md")
PAGES = sorted(page for pattern in PATTERNS for page in ROOT.glob(pattern))
PACKAGES = ("core", "bot", "webhooks", "leaderboard_web", "eva")
HTTP_API = (ROOT / "docs" / "http-api.md").read_text("utf-8")
MESSENGER_ROUTERS = (messengers.telegram_router, messengers.skill_router, messengers.unlink_router)
DECISIONS = ROOT / "docs" / "adr"
README = (ROOT / "README.md").read_text("utf-8")
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
TOOLS = (ROOT / "docs" / "tools.md").read_text("utf-8")
CLI = (ROOT / "docs" / "cli.md").read_text("utf-8")
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text("utf-8")
PYTHON_EXAMPLES = [
    source
    for page in PAGES
    for source in re.findall(r"^```python\n(.*?)^```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)
]


def page_id(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def anchors(page: Path) -> set[str]:
    """Anchors that GitHub gives to the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_readme_is_short() -> None:
    assert README.count("\n") < 120


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_links_resolve(page: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"", page.read_text("utf-8"))
    broken = []
    for link in filter(None, (part for pair in links for part in pair)):
        path, _, anchor = link.partition("#")
        if ":" in path:
            continue
        target = page.parent / path if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert not broken


@pytest.mark.parametrize("page", generated_pages(), ids=page_id)
def test_generated_pages_are_up_to_date(page: Path) -> None:
    assert page.read_text("utf-8") == generated_pages()[page], "run `make docs`"


@pytest.mark.parametrize("field", Settings.model_fields)
def test_every_setting_is_documented(field: str) -> None:
    variable = Settings.model_fields[field].validation_alias or f"EVA_{field.upper()}"
    assert f"| `{variable}` |" in CONFIGURATION
    assert Settings.model_fields[field].description


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_documented_settings_exist(page: Path) -> None:
    variables = set(re.findall(r"`(?:[^`]*\s)?\$?(EVA_[A-Z_]+[A-Z])", page.read_text("utf-8")))
    known = {f"EVA_{field.upper()}" for field in Settings.model_fields} | {
        "EVA_TEST_TORTURE",
        "EVA_TEST_REQUIRE_BROWSER",
    }
    assert not variables - known


def test_the_rotation_of_every_secret_is_described() -> None:
    guide = (ROOT / "docs" / "deployment.md").read_text("utf-8")
    section = guide.partition("## Secrets and their rotation")[2].partition("\n## ")[0]
    secrets = {name for name, field in Settings.model_fields.items() if SecretStr in get_args(field.annotation)}
    # In the row of the database's password.
    names = {f"EVA_{name.upper()}" for name in secrets - {"database_url", "queue_database_url"}}
    assert names <= set(re.findall(r"`(EVA_[A-Z_]+)`", section))
    assert len(names) >= 9


@pytest.mark.parametrize("command", sorted(get_command(app).commands))  # type: ignore[attr-defined]
def test_every_command_is_documented(command: str) -> None:
    assert f"`eva {command}" in CLI or f"`{command}`" in CLI
    assert get_command(app).commands[command].rich_help_panel, "under which `eva --help` lists it"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "program",
    [
        path.stem
        for folder in ("benchmarks", "tools")
        for path in sorted((ROOT / folder).glob("*.py"))
        if '__name__ == "__main__"' in path.read_text("utf-8")
    ],
)
def test_every_benchmark_and_tool_is_documented(program: str) -> None:
    targets = re.findall(r"^([a-z-]+):.*\n\t@\$\(BIN\)/python -m (?:benchmarks|tools)\.(\w+)", MAKEFILE, re.MULTILINE)
    names = {program, *(target for target, module in targets if module == program)}
    assert any(re.search(rf"[`.]{name}[` ]|`make {name}`", TOOLS) for name in names)


def test_every_endpoint_for_machines_is_documented() -> None:
    routers = (health.router, health.operator_router, *MESSENGER_ROUTERS)
    paths = {route.path for router in routers for route in router.routes}  # type: ignore[attr-defined]
    assert paths == set(
        re.findall(r"^\| `(?:GET|POST) (/[a-z/]+)` \|", HTTP_API.partition("## Pages")[0], re.MULTILINE)
    )


def test_decisions_are_listed() -> None:
    listed = re.findall(
        r"^\| (\d{4}) \| \[(.+)\]\((.+)\) \|", (DECISIONS / "README.md").read_text("utf-8"), re.MULTILINE
    )
    records = {page.name: page.read_text("utf-8").partition("\n")[0] for page in DECISIONS.glob("0*.md")}
    assert {name: f"# {int(number)}. {title}" for number, title, name in listed} == records


def test_named_decisions_exist() -> None:
    sources = [file for package in (*PACKAGES, "benchmarks", "tools") for file in (ROOT / package).rglob("*.py")]
    numbers = {page.name[:4] for page in DECISIONS.glob("0*.md")}
    named = {
        (number, file.relative_to(ROOT).as_posix())
        for file in [*sources, *PAGES]
        for number in re.findall(r"\bADR\s+(\d+)", file.read_text("utf-8"))
    }
    assert [pair for pair in sorted(named) if pair[0] not in numbers] == []


@pytest.mark.parametrize("page", ["login.md", "privacy.md"])
def test_quoted_labels_are_those_of_buttons(page: str) -> None:
    labels = {translate(f"talk.button.{action_type}", Language.KO) for action_type in ActionType}
    quoted = set(re.findall(r'"([^"]*[가-힣][^"]*)"', (ROOT / "docs" / page).read_text("utf-8")))
    assert quoted
    assert quoted <= labels


def test_examples_of_messages_about_items_are_recognized() -> None:
    kinds: dict[str, Callable[[str], object]] = {
        "correction": find_item_correction,
        "open question": find_open_question,
        "question": find_item_question,
    }
    page = (ROOT / "docs" / "intents.md").read_text("utf-8")
    rows = re.findall(r"^\| ([a-z ]+) \| (\".+?) \|", page.partition("## Items and colors")[2], re.MULTILINE)
    assert {kind for kind, _ in rows} == set(kinds)
    for kind, examples in rows:
        for example in re.findall(r'"([^"]+)"', examples):
            first = next((name for name, find in kinds.items() if find(example) is not None), None)
            assert first == kind, example


@pytest.mark.parametrize("source", PYTHON_EXAMPLES)
def test_examples_in_python_call_what_exists(source: str) -> None:
    tree, names = ast.parse(source), dict[str, Any]()
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=str(module), names=imported):
                names |= {alias.name: getattr(import_module(module), alias.name) for alias in imported}
            case ast.withitem(context_expr=ast.Call(func=ast.Name(id=name)), optional_vars=ast.Name(id=variable)):
                names[variable] = names[name]()
    checked = 0
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        root, *path = ast.unparse(call.func).split(".")
        if root in names and "(" not in ast.unparse(call.func):
            function = reduce(getattr, path, names[root])
            signature(function).bind(*call.args, **{str(keyword.arg): keyword for keyword in call.keywords})
            checked += 1
    assert checked > 0, "an unknown name, or other arguments, would have raised"
