"""`eva backup` and `eva restore`."""

from datetime import timedelta
from typing import Annotated

import typer

from core.errors import BackupNotFoundError
from core.i18n.translations import translate
from eva.admin import PANEL
from eva.cli_errors import exit_on_error, fail, load_settings, terminal_language

app = typer.Typer()

DEFAULT_KEPT = 14


def _check_target(target: str) -> str:
    """Refuse what an unset variable of a script leaves; the working directory would be meant."""
    if not target:
        raise typer.BadParameter(translate("cli.backup.no_target", terminal_language()))
    return target


Target = Annotated[str, typer.Argument(help="Folder, or s3://bucket/prefix.", callback=_check_target)]


@app.command(rich_help_panel=PANEL)
def backup(
    target: Target,
    keep: Annotated[int, typer.Option(help="Backups that remain; older ones are deleted.", min=1)] = DEFAULT_KEPT,
    min_age: Annotated[
        float, typer.Option(help="Hours; nothing is done if the last backup there is younger.", min=0)
    ] = 0,
) -> None:
    """Back up the database and the pictures; Eva may run meanwhile."""
    from core.backup.archive import BackupArchive
    from core.backup.creation import CreatedBackup, create_backup, find_recent_backup
    from core.object_storage import ObjectStorage
    from core.resources import open_database
    from core.runtime import run_event_loop

    language, settings = terminal_language(), load_settings()

    async def create() -> CreatedBackup | str:
        storage, archive = ObjectStorage(settings.object_storage_url), BackupArchive(target)
        if min_age and (recent := await find_recent_backup(storage, archive, min_age=timedelta(hours=min_age))):
            return recent
        async with open_database(settings) as database:
            return await create_backup(database, storage, archive, settings, keep=keep)

    with exit_on_error(language):
        created = run_event_loop(create())
    if isinstance(created, str):
        typer.echo(translate("cli.backup.recent", language, name=created))
        return
    typer.echo(translate("cli.backup.done", language, name=created.name, images=created.images))
    if created.missing_images:
        typer.echo(translate("cli.backup.missing", language, count=created.missing_images))
    if created.foreign_backups:
        typer.echo(translate("cli.backup.foreign", language, count=created.foreign_backups))
    if created.damaged_backups:
        typer.echo(translate("cli.backup.damaged", language, names=", ".join(created.damaged_backups)))
    if created.deleted_images:
        typer.echo(translate("cli.backup.pruned", language, count=created.deleted_images))
    if created.lost_images:
        fail(translate("cli.backup.lost", language, count=created.lost_images))


@app.command(rich_help_panel=PANEL)
def restore(
    source: Target,
    name: Annotated[str | None, typer.Option(help="Which backup; the latest by default.")] = None,
    new_secret: Annotated[
        bool, typer.Option("--new-secret", help="Accept another EVA_SECRET_KEY: all sessions and links end.")
    ] = False,
) -> None:
    """Restore a backup into an empty database."""
    from core.backup.archive import BackupArchive, is_missing
    from core.backup.restoration import RestoredBackup, restore_backup
    from core.object_storage import ObjectStorage
    from core.resources import open_database
    from core.runtime import run_event_loop

    language, settings = terminal_language(), load_settings()

    async def fill() -> RestoredBackup:
        async with open_database(settings) as database:
            storage = ObjectStorage(settings.object_storage_url)
            archive = BackupArchive(source)
            return await restore_backup(database, storage, archive, settings, name=name, accept_new_secret=new_secret)

    with exit_on_error(language):
        if is_missing(source):
            raise BackupNotFoundError
        restored = run_event_loop(fill())
    typer.echo(translate("cli.restore.done", language, name=restored.name, images=restored.images))
    if restored.deleted_looks:
        typer.echo(translate("cli.restore.looks_deleted", language, count=restored.deleted_looks))
