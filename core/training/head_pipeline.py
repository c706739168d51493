"""The command `eva heads`: heads for styles, the gate, items, colors, kinds and clothes on given convolutions."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from core.errors import DatasetError
from core.styles import STYLES
from core.training.config import HeadsConfig, load_finetune_config
from core.training.data_files import check_photos
from core.training.embedding import fit_embedding
from core.training.evaluation import evaluate_heads, round_metrics
from core.training.export import convert_and_compare, read_model_inputs, write_model
from core.training.feature_sets import (
    extract_tail_features,
    extract_training_features,
    extract_validation_features,
    pool_versions,
    training_versions,
)
from core.training.head_card import describe_heads
from core.training.head_network import build_head_network
from core.training.linear_heads import (
    apply_heads,
    average_heads,
    choose_power,
    count_last_channels,
    fit_heads,
    shift_styles,
    style_frequencies,
)
from core.training.litert_weights import read_convolutions
from core.training.photo_table import NOT_AN_OUTFIT, PhotoTable, Split, read_photo_table
from core.training.picture_distillation import CLOTHES_PHOTOS, PictureTeacher, ask_teacher, check_same_grid
from core.training.picture_heads import (
    BOXES_FILE,
    KINDS_FILE,
    box_goals,
    fit_clothes_head,
    fit_kind_head,
    kind_goals,
    read_boxes,
    read_kinds,
)
from core.training.run_files import CONVOLUTIONS_FILE, TUNED_FILE, load_arrays, save_arrays
from core.training.source_folds import check_fold, find_used_photos, warn_of_seen_sources
from core.training.targets import compute_targets
from core.vision.model_card import CARD_FILE, ModelCard, load_model_card

WEIGHTS_FILE = "heads.npz"
AUGMENTED_VERSIONS = 1
"""Where there is no run of `eva finetune`, whose versions are used."""
COMPARED_PHOTOS = 100
"""Validation photos on which the exported model must agree with the Keras network."""

console = Console(stderr=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """What a run reads."""

    folder: Path
    source: ModelCard
    """Of the model whose convolutions are used, or fine-tuned."""
    tuned: Path | None
    config: HeadsConfig
    table: PhotoTable

    @property
    def train(self) -> NDArray[np.int64]:
        """Rows of all training photos."""
        return self.table.rows(Split.TRAIN)

    @property
    def is_used(self) -> NDArray[np.bool_]:
        """Which of them are trained on."""
        return find_used_photos(self.table, self.train, self.config.without_fold)

    @property
    def used(self) -> NDArray[np.int64]:
        """Rows of those."""
        return self.train[self.is_used]

    def check_data(self) -> None:
        """Check that all photos can be read, and that the new heads can be measured.

        Raises:
            DatasetError: they cannot.
        """
        table, config = self.table, self.config
        measured = {"val": table.rows(Split.VAL)}
        if config.without_fold is not None:
            measured[f"fold {config.without_fold}"] = self.train[~self.is_used]
        for name, rows in measured.items():
            if not (table.shared_styles(rows) >= 0).any():
                raise DatasetError(f"labels.csv has no photo of {name} with a style that two views share")
            if not table.outfits_with_attributes(rows).size:
                raise DatasetError(f"attributes.csv has no outfit of {name} with items and colors")
        check_photos(table.paths(table.rows(Split.TRAIN, Split.VAL)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Features:
    """Pooled features."""

    rows: NDArray[np.int64]
    """n, the photo of each row of `pooled`: the training photos in all versions, those as they are first."""
    pooled: NDArray[np.float32]
    """n x channels: means over positions of the maps after blocks 3, 4 and 5."""
    validation: NDArray[np.float32]
    """Of the validation photos."""

    def select(self, is_used: NDArray[np.bool_]) -> "_Features":
        """The same with some training photos alone."""
        mask = np.tile(is_used, len(self.rows) // len(is_used))
        return replace(self, rows=self.rows[mask], pooled=self.pooled[mask])


def fit_model_heads(
    *,
    data: Path,
    run_dir: Path,
    source_dir: Path,
    model_dir: Path,
    tuned: Path | None = None,
    picture_heads: Path | None = None,
    config: HeadsConfig | None = None,
) -> None:
    """Extract features, fit all heads and export a model; a second call resumes an interrupted run.

    The convolutions stay as they are. Training photos are used in the versions of `tuned`, or once as they are and once
    augmented. Where kinds.csv or boxes.csv is missing, `kind` and `clothes` are learned from an exported model.

    Args:
        data: directory with labels.csv, attributes.csv, photos/, and maybe kinds.csv and boxes.csv.
        run_dir: directory of the run: features and `heads.npz`.
        source_dir: directory of the exported model whose card, and convolutions, are used.
        model_dir: output directory of model and card, which are written last; no directory of a model that is read.
        tuned: directory of a run of `eva finetune`, whose convolutions, heads and features are used.
        picture_heads: directory of the model that `kind` and `clothes` are learned from; the source by default.
        config: every choice.

    Raises:
        DatasetError: the data are incomplete, the source is not a VGG-16 or has no heads to learn from, `tuned` left
            out another fold, or `model_dir` is one of the directories that are read.
        CheckpointMismatchError: `run_dir` holds features of other photos or of another network.
        ExportMismatchError: the exported model disagrees with the Keras network.
    """
    config = config or HeadsConfig()
    teacher_dir = picture_heads or source_dir
    if model_dir.resolve() in [folder.resolve() for folder in (source_dir, teacher_dir)]:
        # A second call would learn from its own result.
        raise DatasetError(f"the new model would replace the one in {model_dir} that it is made from")
    source = load_model_card(source_dir / CARD_FILE)
    weights = _read_convolutions(source_dir / source.file, source, tuned, config.without_fold)
    table = read_photo_table(data)
    run = _Run(folder=run_dir, source=source, tuned=tuned, config=config, table=table)
    run.check_data()
    teacher = _ask_teacher(run, teacher_dir)
    features = _read_features(run, weights)
    used = features.select(run.is_used)
    weights |= _fit_heads_and_embedding(table, used, count_last_channels(weights))
    summary = _adjust_heads(run, weights, features.validation)
    weights |= _fit_picture_heads(run, used, weights, teacher)
    save_arrays(run_dir / WEIGHTS_FILE, weights)
    blob, agreement = _convert(run, weights)
    photos = {Split.TRAIN.value: len(run.used), Split.VAL.value: len(features.validation)}
    training = {**source.training, "photos": photos, "export": round_metrics(agreement), "heads": summary}

    def complete(card: ModelCard, model: Path) -> ModelCard:
        card = describe_heads(card, model, table, weights, teacher, train=run.used, validation=features.validation)
        if config.without_fold is not None:
            card.metrics["unseen"] = {"heads": _measure_unseen(run, features, weights, card)}
        return card

    write_model(model_dir, blob, replace(source, training=training), complete)


def _read_convolutions(
    model: Path, source: ModelCard, tuned: Path | None, without_fold: int | None
) -> dict[str, NDArray[np.float32]]:
    """Read the convolutions of a run of `eva finetune`, or else of the source.

    Raises:
        DatasetError: the run has not finished, or has not left out the same fold.
    """
    if not tuned:
        warn_of_seen_sources(source, without_fold)
        return read_convolutions(model)
    check_fold(tuned, without_fold)
    if not (tuned / CONVOLUTIONS_FILE).exists():
        raise DatasetError(f"{tuned.name} has no {CONVOLUTIONS_FILE}: eva finetune has not finished")
    return load_arrays(tuned / CONVOLUTIONS_FILE)


def _ask_teacher(run: _Run, model_dir: Path) -> PictureTeacher | None:
    """What an exported model says of the photos that `kind` and `clothes` learn from; None if both have labels."""
    missing = [name for name in (KINDS_FILE, BOXES_FILE) if not (run.table.folder / name).exists()]
    if not missing:
        return None
    table, used = run.table, run.used
    refused = used[table.style[used, 0] == NOT_AN_OUTFIT] if KINDS_FILE in missing else used[:0]
    outfits = used[table.is_outfit[used]] if BOXES_FILE in missing else used[:0]
    drawn = np.random.default_rng(0).permutation(outfits)[:CLOTHES_PHOTOS]
    teacher = load_model_card(model_dir / CARD_FILE)
    if BOXES_FILE in missing:
        check_same_grid(teacher, run.source)
    photos = f"{len(refused)} + {len(drawn)} photos"
    console.print(f"{' and '.join(missing)} missing: learning from what {teacher.version} says of {photos}")
    return ask_teacher(
        model_dir, run.table.folder, kinds=table.photo[refused].tolist(), clothes=table.photo[drawn].tolist()
    )


def _read_features(run: _Run, weights: Mapping[str, NDArray[np.float32]]) -> _Features:
    shape = run.source.preprocessing
    if run.tuned:
        versions = training_versions(load_finetune_config(run.tuned).versions)
        photos = run.table.photo[run.train]
        stores = extract_tail_features(run.folder, run.tuned, weights, versions=versions, photos=photos)
    else:
        stores = extract_training_features(
            run.table, run.folder, weights, shape, augmented=AUGMENTED_VERSIONS, with_maps=False
        )
    return _Features(
        rows=np.tile(run.train, len(stores)),
        pooled=pool_versions(stores),
        validation=extract_validation_features(run.table, run.folder, weights, shape).pooled(),
    )


def _fit_heads_and_embedding(table: PhotoTable, features: _Features, last: int) -> dict[str, NDArray[np.float32]]:
    """Fit the heads and the embedding; the `last` channels are of block 5."""
    weights = fit_heads(features.pooled, last, table, features.rows)
    outfits = table.outfits_with_attributes(features.rows)
    targets = compute_targets(table, features.rows[outfits])
    weights["embedding/kernel"] = fit_embedding(features.pooled[outfits, -last:], targets)
    return weights


def _adjust_heads(
    run: _Run, weights: dict[str, NDArray[np.float32]], validation: NDArray[np.float32]
) -> dict[str, Any]:
    """Average the heads with the fine-tuned ones, and shift the styles; returns what the card says about it."""
    table, config = run.table, run.config
    summary: dict[str, Any] = {"without_fold": config.without_fold}
    if run.tuned:
        weights |= average_heads(weights, load_arrays(run.tuned / TUNED_FILE), config.tuned_share)
        summary["finetuning"] = asdict(load_finetune_config(run.tuned))
        summary["heads_share_of_finetuned"] = config.tuned_share
    frequencies = style_frequencies(table.style[run.used, 0], len(STYLES))
    logits, labels = apply_heads(validation, weights)["style"], table.consensus(table.rows(Split.VAL))
    power = choose_power(logits, labels, frequencies, config.powers)
    weights["style/bias"] = shift_styles(weights["style/bias"], frequencies, power)
    console.print(f"style biases are lowered by {power} of the logarithm of the style's frequency")
    before = {"convolutions": run.source.version, "previous": run.source.training.get("heads")}
    return summary | {"style_prior_power": power} | before


def _fit_picture_heads(
    run: _Run, features: _Features, weights: Mapping[str, NDArray[np.float32]], teacher: PictureTeacher | None
) -> dict[str, NDArray[np.float32]]:
    """Fit `kind` and `clothes`, on labels where there are some."""
    kinds = teacher.kind_goals() if teacher and teacher.kinds else kind_goals(read_kinds(run.table.folder))
    if teacher and teacher.clothes:
        photos, goals = list(teacher.clothes), teacher.cell_goals()
    else:
        boxes = read_boxes(run.table.folder)
        used = run.table.photo[run.used].tolist()
        photos, goals = [photo for photo in used if photo in boxes], box_goals(boxes)
    last = features.pooled[:, -count_last_channels(weights) :]
    kind = fit_kind_head(last, run.table.photo[features.rows], kinds)
    return kind | fit_clothes_head(run.table.folder, weights, photos, run.source.preprocessing, goals)


def _convert(run: _Run, weights: Mapping[str, NDArray[np.float32]]) -> tuple[bytes, dict[str, float]]:
    """Convert the network, and compare both on some validation photos."""
    shape, rows = run.source.preprocessing, run.table.rows(Split.VAL)
    network = build_head_network(weights, size=(shape.height, shape.width))
    compared = run.table.paths(rows[:: max(1, len(rows) // COMPARED_PHOTOS)])
    blob, _, agreement = convert_and_compare(network, read_model_inputs(compared, shape))
    return blob, agreement


def _measure_unseen(
    run: _Run, features: _Features, weights: Mapping[str, NDArray[np.float32]], card: ModelCard
) -> dict[str, Any]:
    """The figures of the sources that were left out, on their photos as they are."""
    unseen = ~run.is_used
    outputs = apply_heads(features.pooled[: len(unseen)][unseen], weights)
    metrics: dict[str, Any] = round_metrics(evaluate_heads(run.table, run.train[unseen], outputs, card))
    console.print(f"unseen sources, style top-1: {metrics['top1']:.1%}")
    return metrics
