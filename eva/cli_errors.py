"""Language, settings and errors of the command line."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, NoReturn

import typer

from core.i18n.translations import Language, negotiate_language, translate
from core.settings import Settings

LanguageOption = Annotated[
    str | None, typer.Option("--lang", metavar="ko|en", help="Language of the output; the terminal's by default.")
]


def terminal_language() -> Language:
    """The language of this terminal, by LC_ALL, LC_MESSAGES and LANG."""
    return negotiate_language(next(filter(None, map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), None))


def chosen_language(requested: str | None) -> Language:
    """The language of `--lang`, or the terminal's without it.

    Raises:
        BadParameter: the language is not supported.
    """
    if requested is None:
        return terminal_language()
    if requested not in set(Language):
        raise typer.BadParameter(translate("cli.unknown_language", terminal_language(), language=requested))
    return Language(requested)


def load_settings() -> Settings:
    """Read the settings from the environment; ends the process with exit code 1 if they are invalid."""
    from pydantic import ValidationError

    from core.errors import EvaError

    try:
        return Settings()
    except ValidationError as error:
        fail("\n".join(f"{_variable(problem['loc'])}{problem['msg']}" for problem in error.errors()))
    except EvaError as error:
        fail(str(error))


def _variable(location: tuple[int | str, ...]) -> str:
    """The environment variable that a validation error is about, with a colon; empty for several."""
    name = str(location[0]) if location else ""
    return f"{name if name.isupper() else f'EVA_{name.upper()}'}: " if name else ""


@contextmanager
def exit_on_error(language: Language) -> Iterator[None]:
    """Print Eva's errors for a person and end with exit code 1."""
    from core.conversation.narration import error_message
    from core.errors import BackendUnavailableError, EvaError, ModelError, PhotoError

    try:
        yield
    except BackendUnavailableError as error:
        advice = translate("cli.doctor.engine.fix", language, engine=os.environ.get("EVA_ENGINE", "litert"))
        fail(f"{advice} ({error.detail})")
    except ModelError as error:
        fail(f"{error_message(error, language)}\n{translate('cli.doctor.model.fix', language)} ({error})")
    except PhotoError as error:
        fail(error_message(error, language))
    except EvaError as error:
        # Meant for operators, without a translation.
        fail(str(error))


def fail(message: str) -> NoReturn:
    """Print a message to stderr and end with exit code 1.

    Raises:
        Exit: always, with code 1.
    """
    typer.echo(message, err=True)
    raise typer.Exit(1)
