"""Commands of operators: `eva doctor`, `migrate`, `telegram setup`, `corrections export` and `updates retry`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from core.i18n.translations import translate
from eva.cli_errors import (
    LanguageOption,
    chosen_language,
    describe_error,
    exit_on_error,
    fail,
    load_settings,
    terminal_language,
)

PANEL = "Operation"
app = typer.Typer()
telegram = typer.Typer(no_args_is_help=True, help="Set up the Telegram bot.")
corrections = typer.Typer(no_args_is_help=True, help="Corrections that people made to verdicts.")
updates = typer.Typer(no_args_is_help=True, help="Updates of messengers that could not be processed.")
app.add_typer(telegram, name="telegram", rich_help_panel=PANEL)
app.add_typer(corrections, name="corrections", rich_help_panel=PANEL)
app.add_typer(updates, name="updates", rich_help_panel=PANEL)


class Direction(StrEnum):
    """Action of `eva migrate`."""

    UP = "up"
    DOWN = "down"
    CHECK = "check"


@app.command(rich_help_panel=PANEL)
def doctor(lang: LanguageOption = None) -> None:
    """Check what works on this machine, and how to fix what does not."""
    from rich.console import Console

    from eva.console import print_checks
    from eva.doctor import CheckStatus, run_checks

    language = chosen_language(lang)
    checks = run_checks(load_settings())
    print_checks(Console(highlight=False), checks, language)
    raise typer.Exit(1 if any(check.status is CheckStatus.MISSING for check in checks) else 0)


@app.command(rich_help_panel=PANEL)
def migrate(
    direction: Annotated[Direction, typer.Argument(help="up, down, or check.")] = Direction.UP,
    to: Annotated[str, typer.Option(help="Target of `down`: one step back by default, `base` for all.")] = "-1",
    yes: Annotated[bool, typer.Option("--yes", help="Delete tables without asking.")] = False,
) -> None:
    """Migrate the database, or check that it is up to date."""
    language = terminal_language()
    from core.db.migrate import find_schema_difference, migrate_down, migrate_up
    from core.resources import open_database
    from core.runtime import run_event_loop

    async def migrate_database() -> str | None:
        async with open_database(load_settings()) as database:
            match direction:
                case Direction.UP:
                    await migrate_up(database)
                case Direction.DOWN:
                    await migrate_down(database, to)
                    return None
            return await find_schema_difference(database)

    if direction is Direction.DOWN and not yes:
        typer.confirm(translate("cli.migrate.sure", language), abort=True)
    with exit_on_error(language):
        difference = run_event_loop(migrate_database())
    if difference is not None:
        fail(translate("cli.migrate.differs", language, difference=difference))
    typer.echo(translate("cli.migrate.back" if direction is Direction.DOWN else "cli.migrate.current", language))


@telegram.command()
def setup(
    url: Annotated[str | None, typer.Option(help="Public address of Eva; EVA_PUBLIC_URL by default.")] = None,
) -> None:
    """Register the webhook, and commands and descriptions in both languages, with Telegram."""
    from telegram.error import InvalidToken, NetworkError, TelegramError, TimedOut

    from bot.telegram.bot import create_bot
    from bot.telegram.setup import WEBHOOK_PATH, set_commands, set_descriptions, set_webhook
    from core.errors import InvalidBotTokenError
    from core.runtime import run_event_loop

    language, settings = terminal_language(), load_settings()
    base_url = (url or settings.public_url or "").rstrip("/")
    if settings.telegram_token is None or settings.telegram_webhook_secret is None or not base_url:
        fail(translate("cli.telegram.unset", language))

    async def register() -> None:
        async with create_bot(settings) as bot:
            await set_commands(bot)
            await set_descriptions(bot)
            await set_webhook(bot, f"{base_url}{WEBHOOK_PATH}", settings)

    try:
        run_event_loop(register())
    except InvalidToken:
        fail(describe_error(InvalidBotTokenError(), language))
    except TelegramError as error:
        # What Telegram refuses is a subclass of NetworkError as well.
        key = "cli.telegram.unreachable" if type(error) in {NetworkError, TimedOut} else "cli.telegram.refused"
        fail(translate(key, language, reason=error.message))
    typer.echo(translate("cli.telegram.set_up", language, url=f"{base_url}{WEBHOOK_PATH}"))


@corrections.command("export")
def export_corrections_command(
    out: Annotated[Path, typer.Option(help="Folder for labels.csv, attributes.csv and photos/.", file_okay=False)],
) -> None:
    """Write photos whose style or items were corrected as training data for `eva train`."""
    from core.resources import open_resources
    from core.runtime import run_event_loop
    from core.services.corrections_export import export_corrections

    language = terminal_language()

    async def export() -> int:
        async with open_resources(load_settings()) as resources:
            return await export_corrections(resources, out)

    with exit_on_error(language):
        try:
            count = run_event_loop(export())
        except FileExistsError:
            fail(translate("cli.not_an_export", language, path=str(out)))
        except OSError:
            fail(translate("cli.not_saved", language, path=str(out)))
    typer.echo(translate("cli.corrections", language, count=count, path=str(out)))


@updates.command("retry")
def retry_updates() -> None:
    """Let the worker process updates again that were given up."""
    from core.db import queued_updates
    from core.resources import open_resources
    from core.runtime import run_event_loop

    language = terminal_language()

    async def retry() -> int:
        async with open_resources(load_settings()) as resources, resources.database.connection() as connection:
            return await queued_updates.retry_failed(connection)

    with exit_on_error(language):
        count = run_event_loop(retry())
    typer.echo(translate("cli.updates.retried", language, count=count))
