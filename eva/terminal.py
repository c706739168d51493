"""The terminal: its language, and Eva's sentences for what goes wrong in it."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from bot.texts import Language, negotiate, text

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Lang", "kindly", "language_of", "spoken", "stop"]

Lang = Annotated[
    str | None, typer.Option("--lang", metavar="ko|en", help="Eva's language; your terminal's if not given.")
]


def spoken() -> Language:
    """The language of this terminal, by LC_ALL, LC_MESSAGES and LANG."""
    return negotiate(next(filter(None, map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), None))


def language_of(wish: str | None) -> Language:
    """The language that `--lang` asks for, else the terminal's.

    Raises:
        BadParameter: Eva does not speak it.
    """
    if wish is None:
        return spoken()
    if wish not in set(Language):
        raise typer.BadParameter(text("cli.unknown_language", spoken(), language=wish))
    return Language(wish)


@contextlib.contextmanager
def kindly(language: Language) -> Iterator[None]:
    """Turn Eva's errors into her sentences and exit code 1."""
    from bot.voice import apologise  # noqa: PLC0415
    from core.errors import (  # noqa: PLC0415
        EngineUnavailable,
        EvaError,
        MemoryFault,
        ModelError,
        SecretMissing,
        TokenRefused,
        TrainingError,
    )

    try:
        yield
    except (TrainingError, MemoryFault, SecretMissing, TokenRefused) as error:
        # Only who runs Eva meets these, and can do something about them.
        stop(str(error))
    except EngineUnavailable as error:
        mend = text("cli.doctor.engine.mend", language, engine=os.environ.get("EVA_ENGINE", "litert"))
        stop(f"{mend} ({error.detail})")
    except ModelError as error:
        stop(f"{apologise(error, language)}\n{text('cli.doctor.model.mend', language)} ({error})")
    except EvaError as error:
        stop(apologise(error, language))


def stop(sentence: str) -> NoReturn:
    """Say why, and end with exit code 1."""
    typer.echo(sentence, err=True)
    raise typer.Exit(1)
