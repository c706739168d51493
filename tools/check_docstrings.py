"""Check that docstrings name parameters and errors: `python -m tools.check_docstrings`.

Part of `make lint`. A public function with four or more parameters has `Args`, one that raises has `Raises`. Route
handlers and commands have neither: their parameters are documented where they are declared, and their docstrings are
read by users, as the description of the HTTP API and as `--help`.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
FOLDERS = ("core", "bot", "webhooks", "leaderboard_web", "eva", "benchmarks", "tools")
MOST_WITHOUT_ARGS = 3
_Function = ast.FunctionDef | ast.AsyncFunctionDef
_ENTRY_POINTS = frozenset({"get", "post", "put", "delete", "head", "route", "api_route", "command", "callback", "task"})
"""Decorators that hand a function to FastAPI, Typer or Procrastinate."""
_PUBLIC_SPECIAL_METHODS = frozenset({"__init__", "__call__", "__enter__", "__aenter__"})


class DocstringFinding(NamedTuple):
    """A docstring without a section that it needs."""

    path: str
    line: int
    function: str
    section: str
    """`Args` or `Raises`."""


def check_python(path: str, source: str) -> Iterator[DocstringFinding]:
    """Find the public functions and methods of a module whose docstrings lack `Args` or `Raises`.

    Args:
        path: relative to the repository, with slashes.
        source: its text.
    """
    for function in _public_functions(ast.parse(source)):
        docstring = ast.get_docstring(function) or ""
        if _count_parameters(function) > MOST_WITHOUT_ARGS and "Args:" not in docstring:
            yield DocstringFinding(path, function.lineno, function.name, "Args")
        if (
            any(isinstance(node, ast.Raise) and node.exc for node in _own_nodes(function))
            and "Raises:" not in docstring
        ):
            yield DocstringFinding(path, function.lineno, function.name, "Raises")


def _public_functions(scope: ast.Module | ast.ClassDef) -> Iterator[_Function]:
    for node in scope.body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                is_public = not name.startswith("_") or name in _PUBLIC_SPECIAL_METHODS
                if is_public and not any(map(_is_entry_point, node.decorator_list)):
                    yield node
            case ast.ClassDef(name=name) if not name.startswith("_"):
                yield from _public_functions(node)


def _is_entry_point(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(called, ast.Attribute) and called.attr in _ENTRY_POINTS


def _count_parameters(function: _Function) -> int:
    arguments = function.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return sum(argument.arg not in {"self", "cls"} for argument in named)


def _own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes of a function but those of the functions and classes in it."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, _Function | ast.ClassDef | ast.Lambda):
            yield child
            yield from _own_nodes(child)


def check_repository(root: Path = ROOT) -> list[DocstringFinding]:
    """All findings in the code that is not a test."""
    return [
        finding
        for folder in FOLDERS
        for file in sorted((root / folder).rglob("*.py"))
        for finding in check_python(file.relative_to(root).as_posix(), file.read_text("utf-8"))
    ]


def main() -> int:
    """Print all findings; 1 if there are any."""
    findings = check_repository()
    for finding in findings:
        print(f"{finding.path}:{finding.line}: {finding.function} has no {finding.section}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
