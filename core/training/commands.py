"""The three commands of Eva's school: train, export, evaluate."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from rich.console import Console
from rich.progress import Progress
from scipy.special import expit

from core.errors import DatasetError, UnknownBackbone
from core.training.calibrate import choose_thresholds, fit_temperature
from core.training.candidates import compare_frozen
from core.training.convert import to_litert
from core.training.dataset import Example, Split, Targets, read_examples, targets
from core.training.evaluate import evaluate_answers
from core.training.export import answer_with, compare, serving_network, to_serving
from core.training.features import FeatureStore, extract
from core.training.fit import Lesson, fit
from core.training.network import ARCHITECTURES, build_base
from core.training.recipe import RECIPE_FILE, Recipe, read_recipe
from core.training.report import write_report
from core.training.teacher import cross_fit
from core.training.transfer import pooled_features, second_head
from core.vision.card import ModelCard, Preprocessing, read_card
from core.vision.frame import frame

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["compare_candidates", "evaluate", "export", "train"]

MODEL_FILE, CARD_FILE, KERAS_FILE = "eva.tflite", "model.json", "model.keras"
TRANSFER_SOURCE = "shadi"
"""The source whose own classes a published network is measured on."""
VERSION_SEED = 1000

console = Console(stderr=True)


def train(
    *,
    data: Path,
    weights: Path | None,
    out: Path,
    recipe: Recipe,
    teacher_features: Path | None = None,
    start: Path | None = None,
) -> None:
    """Train on the split `train`, looking at `val` only to choose; a second call goes on with the first.

    Args:
        data: folder with labels.csv and photos/.
        weights: ImageNet weights as .npz, or None for keras.applications' download.
        out: where the run lives: features, checkpoints, log, `model.keras`.
        recipe: every choice; its backbone is one of ARCHITECTURES.
        teacher_features: .npz with `photo` and `F` (photos x channels) of a second backbone for the teacher.
        start: the `model.keras` of an earlier run to go on from; its input may have had another shape.
    """
    if recipe.backbone not in ARCHITECTURES:
        raise UnknownBackbone(f"{recipe.backbone}; there are {', '.join(ARCHITECTURES)}")
    if start:
        recipe = replace(recipe, start=sha256(start.read_bytes()).hexdigest()[:8])
    learn, check = read_examples(data, Split.TRAIN), read_examples(data, Split.VAL)
    out.mkdir(parents=True, exist_ok=True)
    base = out / "base.tflite"
    if not base.exists():
        base.write_bytes(to_litert(_frozen(recipe, weights)))
    plan: list[tuple[str, Sequence[Example], int | None]] = [("val", check, None)]
    plan += [(f"train-{number}", learn, VERSION_SEED + number) for number in range(recipe.versions)]
    stores = {}
    with Progress(console=console) as progress:
        for name, examples, seed in plan:
            task = progress.add_task(f"features {name}", total=len(examples))
            stores[name] = extract(
                examples,
                base=base,
                folder=out / "features" / name,
                shape=recipe.preprocessing,
                seed=seed,
                processes=os.cpu_count() or 1,
                advance=partial(progress.advance, task),
            )
    versions = [store for name, store in stores.items() if name != "val"]
    learnt = _mix(recipe, learn, versions, teacher_features)
    fit(
        recipe,
        weights=weights,
        start=start,
        learn=Lesson(examples=learn, targets=learnt, stores=versions),
        check=Lesson(examples=check, targets=targets(check), stores=[stores["val"]]),
        out=out,
        say=console.print,
    )


def export(*, data: Path, run: Path, models: Path) -> None:
    """Make the serving model of a run, choose temperature and thresholds on `val`, and write both into `models`.

    Raises:
        ExportRefused: the LiteRT model disagrees with the Keras model on the validation photos.
    """
    recipe = read_recipe(run / RECIPE_FILE)
    trained = keras.models.load_model(run / KERAS_FILE)
    examples = read_examples(data, Split.VAL)
    pictures = _framed(examples, recipe.preprocessing)
    blob, digest = to_serving(trained)
    network = serving_network(trained)
    console.print("asking both models about the validation photos")
    answers = answer_with(blob, pictures)
    agreement = compare(answer_with(network, pictures), answers)
    is_outfit = np.array([example.is_outfit for example in examples])
    labels = np.array([style.position for example in examples if (style := example.label.style) is not None])
    # What is promised must hold for photos like users', not for the mixture that happens to be at hand.
    weights = np.array([recipe.emphasis.get(example.source, 1.0) for example in examples if example.is_outfit])
    temperature = fit_temperature(answers.style_logits[is_outfit], labels, weights)
    thresholds = choose_thresholds(
        answers.style_logits[is_outfit], labels, temperature, expit(answers.outfit_logit), is_outfit, weights
    )
    card = ModelCard(
        version=f"{recipe.backbone}-{digest[:8]}",
        file=MODEL_FILE,
        sha256=digest,
        backbone=recipe.backbone,
        temperature=round(temperature, 4),
        thresholds=thresholds,
        preprocessing=recipe.preprocessing,
        training={
            "recipe": recipe.as_dict(),
            "photos": {split.value: len(read_examples(data, split)) for split in (Split.TRAIN, Split.VAL)},
            "weights": "VGG-16, Oxford VGG, CC BY 4.0",
            "export": {
                "top1_agreement": round(agreement.top1, 4),
                "cam_correlation": round(agreement.cam, 4),
            },
        },
        figures={},
    )
    evaluation = evaluate_answers(examples, answers.style_logits, answers.outfit_logit, card)
    models.mkdir(parents=True, exist_ok=True)
    (models / MODEL_FILE).write_bytes(blob)
    network.save(run / "eva.keras")
    _write_card(card, models, {"val": evaluation.figures.as_dict()})
    console.print(f"{card.version}: agrees with Keras in {agreement.top1:.1%}, maps correlate {agreement.cam:.3f}")


def evaluate(*, data: Path, run: Path, models: Path, split: str, report: Path) -> None:
    """Ask the exported model about a split, write the report, and keep the figures in its card."""
    card = read_card(models / CARD_FILE)
    examples = read_examples(data, Split(split))
    answers = answer_with((models / card.file).read_bytes(), _framed(examples, card.preprocessing))
    evaluation = evaluate_answers(examples, answers.style_logits, answers.outfit_logit, card)
    write_report(evaluation, examples, report, f"{card.version} on {split}")
    figures: dict[str, Any] = {split: evaluation.figures.as_dict()}
    guests = [one for one in read_examples(data, *Split) if one.source == TRANSFER_SOURCE and one.source_label]
    if guests:
        features = pooled_features(keras.models.load_model(run / KERAS_FILE), _framed(guests, card.preprocessing))
        figures["second_head"] = second_head(features, [one.source_label for one in guests]).as_dict()
    _write_card(card, models, figures)
    console.print((report / "report.md").read_text("utf-8"), markup=False)
    console.print(figures.get("second_head"))


def compare_candidates(*, data: Path, weights: Path | None, out: Path, backbone: str, photos: int) -> None:
    """Print how candidates for framing and pooling do on `val`, and keep the table in `out`."""
    scores = compare_frozen(data=data, weights=weights, out=out, backbone=backbone, photos=photos)
    lines = ["| framing | features | top-1 | style or runner-up |", "| --- | --- | --- | --- |"]
    lines += [f"| {one.shape} | {one.features} | {one.top1:.1%} | {one.either:.1%} |" for one in scores]
    (out / "candidates.md").write_text("\n".join(lines) + "\n", "utf-8")
    console.print("\n".join(lines), markup=False)


def _frozen(recipe: Recipe, weights: Path | None) -> keras.Model:
    """The base that is run once per photo: the maps behind every cut, and the pooled features for the heads."""
    shape = recipe.preprocessing
    base = build_base(recipe.backbone, weights, (shape.height, shape.width))
    names = ARCHITECTURES[recipe.backbone].cuts
    cuts = {names[stage.block]: base.get_layer(names[stage.block]).output for stage in recipe.stages}
    maps = (base.get_layer(names["block5"]).output, base.output)
    means = [keras.layers.GlobalAveragePooling2D()(one) for one in maps]
    return keras.Model(base.input, {**cuts, "pooled": keras.layers.Concatenate()(means)})


def _mix(recipe: Recipe, learn: list[Example], stores: list[FeatureStore], extra: Path | None) -> Targets:
    """The annotators' soft targets with the cross-fitted teacher's share in them."""
    given = targets(learn)
    if not recipe.teacher:
        return given
    features = np.mean([store.pooled() for store in stores], axis=0)
    if extra:
        with np.load(extra) as stored:
            place = {name: row for row, name in enumerate(stored["photo"].tolist())}
            try:
                rows = [place[f"{one.photo.parent.name}/{one.photo.name}"] for one in learn]
            except KeyError as error:
                raise DatasetError(f"{extra.name} lacks {error}") from error
            features = np.concatenate([features, stored["F"][rows]], axis=1)
    teaching = cross_fit(features, learn, folds=5, seed=recipe.seed)
    labels = np.array([one.label.style.position if one.label.style else -1 for one in learn])
    named = labels >= 0
    share = float(np.mean(teaching.probabilities[named].argmax(axis=1) == labels[named]))
    console.print(
        f"the teacher names {share:.1%} of the photos it has not seen as the annotator did; "
        f"it doubts {int(teaching.doubtful.sum())} labels"
    )
    mixed = given.style.copy()
    mixed[named] = (1 - recipe.teacher) * given.style[named] + recipe.teacher * teaching.probabilities[named]
    return Targets(style=mixed, style_weight=given.style_weight, outfit=given.outfit)


def _framed(examples: Sequence[Example], shape: Preprocessing) -> list[NDArray[np.uint8]]:
    return [frame(example.open(), shape).pixels for example in examples]


def _write_card(card: ModelCard, models: Path, figures: dict[str, Any]) -> None:
    card.figures.update(figures)
    (models / CARD_FILE).write_text(card.to_json() + "\n", "utf-8")
