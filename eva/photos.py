"""`eva ask`, `eva judge`, `eva doctor`: photos shown in a terminal, and whether everything works here."""

from __future__ import annotations

import errno
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from bot.texts import text
from eva.terminal import Lang, kindly, language_of, stop

if TYPE_CHECKING:
    from core.vision.classifier import StyleClassifier

app = typer.Typer()


@app.command()
def ask(
    photo: Annotated[Path, typer.Argument(help="A photo of an outfit.", show_default=False)],
    lang: Lang = None,
    save: Annotated[
        Path | None,
        typer.Option(help="Where the heat picture goes; PHOTO-eva.jpg in this folder if not given."),
    ] = None,
    fast: Annotated[bool, typer.Option("--fast", help="No typing, all at once.")] = False,
) -> None:
    """Show Eva a photo and hear what she says."""
    language = language_of(lang)
    from bot.batch import read_file  # noqa: PLC0415
    from bot.terminal import say, show_bars  # noqa: PLC0415
    from bot.voice import speak  # noqa: PLC0415
    from core.photos import read_photo  # noqa: PLC0415
    from core.vision.overlay import heat_jpeg  # noqa: PLC0415
    from core.vision.verdict import Band  # noqa: PLC0415

    console = Console(highlight=False)
    with kindly(language), console.status(text("cli.looking", language)):
        try:
            data = read_file(photo)
        except FileNotFoundError:
            stop(text("cli.no_such_file", language, path=str(photo)))
        except OSError:
            stop(text("cli.unreadable", language, path=str(photo)))
        picture = read_photo(data)
        with _classifier() as classifier:
            verdict = classifier.judge(picture)
    bubbles = speak(verdict, photo=hashlib.sha256(data).hexdigest(), language=language)
    say(console, bubbles, typed=not fast)
    if verdict.band is not Band.NOT_AN_OUTFIT:
        show_bars(console, verdict, language)
    elif save is None:
        return
    target = _free_name(photo) if save is None else save
    try:
        if target.exists() and target.samefile(photo):
            stop(text("cli.not_saved", language, path=str(target)))
        target.write_bytes(heat_jpeg(picture.image, verdict.cam))
    except OSError:
        stop(text("cli.not_saved", language, path=str(target)))
    console.print(text("cli.saved", language, path=str(target)), markup=False, soft_wrap=True)


@app.command()
def judge(
    paths: Annotated[list[Path], typer.Argument(help="Photos, and folders to walk.", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    cam: Annotated[Path | None, typer.Option(help="Folder for the heat pictures.", file_okay=False)] = None,
    lang: Lang = None,
) -> None:
    """Judge many photos; exits with 1 if any of them could not be judged."""
    language = language_of(lang)
    from bot.batch import Failed, find_photos, judge_all  # noqa: PLC0415
    from bot.terminal import judged_table, progress  # noqa: PLC0415

    photos = find_photos(paths)
    if not photos:
        stop(text("cli.no_photos", language, path=", ".join(map(str, paths))))
    failed = 0
    results = []
    with (
        kindly(language),
        _classifier() as classifier,
        progress(text("cli.judging", language), len(photos)) as step,
    ):
        try:
            for result in judge_all(photos, classifier, language, cam):
                failed += isinstance(result, Failed)
                if as_json:
                    typer.echo(json.dumps(result.as_json(), ensure_ascii=False))
                else:
                    results.append(result)
                step()
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise
            stop(text("cli.not_saved", language, path=str(error.filename or cam)))
    if not as_json:
        Console(highlight=False).print(judged_table(results, language))
    typer.echo(text("cli.judged", language, done=len(photos) - failed, failed=failed), err=True)
    raise typer.Exit(1 if failed else 0)


@app.command()
def doctor(lang: Lang = None) -> None:
    """Say what works here, and how to mend what does not."""
    language = language_of(lang)
    from bot.doctor import State, examine  # noqa: PLC0415
    from bot.terminal import show_checks  # noqa: PLC0415
    from core.settings import Settings  # noqa: PLC0415

    checks = examine(Settings(), language)
    show_checks(Console(highlight=False), checks, language)
    raise typer.Exit(1 if any(check.state is State.MISSING for check in checks) else 0)


def _classifier() -> StyleClassifier:
    from core.settings import Settings  # noqa: PLC0415
    from core.vision.classifier import load_classifier  # noqa: PLC0415

    return load_classifier(Settings())


def _free_name(photo: Path) -> Path:
    """A name for the heat picture in the current folder that no file has yet."""
    target, number = Path(f"{photo.stem}-eva.jpg"), 2
    while target.exists():
        target = Path(f"{photo.stem}-eva-{number}.jpg")
        number += 1
    return target
