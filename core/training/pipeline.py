"""The commands `eva train`, `eva export` and `eva evaluate`."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from scipy.special import expit

from core.errors import DatasetError, UnknownBackboneError
from core.training.calibration import choose_thresholds, fit_temperature
from core.training.config import TrainingConfig, check_stages, load_config
from core.training.dataset import Example, Split, Targets, check_photos, read_examples, targets
from core.training.distillation import cross_validated_predictions
from core.training.evaluation import evaluate_outputs, round_metrics
from core.training.export import MODEL_FILE, build_serving_network, check_agreement, convert_to_litert, run_model
from core.training.feature_sets import extract_versions
from core.training.features import FeatureStore, PhotoReader
from core.training.head_evaluation import evaluate_heads, shared_styles
from core.training.main_color_fit import evaluate_main_color
from core.training.network import ARCHITECTURES, build_base, load_network
from core.training.photo_table import PhotoTable, read_photo_table
from core.training.report import write_report
from core.training.run_files import CONFIG_FILE, load_arrays, replacing, write_text
from core.training.staged_training import FeatureSet, train_stages
from core.vision.classifier import check_digest, fit_to_input
from core.vision.model_card import CARD_FILE, ModelCard, Preprocessing, load_model_card

KERAS_FILE = "model.keras"
AUGMENTATION_SEED = 1000

console = Console(stderr=True)


def train(
    *,
    data: Path,
    weights: Path | None,
    run_dir: Path,
    config: TrainingConfig,
    teacher_features: Path | None = None,
    start: Path | None = None,
) -> None:
    """Train on the split `train`, with `val` for model selection; a second call resumes an interrupted run.

    Args:
        data: directory with labels.csv and photos/.
        weights: ImageNet weights as .npz, or None for keras.applications' download.
        run_dir: directory of the run: features, checkpoints, log, `model.keras`.
        config: every choice; its backbone is one of ARCHITECTURES.
        teacher_features: .npz with `photo` and `F` (photos x channels) of a second backbone for the teacher, if any.
        start: the `model.keras` of an earlier run to start from; its input may have another shape.

    Raises:
        UnknownBackboneError: the configuration names another backbone.
        DatasetError: the data or the teacher's features are incomplete, or a stage would train on maps of convolutions
            that are not the network's.
        CheckpointMismatchError: `run_dir` holds a run with another configuration.
    """
    if config.backbone not in ARCHITECTURES:
        raise UnknownBackboneError(f"{config.backbone}; there are {', '.join(ARCHITECTURES)}")
    if start:
        config = replace(config, start=sha256(start.read_bytes()).hexdigest()[:8])
    check_stages(config)
    train_examples, validation_examples = read_examples(data, Split.TRAIN), read_examples(data, Split.VAL)
    check_photos([*train_examples, *validation_examples])
    shape = config.preprocessing
    readers = {"val": PhotoReader(examples=validation_examples, shape=shape, seed=None)}
    for number in range(config.versions):
        seed = AUGMENTATION_SEED + number
        readers[f"train-{number}"] = PhotoReader(examples=train_examples, shape=shape, seed=seed)
    validation_store, *versions = extract_versions(run_dir, _build_frozen_base(config, weights), readers)
    mixed_targets = _mix_teacher_targets(config, train_examples, versions, teacher_features)
    train_stages(
        config,
        weights=weights,
        start=start,
        train_set=FeatureSet(examples=train_examples, targets=mixed_targets, stores=versions),
        validation_set=FeatureSet(
            examples=validation_examples, targets=targets(validation_examples), stores=[validation_store]
        ),
        run_dir=run_dir,
    )


def export(*, data: Path, run_dir: Path, model_dir: Path) -> None:
    """Convert a run to the serving model, choose temperature and thresholds on `val`, and write model and card.

    Args:
        data: directory with labels.csv and photos/.
        run_dir: directory of the run.
        model_dir: output directory.

    Raises:
        DatasetError: the run has not finished, or the data are incomplete.
        ExportMismatchError: the LiteRT model disagrees with the Keras model on the validation photos.
    """
    config = load_config(run_dir / CONFIG_FILE)
    network = build_serving_network(load_network(run_dir / KERAS_FILE))
    examples = read_examples(data, Split.VAL)
    images = _to_model_inputs(examples, config.preprocessing)
    blob = convert_to_litert(network)
    console.print("comparing both models on the validation split")
    outputs = run_model(blob, images)
    agreement = check_agreement(run_model(network, images), outputs)
    style_logits, outfit_logits = outputs["style_logits"], outputs["outfit_logit"][:, 0]
    is_outfit = np.array([example.is_outfit for example in examples])
    labels = np.array([style.position for example in examples if (style := example.label.style) is not None])
    # The targets must hold for photos like users', not for the mixture of the available sources.
    weights = np.array([config.emphasis.get(example.source, 1.0) for example in examples if example.is_outfit])
    temperature = fit_temperature(style_logits[is_outfit], labels, weights)
    thresholds = choose_thresholds(
        style_logits[is_outfit], labels, temperature, expit(outfit_logits), is_outfit, weights
    )
    digest = sha256(blob).hexdigest()
    card = ModelCard(
        version=f"{config.backbone}-{digest[:8]}",
        file=MODEL_FILE,
        sha256=digest,
        backbone=config.backbone,
        temperature=round(temperature, 4),
        thresholds=thresholds,
        preprocessing=config.preprocessing,
        training={
            "recipe": config.to_dict(),
            "photos": {split.value: len(read_examples(data, split)) for split in (Split.TRAIN, Split.VAL)},
            "weights": ARCHITECTURES[config.backbone].weights,
            "export": round_metrics(agreement),
        },
        metrics={},
    )
    card.metrics["val"] = evaluate_outputs(examples, style_logits, outfit_logits, card).metrics.to_dict()
    model_dir.mkdir(parents=True, exist_ok=True)
    with replacing(model_dir / MODEL_FILE) as model, replacing(model_dir / CARD_FILE) as card_file:
        model.write_bytes(blob)
        card_file.write_text(card.to_json() + "\n", "utf-8")
    console.print(f"{card.version}: {len(blob) / 1e6:.1f} MB, agreement {min(agreement.values()):.4f}")


def evaluate(*, data: Path, model_dir: Path, split: str, report_dir: Path) -> None:
    """Evaluate the exported model on a split, write the report, and store the metrics in its card.

    Args:
        data: directory with labels.csv and photos/.
        model_dir: directory of the exported model.
        split: name of the split.
        report_dir: output directory of the report.

    Raises:
        DatasetError: the data are incomplete, or there is no such split.
        ModelNotFoundError: there is no model.
        ModelMismatchError: model and card are of two exports.
    """
    if split not in set(Split):
        raise DatasetError(f"there is no split {split}, only {', '.join(Split)}")
    card = load_model_card(model_dir / CARD_FILE)
    model = model_dir / card.file
    check_digest(model, card.sha256)
    examples = read_examples(data, Split(split))
    table = None if card.attributes is None else read_photo_table(data)
    outputs = run_model(model.read_bytes(), _to_model_inputs(examples, card.preprocessing))
    evaluation = evaluate_outputs(examples, outputs["style_logits"], outputs["outfit_logit"][:, 0], card)
    write_report(evaluation, examples, report_dir, f"{card.version} on {split}")
    metrics = evaluation.metrics.to_dict() | {"confusion": evaluation.confusion.tolist()}
    if table is not None:
        metrics |= _measure_heads(data, table, Split(split), outputs, card, model)
    card.metrics[split] = metrics
    write_text(model_dir / CARD_FILE, card.to_json() + "\n")
    console.print((report_dir / "report.md").read_text("utf-8"), markup=False)


def _measure_heads(
    data: Path,
    table: PhotoTable,
    split: Split,
    outputs: Mapping[str, NDArray[np.float32]],
    card: ModelCard,
    model: Path,
) -> dict[str, Any]:
    """The figures of all heads, as `heads`; nothing where no style has two views.

    Args:
        data: directory with photos/.
        table: all labels.
        split: the photos.
        outputs: of the model for these photos.
        card: of the model.
        model: its file.
    """
    rows = table.rows(split)
    if (shared_styles(table, rows) < 0).all():
        console.print(f"no photo of {split} has a style that two views share, so the heads are not measured")
        return {}
    logits = {"style": outputs["style_logits"], "outfit": outputs["outfit_logit"][:, 0]}
    logits |= {"items": outputs["item_logits"], "colors": outputs["color_logits"]}
    heads = round_metrics(evaluate_heads(table, rows, logits, card))
    if card.attributes is not None and card.attributes.main_color is not None and "named" in heads:
        heads["main_color"] = round_metrics(evaluate_main_color(data, table, split, card, model))
    return {"heads": heads}


def _build_frozen_base(config: TrainingConfig, weights: Path | None) -> keras.Model:
    """Build the base that runs once per photo; outputs: the maps after every cut, and the pooled features."""
    shape = config.preprocessing
    base = build_base(config.backbone, weights, (shape.height, shape.width))
    names = ARCHITECTURES[config.backbone].cuts
    cuts = {names[stage.block]: base.get_layer(names[stage.block]).output for stage in config.stages}
    maps = (base.get_layer(names["block5"]).output, base.output)
    means = [keras.layers.GlobalAveragePooling2D()(layer) for layer in maps]
    return keras.Model(base.input, {**cuts, "pooled": keras.layers.Concatenate()(means)})


def _mix_teacher_targets(
    config: TrainingConfig, examples: list[Example], stores: list[FeatureStore], teacher_features: Path | None
) -> Targets:
    """Mix the cross-validated teacher's predictions into the annotators' soft targets."""
    annotated = targets(examples)
    if not config.teacher:
        return annotated
    features = np.mean([store.pooled() for store in stores], axis=0)
    if teacher_features:
        stored = load_arrays(teacher_features)
        try:
            row_by_name = {name: row for row, name in enumerate(stored["photo"].tolist())}
            rows = [row_by_name[f"{example.photo.parent.name}/{example.photo.name}"] for example in examples]
            features = np.concatenate([features, stored["F"][rows]], axis=1)
        except (KeyError, IndexError) as error:
            raise DatasetError(f"{teacher_features.name} has no features for {error}") from error
    teacher = cross_validated_predictions(features, examples, folds=5, seed=config.seed)
    labels = np.array([example.label.style.position if example.label.style else -1 for example in examples])
    is_outfit = labels >= 0
    agreement = float(np.mean(teacher.probabilities[is_outfit].argmax(axis=1) == labels[is_outfit]))
    console.print(
        f"the teacher agrees with the annotator on {agreement:.1%} of unseen photos "
        f"and doubts {int(teacher.is_doubtful.sum())} labels"
    )
    mixed = annotated.style.copy()
    mixed[is_outfit] = (1 - config.teacher) * annotated.style[is_outfit] + config.teacher * teacher.probabilities[
        is_outfit
    ]
    return Targets(style=mixed, style_weight=annotated.style_weight, outfit=annotated.outfit)


def _to_model_inputs(examples: Sequence[Example], shape: Preprocessing) -> list[NDArray[np.uint8]]:
    return [fit_to_input(example.open(), shape).pixels for example in examples]
