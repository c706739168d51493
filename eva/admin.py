"""What whoever runs Eva does now and then: `eva migrate`, `eva telegram setup`, `eva corrections export`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from core.i18n.translations import translate
from eva.cli_errors import exit_on_error, fail, terminal_language

app = typer.Typer()
telegram = typer.Typer(no_args_is_help=True, help="What Telegram must know.")
corrections = typer.Typer(no_args_is_help=True, help="What people corrected.")
app.add_typer(telegram, name="telegram")
app.add_typer(corrections, name="corrections")


class Direction(StrEnum):
    """What `eva migrate` does."""

    UP = "up"
    DOWN = "down"
    CHECK = "check"


@app.command()
def migrate(
    direction: Annotated[Direction, typer.Argument(help="up, down, or check.")] = Direction.UP,
    to: Annotated[str, typer.Option(help="Down to which step; one back if not given, `base` for all.")] = "-1",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before tables are deleted.")] = False,
) -> None:
    """Bring the database's tables up to date, or back; or say whether they are."""
    language = terminal_language()
    from core.db.migrate import find_schema_difference, migrate_down, migrate_up
    from core.resources import open_database
    from core.runtime import run_event_loop as run_loop
    from core.settings import Settings

    async def work() -> str | None:
        async with open_database(Settings()) as database:
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
        missing = run_loop(work())
    if missing is not None:
        fail(translate("cli.migrate.differs", language, difference=missing))
    typer.echo(translate("cli.migrate.back" if direction is Direction.DOWN else "cli.migrate.current", language))


@telegram.command()
def setup(
    url: Annotated[str | None, typer.Option(help="Eva's public address; EVA_PUBLIC_URL if not given.")] = None,
) -> None:
    """Tell Telegram where Eva is, and put her commands into its menu, in both languages."""
    from telegram.error import InvalidToken, TelegramError

    from bot.telegram.client import create_bot
    from bot.telegram.setup import set_commands, set_webhook
    from core.errors import InvalidBotTokenError
    from core.runtime import run_event_loop as run_loop
    from core.settings import Settings

    language, settings = terminal_language(), Settings()
    root = (url or str(settings.public_url or "")).rstrip("/")
    if settings.telegram_token is None or settings.telegram_webhook_secret is None or not root:
        fail(translate("cli.telegram.unset", language))

    async def work() -> None:
        async with create_bot(settings) as bot:
            await set_commands(bot)
            await set_webhook(bot, f"{root}/telegram/webhook", settings)

    try:
        run_loop(work())
    except InvalidToken:
        fail(str(InvalidBotTokenError()))
    except TelegramError as error:
        fail(translate("cli.telegram.refused", language, reason=error.message))
    typer.echo(translate("cli.telegram.set_up", language, url=f"{root}/telegram/webhook"))


@corrections.command("export")
def export_corrections_command(
    out: Annotated[Path, typer.Option(help="Folder for labels.csv and photos/.", file_okay=False)],
) -> None:
    """Write the photos whose style people corrected, as data for `eva train`."""
    from core.resources import open_resources
    from core.runtime import run_event_loop as run_loop
    from core.services.corrections_export import export_corrections as write
    from core.settings import Settings

    language = terminal_language()

    async def work() -> int:
        async with open_resources(Settings()) as memory:
            return await write(memory, out)

    with exit_on_error(language):
        try:
            count = run_loop(work())
        except OSError:
            fail(translate("cli.not_saved", language, path=str(out)))
    typer.echo(translate("cli.corrections", language, count=count, path=str(out)))
