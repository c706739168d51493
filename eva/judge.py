"""Commands that judge photos without a server: `eva ask`, `eva judge`."""

import errno
import hashlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from core.i18n.translations import translate
from eva.cli_errors import LanguageOption, chosen_language, exit_on_error, fail, read_settings

if TYPE_CHECKING:
    from core.vision.classifier import StyleClassifier

PANEL = "Photos"
app = typer.Typer()


@app.command(rich_help_panel=PANEL)
def ask(
    photo: Annotated[Path, typer.Argument(help="A photo of an outfit.", show_default=False)],
    lang: LanguageOption = None,
    save: Annotated[
        Path | None,
        typer.Option(help="File for the heatmap; PHOTO-eva.jpg in this folder by default."),
    ] = None,
    no_animation: Annotated[bool, typer.Option("--fast", help="No typing animation.")] = False,
) -> None:
    """Judge one photo and save its heatmap."""
    language = chosen_language(lang)
    from core.conversation.narration import verdict_messages
    from core.images.decoding import decode_photo
    from core.services.heatmaps import encode_heatmap_jpeg
    from core.vision.verdict import ConfidenceBand
    from eva.batch import read_file
    from eva.console import print_attributes, print_messages, print_probabilities

    console = Console(highlight=False)
    with exit_on_error(language), console.status(translate("cli.looking", language)):
        try:
            data = read_file(photo)
        except FileNotFoundError:
            fail(translate("cli.no_such_file", language, path=str(photo)))
        except OSError:
            fail(translate("cli.unreadable", language, path=str(photo)))
        image = decode_photo(data)
        with _load_classifier() as classifier:
            verdict = classifier.classify(image)
    messages = verdict_messages(verdict, seed=hashlib.sha256(data).hexdigest(), language=language)
    print_messages(console, messages, animated=not no_animation)
    if verdict.band is ConfidenceBand.NOT_AN_OUTFIT:
        # Its evidence would be that of a style, which Eva has just refused to name.
        if save is not None:
            console.print(translate("cli.nothing_to_save", language, path=str(save)), markup=False, soft_wrap=True)
        return
    if verdict.attributes is not None:
        print_attributes(console, verdict.attributes, language)
    print_probabilities(console, verdict, language)
    target = _unused_path(photo) if save is None else save
    try:
        if target.exists() and target.samefile(photo):
            fail(translate("cli.not_saved", language, path=str(target)))
        target.write_bytes(encode_heatmap_jpeg(image, verdict, language))
    except OSError:
        fail(translate("cli.not_saved", language, path=str(target)))
    console.print(translate("cli.saved", language, path=str(target)), markup=False, soft_wrap=True)


@app.command(rich_help_panel=PANEL)
def judge(
    paths: Annotated[list[Path], typer.Argument(help="Photos, and folders of photos.", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    cam: Annotated[
        Path | None, typer.Option(help="Folder for heatmaps of photos with an outfit.", file_okay=False)
    ] = None,
    lang: LanguageOption = None,
) -> None:
    """Judge many photos; exits with 1 if one could not be judged."""
    language = chosen_language(lang)
    from eva.batch import FailedFile, find_photos, judge_files
    from eva.console import print_results, progress_bar

    photos, skipped = find_photos(paths)
    if skipped:
        typer.echo(translate("cli.skipped", language, names=", ".join(map(str, skipped))), err=True)
    if not photos:
        fail(translate("cli.no_photos", language, path=", ".join(map(str, paths))))
    failed = 0
    results = []
    with (
        exit_on_error(language),
        _load_classifier() as classifier,
        progress_bar(translate("cli.judging", language), len(photos)) as step,
    ):
        try:
            for result in judge_files(photos, classifier, language, cam):
                failed += isinstance(result, FailedFile)
                if as_json:
                    typer.echo(_json_line(result.to_json()))
                else:
                    results.append(result)
                step()
        except OSError as error:
            if error.errno == errno.EPIPE or cam is None:
                raise
            fail(translate("cli.not_saved", language, path=str(error.filename or cam)))
    if not as_json:
        print_results(Console(highlight=False), results, language)
    typer.echo(translate("cli.judged", language, done=len(photos) - failed, failed=failed), err=True)
    raise typer.Exit(1 if failed else 0)


def _json_line(value: dict[str, Any]) -> str:
    """A value as JSON, with escapes if it holds what the output cannot, e.g. a file name that is not UTF-8."""
    line = json.dumps(value, ensure_ascii=False)
    try:
        line.encode(sys.stdout.encoding)
    except UnicodeEncodeError:
        return json.dumps(value)
    return line


def _load_classifier() -> "StyleClassifier":
    from core.vision.classifier import load_classifier

    return load_classifier(read_settings())


def _unused_path(photo: Path) -> Path:
    """A path for the heatmap in the current folder that does not exist."""
    target, number = Path(f"{photo.stem}-eva.jpg"), 2
    while target.exists():
        target = Path(f"{photo.stem}-eva-{number}.jpg")
        number += 1
    return target
