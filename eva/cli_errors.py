"""Language, settings and errors of the command line."""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any, NoReturn

import typer

from core.errors import (
    BackendUnavailableError,
    BackupError,
    DecoderUnavailableError,
    EvaError,
    InvalidBotTokenError,
    MissingSecretKeyError,
    ModelError,
    PersistenceError,
    PhotoError,
    TracingUnavailableError,
    TrainingError,
    WeakSecretKeyError,
)
from core.i18n.translations import Language, negotiate_language, translate
from core.settings import Settings

LanguageOption = Annotated[
    str | None, typer.Option("--lang", metavar="ko|en", help="Language of the output; the terminal's by default.")
]


SETTING_PROBLEMS = {
    "bool_parsing": "switch",
    "enum": "choice",
    "float_parsing": "number",
    "greater_than_equal": "at_least",
    "int_parsing": "number",
    "ip_v4_network": "network",
    "ip_v6_network": "network",
    "less_than_equal": "at_most",
    "string_pattern_mismatch": "pattern",
    "too_short": "short",
    "url_parsing": "url",
    "url_scheme": "url",
    **{own: own for own in ("admins", "everyone", "path", "rds", "renamed", "together", "unknown", "webhook_secret")},
}
"""What pydantic and `core.settings` call a wrong setting -> the end of the key of its text, `cli.setting.<...>`."""


OPERATOR_ERRORS = (
    BackupError,
    DecoderUnavailableError,
    InvalidBotTokenError,
    MissingSecretKeyError,
    PersistenceError,
    TracingUnavailableError,
    TrainingError,
    WeakSecretKeyError,
)
"""Errors that commands end with; each of them and of their subclasses has a text, `cli.error.<its name>`."""


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
    """Read the settings from the environment, and log by them to stderr, without secrets.

    Ends the process with exit code 1 if they are invalid.
    """
    settings = read_settings()
    from core.logging import configure_logging

    configure_logging(settings.env, secrets=settings.secrets)
    return settings


def read_settings() -> Settings:
    """The settings, for commands that log nothing and start faster without the parts of a server.

    Ends the process with exit code 1 if they are invalid.
    """
    from pydantic import ValidationError

    try:
        return Settings()
    except ValidationError as error:
        language = terminal_language()
        # An address that is neither one of IPv4 nor of IPv6 is two problems with the same text.
        fail("\n".join(dict.fromkeys(_describe_setting(problem, language) for problem in error.errors())))
    except EvaError as error:
        fail(describe_error(error, terminal_language()))


def _describe_setting(problem: Mapping[str, Any], language: Language) -> str:
    """The variable that an error of pydantic is about, or several, and what is wrong with it."""
    values = problem.get("ctx", {})
    field = str(problem["loc"][0]) if problem["loc"] else ""
    variable = field if field.isupper() else f"EVA_{field.upper()}"
    names = variable if field else values.get("names", "")
    key = SETTING_PROBLEMS.get(problem["type"])
    if key is None:
        return f"{names}: {problem['msg']}"
    if "expected" in values:
        values = {**values, "expected": values["expected"].replace(" or ", ", ")}
    limit = next((values[name] for name in ("ge", "le", "min_length") if name in values), None)
    return f"{names}: {translate(f'cli.setting.{key}', language, **{**values, 'limit': limit})}"


@contextmanager
def exit_on_error(language: Language) -> Iterator[None]:
    """Print Eva's errors for a person and end with exit code 1."""
    from core.conversation.narration import error_message

    try:
        yield
    except BackendUnavailableError as error:
        advice = translate("cli.doctor.engine.fix", language, engine=os.environ.get("EVA_ENGINE", "litert"))
        fail(f"{advice} ({error.detail})")
    except ModelError as error:
        fail(f"{translate('cli.doctor.model.fix', language)} ({error})")
    except PhotoError as error:
        fail(error_message(error, language))
    except EvaError as error:
        fail(describe_error(error, language))


def describe_error(error: EvaError, language: Language) -> str:
    """What an error means for an operator, with its details, which are in English."""
    if not isinstance(error, OPERATOR_ERRORS):
        return str(error)
    name = re.sub("(?<=[a-z])(?=[A-Z])", "_", type(error).__name__.removesuffix("Error")).lower()
    text = translate(f"cli.error.{name}", language)
    return f"{text.rstrip('.')}: {error.detail}" if error.detail else text


def fail(message: str) -> NoReturn:
    """Print a message to stderr and end with exit code 1.

    Raises:
        Exit: always, with code 1.
    """
    typer.echo(message, err=True)
    raise typer.Exit(1)
