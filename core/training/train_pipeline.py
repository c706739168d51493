"""The commands `eva train` and `eva export`: a network for styles and the gate."""

from dataclasses import asdict, replace
from hashlib import sha256
from pathlib import Path

import numpy as np
from rich.console import Console

from core.errors import DatasetError, UnknownBackboneError
from core.training.calibration import calibrate_styles
from core.training.config import TrainingConfig, check_stages, load_config
from core.training.data_files import check_photos
from core.training.distillation import blend_with_teachers, cross_validated_predictions, find_doubtful
from core.training.evaluation import evaluate_styles, round_metrics
from core.training.export import (
    MODEL_FILE,
    build_serving_network,
    convert_and_compare,
    read_model_inputs,
    write_model,
)
from core.training.feature_sets import TrainingSet, extract_versions
from core.training.features import FeatureStore, PhotoReader
from core.training.network import ARCHITECTURES, build_frozen_base, load_network
from core.training.photo_table import PhotoTable, Split, read_photo_table
from core.training.run_files import CONFIG_FILE, load_arrays
from core.training.staged_training import train_stages
from core.training.targets import Targets, compute_targets, photo_weights
from core.vision.model_card import ModelCard

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
    table = read_photo_table(data, with_attributes=False)
    train_rows, validation_rows = table.rows(Split.TRAIN), table.rows(Split.VAL)
    photos = table.paths(train_rows)
    check_photos([*photos, *table.paths(validation_rows)])
    shape = config.preprocessing
    readers = {"val": PhotoReader(photos=table.paths(validation_rows), shape=shape, seed=None)}
    for number in range(config.versions):
        readers[f"train-{number}"] = PhotoReader(photos=photos, shape=shape, seed=AUGMENTATION_SEED + number)
    cuts = [ARCHITECTURES[config.backbone].cuts[stage.block] for stage in config.stages]
    base = build_frozen_base(config.backbone, weights, (shape.height, shape.width), cuts=cuts)
    validation_store, *versions = extract_versions(run_dir, base, readers)
    train_stages(
        config,
        weights=weights,
        start=start,
        train_set=TrainingSet(
            targets=_mix_teacher_targets(config, table, versions, teacher_features),
            stores=versions,
            weights=photo_weights(
                table,
                train_rows,
                balance=config.balance,
                guess_rate=config.guess_rate,
                emphasis=config.emphasis,
            ),
        ),
        validation_set=TrainingSet(
            targets=compute_targets(table, validation_rows, style_views=1), stores=[validation_store]
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
    table = read_photo_table(data, with_attributes=False)
    rows = table.rows(Split.VAL)
    images = read_model_inputs(table.paths(rows), config.preprocessing)
    console.print("comparing both models on the validation split")
    blob, outputs, agreement = convert_and_compare(network, images)
    logits = {"style": outputs["style_logits"], "outfit": outputs["outfit_logit"][:, 0]}
    temperature, thresholds = calibrate_styles(table, rows, logits, config.emphasis)
    card = ModelCard(
        version="",
        file=MODEL_FILE,
        sha256="",
        backbone=config.backbone,
        temperature=temperature,
        thresholds=thresholds,
        preprocessing=config.preprocessing,
        training={
            "recipe": asdict(config),
            "photos": {split.value: len(table.rows(split)) for split in (Split.TRAIN, Split.VAL)},
            "weights": ARCHITECTURES[config.backbone].weights,
            "export": round_metrics(agreement),
        },
        metrics={},
    )
    card.metrics["val"] = round_metrics(evaluate_styles(table, rows, logits, card)[0])
    write_model(model_dir, blob, card, lambda named, _: named)


def _mix_teacher_targets(
    config: TrainingConfig, table: PhotoTable, stores: list[FeatureStore], teacher_features: Path | None
) -> Targets:
    """Mix the cross-validated teacher's predictions into the first annotator's soft targets."""
    rows = table.rows(Split.TRAIN)
    annotated, labels = compute_targets(table, rows, style_views=1), table.style[rows, 0]
    if not config.teacher:
        return annotated
    features = np.mean([store.pooled() for store in stores], axis=0)
    if teacher_features:
        stored = load_arrays(teacher_features)
        try:
            row_by_name = {name: row for row, name in enumerate(stored["photo"].tolist())}
            found = [row_by_name[photo] for photo in table.photo[rows].tolist()]
            features = np.concatenate([features, stored["F"][found]], axis=1)
        except (KeyError, IndexError) as error:
            raise DatasetError(f"{teacher_features.name} has no features for {error}") from error
    predicted = cross_validated_predictions(features, labels, folds=5, seed=config.seed)
    agreement = float(np.mean((predicted.argmax(axis=1) == labels)[labels >= 0]))
    console.print(
        f"the teacher agrees with the annotator on {agreement:.1%} of unseen photos "
        f"and doubts {len(find_doubtful(predicted, labels))} labels"
    )
    return blend_with_teachers(annotated, {"style": predicted}, config.teacher)
