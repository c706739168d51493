from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.main import get_command

from core.settings import Settings
from eva import app
from tests.conftest import ROOT

PAGES = [ROOT / "README.md", ROOT / "samples" / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
README = PAGES[0].read_text("utf-8")


@pytest.mark.parametrize("field", Settings.model_fields)
def test_every_setting_is_documented(field: str) -> None:
    variable = Settings.model_fields[field].validation_alias or f"EVA_{field.upper()}"
    assert f"| `{variable}` |" in README


@pytest.mark.parametrize("command", sorted(get_command(app).commands))  # type: ignore[attr-defined]
def test_every_command_is_shown(command: str) -> None:
    assert f"bin/eva {command}" in README


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text("utf-8")
    links = re.findall(r"\]\(([^)#:]+)\)|src=\"([^\":]+)\"", text)
    broken = [link for pair in links for link in pair if link and not (page.parent / link).exists()]
    assert not broken
