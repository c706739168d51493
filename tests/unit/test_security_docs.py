"""Every row of the threat model, the privacy and the reliability page names a test, and every named test exists."""

import ast
import re
from functools import cache

import pytest

from core.db.schema import metadata
from tests.conftest import ROOT

PAGES = ("threat-model.md", "privacy.md", "reliability.md")
REFERENCE = re.compile(r"tests/[\w/.-]+\.py::\w+")


def read(page: str) -> str:
    return (ROOT / "docs" / page).read_text("utf-8")


@cache
def names_of_tests(path: str) -> frozenset[str]:
    """The test functions of a file; empty if it does not exist."""
    file = ROOT / path
    if not file.is_file():
        return frozenset()
    nodes = ast.walk(ast.parse(file.read_text("utf-8")))
    return frozenset(
        node.name
        for node in nodes
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    )


def guarded_rows(text: str) -> list[list[str]]:
    """The rows, as cells, of all tables whose last column is `test`."""
    found: list[list[str]] = []
    is_guarded = False
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.startswith("|"):
            is_guarded = False
        elif cells[-1] == "test":
            is_guarded = True
        elif is_guarded and set(line) - set("|- "):
            found.append(cells)
    return found


@pytest.mark.parametrize("page", PAGES)
def test_every_named_test_exists(page: str) -> None:
    references = set(REFERENCE.findall(read(page)))
    assert references
    missing = [ref for ref in references if ref.partition("::")[2] not in names_of_tests(ref.partition("::")[0])]
    assert not missing


@pytest.mark.parametrize("page", PAGES)
def test_every_table_names_a_test_in_each_row(page: str) -> None:
    text = read(page)
    tables = re.findall(r"^(\|.*\|)\n\|[-|]+\|$", text, re.MULTILINE)
    assert tables
    assert all(header.endswith("| test |") for header in tables)
    rows = guarded_rows(text)
    assert [row[0] for row in rows if not REFERENCE.search(row[-1])] == []
    widths = {len(header.split("|")) - 2 for header in tables}
    assert {len(row) for row in rows} <= widths


def test_no_row_is_written_twice() -> None:
    for page in PAGES:
        rows = [tuple(row[:2]) for row in guarded_rows(read(page))]
        assert len(rows) == len(set(rows)), sorted(rows)


def test_every_table_of_the_database_is_on_the_privacy_page() -> None:
    text = read("privacy.md")
    assert [name for name in metadata.tables if f"`{name}`" not in text and f"`{name}." not in text] == []


def test_a_missing_test_is_noticed() -> None:
    assert not names_of_tests("tests/unit/test_nothing.py")
    assert "test_a_missing_test_is_noticed" in names_of_tests("tests/unit/test_security_docs.py")
    assert guarded_rows("| a | test |\n|---|---|\n| one | |\n\n| b |\n|---|\n| two |\n") == [["one", ""]]
