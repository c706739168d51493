"""Training commands: `eva train`, `eva compare`, `eva evaluate`, `eva export`, `eva finetune`, `eva heads`."""

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Annotated

import typer

from core.i18n.translations import translate
from eva.cli_errors import exit_on_error, fail, terminal_language

Data = Annotated[Path, typer.Option(help="Folder with labels.csv and photos/.", exists=True, file_okay=False)]
WithoutFold = Annotated[
    int | None,
    typer.Option(help="Fold of core.training.source_folds that is left out, to measure by it.", min=0, max=1),
]

PANEL = "Training"
app = typer.Typer()


@app.command(rich_help_panel=PANEL)
def train(
    data: Data,
    out: Annotated[Path, typer.Option(help="Folder of the run; an interrupted run is continued.")],
    weights: Annotated[
        Path | None, typer.Option(help="ImageNet weights; downloaded by default.", exists=True, dir_okay=False)
    ] = None,
    backbone: Annotated[
        str, typer.Option(help="vgg16, vgg19 or resnet50; with a recipe, that of the recipe.")
    ] = "vgg16",
    recipe: Annotated[
        Path | None, typer.Option(help="Training configuration as JSON, instead of the defaults.", exists=True)
    ] = None,
    start: Annotated[Path | None, typer.Option(help="model.keras of a run to start from.", exists=True)] = None,
    teacher_features: Annotated[
        Path | None, typer.Option(help="Features of a second teacher.", exists=True, dir_okay=False)
    ] = None,
) -> None:
    """Train the model."""
    from core.training.config import TrainingConfig, load_config

    with exit_on_error(terminal_language()):
        _import_pipeline("train_pipeline").train(
            data=data,
            weights=weights,
            run_dir=out,
            config=load_config(recipe) if recipe else TrainingConfig(backbone=backbone),
            teacher_features=teacher_features,
            start=start,
        )


@app.command(rich_help_panel=PANEL)
def compare(
    data: Data,
    out: Annotated[Path, typer.Option(help="Folder for the features and the table.", file_okay=False)],
    weights: Annotated[
        Path | None, typer.Option(help="ImageNet weights; downloaded by default.", exists=True, dir_okay=False)
    ] = None,
    backbone: Annotated[str, typer.Option(help="vgg16, vgg19 or resnet50.")] = "vgg16",
    photos: Annotated[int, typer.Option(help="Number of training photos.", min=100)] = 3000,
) -> None:
    """Compare resize modes and poolings on frozen features."""
    with exit_on_error(terminal_language()):
        _import_pipeline("candidates").compare_candidates(
            data=data, weights=weights, output_dir=out, backbone=backbone, photos=photos
        )


@app.command(rich_help_panel=PANEL)
def evaluate(
    data: Data,
    report: Annotated[Path, typer.Option(help="Folder for the report.", file_okay=False)],
    split: Annotated[str, typer.Option(help="train, val, test or test2.")] = "test",
    models: Annotated[Path | None, typer.Option(help="Folder of the exported model; core/models by default.")] = None,
) -> None:
    """Evaluate the exported model and write the metrics into its card."""
    from core.vision.classifier import BUNDLED_MODEL_DIR

    with exit_on_error(terminal_language()):
        evaluate = _import_pipeline("report").evaluate
        evaluate(data=data, model_dir=models or BUNDLED_MODEL_DIR, split=split, report_dir=report)


@app.command(rich_help_panel=PANEL)
def export(
    data: Data,
    run: Annotated[Path, typer.Option(help="Folder of the training run.", exists=True, file_okay=False)],
    models: Annotated[Path | None, typer.Option(help="Folder for the model; core/models by default.")] = None,
) -> None:
    """Convert a trained model into the one that ships with Eva."""
    from core.vision.classifier import BUNDLED_MODEL_DIR

    with exit_on_error(terminal_language()):
        _import_pipeline("train_pipeline").export(data=data, run_dir=run, model_dir=models or BUNDLED_MODEL_DIR)


@app.command(rich_help_panel=PANEL)
def finetune(
    data: Data,
    out: Annotated[Path, typer.Option(help="Folder of the run; an interrupted run is continued.")],
    source: Annotated[
        Path | None, typer.Option(help="Folder of the model to start from; core/models by default.")
    ] = None,
    photos: Annotated[int, typer.Option(help="Training photos over all passes.", min=32)] = 24_576,
    versions: Annotated[int, typer.Option(help="Augmented versions of every photo, 4.5 GB each.", min=0)] = 1,
    start: Annotated[
        Path | None, typer.Option(help="tuned.npz of an earlier run to continue from its end.", exists=True)
    ] = None,
    teacher: Annotated[
        list[Path] | None, typer.Option(help="tuned.npz of a run to learn from; repeatable.", exists=True)
    ] = None,
    teacher_share: Annotated[float, typer.Option(help="The teachers' share of the targets.", min=0, max=1)] = 0.3,
    seed: Annotated[int, typer.Option(help="Of the draws.")] = 7,
    without_fold: WithoutFold = None,
) -> None:
    """Fine-tune the last convolutions of an exported model with all heads."""
    from core.vision.classifier import BUNDLED_MODEL_DIR

    with exit_on_error(terminal_language()):
        pipeline = _import_pipeline("finetune_pipeline")
        pipeline.finetune_convolutions(
            data=data,
            run_dir=out,
            source_dir=source or BUNDLED_MODEL_DIR,
            config=pipeline.FinetuneConfig(
                photos=photos, versions=versions, teacher_share=teacher_share, seed=seed, without_fold=without_fold
            ),
            start=start,
            teachers=teacher or (),
        )


@app.command(rich_help_panel=PANEL)
def heads(
    data: Data,
    out: Annotated[Path, typer.Option(help="Folder of the run; an interrupted run is continued.")],
    models: Annotated[
        Path | None, typer.Option(help="Folder for the model, no model that is read; OUT/models by default.")
    ] = None,
    source: Annotated[
        Path | None, typer.Option(help="Folder of the model whose convolutions are used; core/models by default.")
    ] = None,
    tuned: Annotated[
        Path | None,
        typer.Option(help="Folder of `eva finetune` with convolutions, heads and features.", exists=True),
    ] = None,
    tuned_share: Annotated[float, typer.Option(help="Share of the fine-tuned heads.", min=0, max=1)] = 0.3,
    picture_heads: Annotated[
        Path | None,
        typer.Option(help="Folder of the model to learn from if kinds.csv or boxes.csv is missing; the source's."),
    ] = None,
    without_fold: WithoutFold = None,
) -> None:
    """Fit heads for styles, the gate, items and colors on an exported model."""
    from core.vision.classifier import BUNDLED_MODEL_DIR

    with exit_on_error(terminal_language()):
        pipeline = _import_pipeline("head_pipeline")
        pipeline.fit_model_heads(
            data=data,
            run_dir=out,
            source_dir=source or BUNDLED_MODEL_DIR,
            model_dir=models or out / "models",
            tuned=tuned,
            picture_heads=picture_heads,
            config=pipeline.HeadsConfig(tuned_share=tuned_share, without_fold=without_fold),
        )


def _import_pipeline(name: str) -> ModuleType:
    if any(find_spec(package) is None for package in ("tensorflow", "matplotlib", "sklearn")):
        fail(translate("cli.no_training", terminal_language()))
    return import_module(f"core.training.{name}")
