"""Commands that the documentation names, in sentences, tables and examples, exist and take the options that it gives.

Nothing is run here. Those in `sh` blocks are run by `tests/acceptance/test_documented_commands.py`.
"""

import argparse
import importlib
import inspect
import re
import shlex
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.exceptions import TyperException

from eva.cli import app
from tests.conftest import ROOT

PAGES = sorted(page for pattern in ("*.md", "docs/**/*.md", "samples/*.md") for page in ROOT.glob(pattern))
PROGRAMS = ("eva", "python", "make", "pytest")
PLACEHOLDERS = {"N": "1", "COMMAND": "ask"}
"""What stands in for placeholders where any text would be refused."""
NO_COMMANDS = {"eva worker queue", "eva board", "eva vacuum"}
"""Names under which PostgreSQL lists connections."""
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


class ParsedError(Exception):
    """Ends a program after it has parsed its options."""


def mentioned_commands() -> Iterator[str]:
    """Each command without its path and with single spaces."""
    for page in PAGES:
        text = re.sub(r"^ *```.*?^ *```", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
        examples = re.findall(r"^ {4}(?! )((?:.*\\\n)*.*)$", text, re.MULTILINE)
        for found in [*re.findall(r"`([^`]+)`", text), *examples]:
            command = " ".join(found.replace("\\\n", " ").replace(".venv/bin/", "").split())
            if command.partition(" ")[0] in PROGRAMS and " " in command and command not in NO_COMMANDS:
                yield command


COMMANDS = sorted(set(mentioned_commands()))


@pytest.mark.parametrize("command", COMMANDS)
def test_mentioned_command_exists(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program, *arguments = (PLACEHOLDERS.get(word, word) for word in shlex.split(command))
    match program:
        case "eva":
            parse_eva(arguments)
        case "make":
            assert {word for word in arguments if "=" not in word} <= TARGETS
        case "pytest":
            assert [path for path in arguments if not (ROOT / path.partition("::")[0]).exists()] == []
        case "python":
            parse_module(arguments[arguments.index("-m") + 1 :], monkeypatch)


def test_commands_are_found_in_sentences_tables_and_examples() -> None:
    assert "eva export --data DATA --run runs/taller --models runs/taller/models" in COMMANDS
    assert "python -m tools.clothes_figures DATA" in COMMANDS
    assert any(command.startswith("eva train") and "taller.json --start FIRST" in command for command in COMMANDS)


@pytest.mark.parametrize(
    ("command", "error"),
    [
        ("eva export --no-such-option", TyperException),
        ("eva evaluate --data", TyperException),
        ("eva finetune --photos many", AssertionError),
        ("eva nothing", KeyError),
        ("make nothing", AssertionError),
        ("python -m benchmarks.pages --no-such-option", SystemExit),
        ("python -m benchmarks.nothing", ModuleNotFoundError),
    ],
)
def test_a_wrong_command_is_found(command: str, error: type[BaseException], monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(error):
        test_mentioned_command_exists(command, monkeypatch)


def parse_eva(arguments: list[str]) -> None:
    """Parse the arguments of `eva`. A sentence may leave out what a command requires, and its paths need not exist."""
    command: Any = typer.main.get_command(app)
    while arguments and not arguments[0].startswith("-") and hasattr(command, "commands"):
        command, arguments = command.commands[arguments[0]], arguments[1:]
    if not arguments or arguments[0] in {"--help", "--version"}:
        return
    try:
        context = command.make_context(command.name, [word for word in arguments if word != "..."])
    except typer.BadParameter as error:
        is_missing = type(error).__name__ == "MissingParameter"
        assert is_missing or error.message.endswith("does not exist."), error.message
    else:
        assert not context.args, f"not understood: {context.args}"


def parse_module(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Import a module and let it parse its options; one without a parser has only arguments by their place."""
    name, *options = arguments
    module = importlib.import_module(name)
    source = inspect.getsource(module)
    assert '__name__ == "__main__"' in source
    if "ArgumentParser" not in source:
        assert not options or "sys.argv" in source
        return
    parse = argparse.ArgumentParser.parse_args

    def parse_and_end(parser: argparse.ArgumentParser, *_: object) -> None:
        parse(parser, options)
        raise ParsedError

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", parse_and_end)
    monkeypatch.setattr(sys, "argv", [name, *options])
    with pytest.raises(ParsedError):
        module.main()
