"""What whoever runs Eva does now and then: `eva migrate`, `eva telegram setup`, `eva corrections export`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bot.texts import text
from eva.terminal import kindly, spoken, stop

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
    language = spoken()
    from core.db.migrate import migrate_down, migrate_up, migrations_missing  # noqa: PLC0415
    from core.memory import open_database  # noqa: PLC0415
    from core.process import run as run_loop  # noqa: PLC0415
    from core.settings import Settings  # noqa: PLC0415

    async def work() -> str | None:
        async with open_database(Settings()) as database:
            match direction:
                case Direction.UP:
                    await migrate_up(database)
                case Direction.DOWN:
                    await migrate_down(database, to)
                    return None
            return await migrations_missing(database)

    if direction is Direction.DOWN and not yes:
        typer.confirm(text("cli.migrate.sure", language), abort=True)
    with kindly(language):
        missing = run_loop(work())
    if missing is not None:
        stop(text("cli.migrate.differs", language, difference=missing))
    typer.echo(text("cli.migrate.back" if direction is Direction.DOWN else "cli.migrate.current", language))


@telegram.command()
def setup(
    url: Annotated[str | None, typer.Option(help="Eva's public address; EVA_PUBLIC_URL if not given.")] = None,
) -> None:
    """Tell Telegram where Eva is, and put her commands into its menu, in both languages."""
    from telegram.error import InvalidToken, TelegramError  # noqa: PLC0415

    from bot.telegram.sender import make_bot  # noqa: PLC0415
    from bot.telegram.setup import set_commands, set_webhook  # noqa: PLC0415
    from core.errors import TokenRefused  # noqa: PLC0415
    from core.process import run as run_loop  # noqa: PLC0415
    from core.settings import Settings  # noqa: PLC0415

    language, settings = spoken(), Settings()
    root = (url or str(settings.public_url or "")).rstrip("/")
    if settings.telegram_token is None or settings.telegram_secret is None or not root:
        stop(text("cli.telegram.unset", language))

    async def work() -> None:
        async with make_bot(settings) as bot:
            await set_commands(bot)
            await set_webhook(bot, f"{root}/telegram/webhook", settings)

    try:
        run_loop(work())
    except InvalidToken:
        stop(str(TokenRefused()))
    except TelegramError as error:
        stop(text("cli.telegram.refused", language, reason=error.message))
    typer.echo(text("cli.telegram.set_up", language, url=f"{root}/telegram/webhook"))


@corrections.command("export")
def export_corrections(
    out: Annotated[Path, typer.Option(help="Folder for labels.csv and photos/.", file_okay=False)],
) -> None:
    """Write the photos whose style people corrected, as data for `eva train`."""
    from core.corrections import export_corrections as write  # noqa: PLC0415
    from core.memory import open_memory  # noqa: PLC0415
    from core.process import run as run_loop  # noqa: PLC0415
    from core.settings import Settings  # noqa: PLC0415

    language = spoken()

    async def work() -> int:
        async with open_memory(Settings()) as memory:
            return await write(memory, out)

    with kindly(language):
        try:
            count = run_loop(work())
        except OSError:
            stop(text("cli.not_saved", language, path=str(out)))
    typer.echo(text("cli.corrections", language, count=count, path=str(out)))
