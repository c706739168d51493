"""The terminal: its language, and Eva's sentences for what goes wrong in it."""

import contextlib
import os
from collections.abc import Iterator
from typing import Annotated, NoReturn

import typer

from core.i18n.translations import Language, negotiate_language, translate

LanguageOption = Annotated[
    str | None, typer.Option("--lang", metavar="ko|en", help="Eva's language; your terminal's if not given.")
]


def terminal_language() -> Language:
    """The language of this terminal, by LC_ALL, LC_MESSAGES and LANG."""
    return negotiate_language(next(filter(None, map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), None))


def chosen_language(requested: str | None) -> Language:
    """The language that `--lang` asks for, else the terminal's.

    Raises:
        BadParameter: Eva does not speak it.
    """
    if requested is None:
        return terminal_language()
    if requested not in set(Language):
        raise typer.BadParameter(translate("cli.unknown_language", terminal_language(), language=requested))
    return Language(requested)


@contextlib.contextmanager
def exit_on_error(language: Language) -> Iterator[None]:
    """Turn Eva's errors into her sentences and exit code 1."""
    from core.conversation.narration import error_message
    from core.errors import (
        BackendUnavailableError,
        EvaError,
        InvalidBotTokenError,
        MissingSecretKeyError,
        ModelError,
        PersistenceError,
        TrainingError,
    )

    try:
        yield
    except (TrainingError, PersistenceError, MissingSecretKeyError, InvalidBotTokenError) as error:
        # Only who runs Eva meets these, and can do something about them.
        fail(str(error))
    except BackendUnavailableError as error:
        mend = translate("cli.doctor.engine.mend", language, engine=os.environ.get("EVA_ENGINE", "litert"))
        fail(f"{mend} ({error.detail})")
    except ModelError as error:
        fail(f"{error_message(error, language)}\n{translate('cli.doctor.model.mend', language)} ({error})")
    except EvaError as error:
        fail(error_message(error, language))


def fail(message: str) -> NoReturn:
    """Say why, and end with exit code 1."""
    typer.echo(message, err=True)
    raise typer.Exit(1)
