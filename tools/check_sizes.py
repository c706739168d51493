"""Check that modules and functions are short: `python -m tools.check_sizes`. Part of `make lint`."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDERS = ("core", "bot", "webhooks", "leaderboard_web", "eva", "benchmarks", "tools", "tests")
MIGRATIONS = "core/db/migrations"
"""They create many tables, and are never changed."""
MAX_MODULE_LINES = 400
MAX_FUNCTION_LINES = 60
"""Without the docstring. Tests may be longer: they are read from top to bottom."""


def check_module(path: str, source: str) -> Iterator[str]:
    """Find what is too long in a module; each finding is a line to print.

    Args:
        path: relative to the repository, with slashes.
        source: its text.
    """
    if (lines := source.count("\n")) > MAX_MODULE_LINES:
        yield f"{path}: {lines} lines, at most {MAX_MODULE_LINES}"
    if path.startswith("tests/"):
        return
    for function in ast.walk(ast.parse(source)):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = _count_lines(function) - (_count_lines(function.body[0]) if ast.get_docstring(function) else 0)
            if lines > MAX_FUNCTION_LINES:
                yield f"{path}:{function.lineno}: {function.name} has {lines} lines, at most {MAX_FUNCTION_LINES}"


def _count_lines(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def check_repository(root: Path = ROOT) -> list[str]:
    """All findings in the code but migrations."""
    modules = [file for folder in FOLDERS for file in sorted((root / folder).rglob("*.py"))]
    paths = {file.relative_to(root).as_posix(): file for file in modules}
    return [
        finding
        for path, file in paths.items()
        if not path.startswith(MIGRATIONS)
        for finding in check_module(path, file.read_text("utf-8"))
    ]


def main() -> int:
    """Print all findings; 1 if there are any."""
    findings = check_repository()
    print(*findings, sep="\n", end="\n" if findings else "")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
