"""`eva shadow`: compare another model with the one in use."""

import json
import os
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.i18n.translations import Language, translate
from eva.admin import PANEL
from eva.cli_errors import exit_on_error, load_settings, terminal_language

if TYPE_CHECKING:
    from core.services.model_comparison import ModelComparison

NICENESS = 19
"""The lowest priority: people's photos come first."""
MAX_STYLE_CHANGES = 5
"""Changes of styles that are printed."""

app = typer.Typer()


@app.command(rich_help_panel=PANEL)
def shadow(
    model: Annotated[
        Path, typer.Option(help="Folder of the other model and its model.json.", exists=True, file_okay=False)
    ],
    photos: Annotated[int, typer.Option(help="Number of photos, the latest first.", min=1)] = 500,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Judge corrected photos that Eva may learn from with another model too, and report the agreement."""
    from core.resources import open_resources
    from core.runtime import run_event_loop
    from core.services.model_comparison import compare_models
    from core.vision.classifier import load_classifier
    from eva.console import progress_bar

    language, settings = terminal_language(), load_settings()
    if hasattr(os, "nice"):
        os.nice(NICENESS)

    async def compare() -> "ModelComparison":
        with ExitStack() as stack:
            current = stack.enter_context(load_classifier(settings))
            candidate = stack.enter_context(load_classifier(settings.model_copy(update={"model_dir": model})))
            step = stack.enter_context(progress_bar(translate("cli.judging", language), photos))
            async with open_resources(settings) as resources:
                return await compare_models(resources, current, candidate, limit=photos, on_photo=step)

    with exit_on_error(language):
        comparison = run_event_loop(compare())
    typer.echo(to_json(comparison) if as_json else to_text(comparison, language))


def to_json(comparison: "ModelComparison") -> str:
    """One object with the fields of `ModelComparison`; changes of styles are named `from>to`."""
    changes = {f"{before}>{after}": count for (before, after), count in comparison.style_changes.items()}
    return json.dumps({**asdict(comparison), "style_changes": changes})


def to_text(comparison: "ModelComparison", language: Language) -> str:
    """A few sentences."""
    from core.conversation.narration import style_name

    values = {**asdict(comparison), "distance": f"{comparison.distance:.3f}"}
    lines = [translate("cli.shadow.photos", language, **values)]
    if comparison.photos:
        lines += [translate(f"cli.shadow.{key}", language, **values) for key in ("outfits", "styles", "owners")]
    lines += [
        "  "
        + translate(
            "cli.shadow.change",
            language,
            before=style_name(before, language),
            after=style_name(after, language),
            count=count,
        )
        for (before, after), count in list(comparison.style_changes.items())[:MAX_STYLE_CHANGES]
    ]
    return "\n".join(lines)
