"""The command `eva heads`: heads for styles, the gate, items, colors, kinds and clothes on given convolutions."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from core.styles import STYLES
from core.training.config import HeadsConfig, load_finetune_config
from core.training.dataset import Split, check_photos, read_examples
from core.training.embedding import fit_embedding
from core.training.evaluation import round_metrics
from core.training.export import MODEL_FILE, check_agreement, convert_to_litert, run_model
from core.training.feature_sets import (
    extract_tail_features,
    extract_training_features,
    extract_validation_features,
    pool_versions,
    training_versions,
)
from core.training.head_calibration import outfits_with_attributes
from core.training.head_card import LabeledFeatures, describe_heads
from core.training.head_checks import check_measured, check_output, check_tuned
from core.training.head_evaluation import consensus, evaluate_heads
from core.training.head_network import build_head_network
from core.training.head_targets import compute_head_targets
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
from core.training.photo_table import NOT_AN_OUTFIT, PhotoTable, read_photo_table
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
from core.training.run_files import CONVOLUTIONS_FILE, TUNED_FILE, load_arrays, replacing, save_arrays
from core.training.source_folds import find_used_photos, warn_of_seen_sources
from core.vision.classifier import fit_to_input
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

    data: Path
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
        check_measured(self.table, self.table.rows(Split.VAL), "val")
        check_photos(read_examples(self.data, Split.TRAIN, Split.VAL))
        if self.config.without_fold is not None:
            check_measured(self.table, self.train[~self.is_used], f"fold {self.config.without_fold}")


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
    check_output(model_dir, [source_dir, teacher_dir])
    source = load_model_card(source_dir / CARD_FILE)
    if tuned:
        check_tuned(tuned, config.without_fold)
    else:
        warn_of_seen_sources(source, config.without_fold)
    weights = load_arrays(tuned / CONVOLUTIONS_FILE) if tuned else read_convolutions(source_dir / source.file)
    table = read_photo_table(data)
    run = _Run(data=data, folder=run_dir, source=source, tuned=tuned, config=config, table=table)
    run.check_data()
    teacher = _ask_teacher(run, teacher_dir)
    features = _read_features(run, weights)
    used = features.select(run.is_used)
    weights |= _fit_heads_and_embedding(table, used, count_last_channels(weights))
    summary = _adjust_heads(run, weights, features.validation)
    weights |= _fit_picture_heads(run, used, weights, teacher)
    save_arrays(run_dir / WEIGHTS_FILE, weights)
    blob, agreement = _convert(run, weights)
    digest = hashlib.sha256(blob).hexdigest()
    photos = {Split.TRAIN.value: len(run.used), Split.VAL.value: len(features.validation)}
    card = replace(
        source,
        version=f"{source.backbone}-{digest[:8]}",
        file=MODEL_FILE,
        sha256=digest,
        training={**source.training, "photos": photos, "export": round_metrics(agreement), "heads": summary},
    )
    model_dir.mkdir(parents=True, exist_ok=True)
    with replacing(model_dir / MODEL_FILE) as model, replacing(model_dir / CARD_FILE) as card_file:
        model.write_bytes(blob)
        inputs = LabeledFeatures(data=data, table=table, train=run.used, validation=features.validation)
        card = describe_heads(card, model, inputs, weights, teacher)
        if config.without_fold is not None:
            card.metrics["unseen"] = {"heads": _measure_unseen(run, features, weights, card)}
        card_file.write_text(card.to_json() + "\n", "utf-8")
    console.print(f"{card.version}: {len(blob) / 1e6:.1f} MB, agreement {min(agreement.values()):.4f}")


def _ask_teacher(run: _Run, model_dir: Path) -> PictureTeacher | None:
    """What an exported model says of the photos that `kind` and `clothes` learn from; None if both have labels."""
    missing = [name for name in (KINDS_FILE, BOXES_FILE) if not (run.data / name).exists()]
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
    return ask_teacher(model_dir, run.data, kinds=table.photo[refused].tolist(), clothes=table.photo[drawn].tolist())


def _read_features(run: _Run, weights: Mapping[str, NDArray[np.float32]]) -> _Features:
    shape = run.source.preprocessing
    if run.tuned:
        versions = training_versions(load_finetune_config(run.tuned).versions)
        photos = run.table.photo[run.train]
        stores = extract_tail_features(run.folder, run.tuned, weights, versions=versions, photos=photos)
    else:
        stores = extract_training_features(
            run.data, run.folder, weights, shape, augmented=AUGMENTED_VERSIONS, with_maps=False
        )
    return _Features(
        rows=np.tile(run.train, len(stores)),
        pooled=pool_versions(stores),
        validation=extract_validation_features(run.data, run.folder, weights, shape).pooled(),
    )


def _fit_heads_and_embedding(table: PhotoTable, features: _Features, last: int) -> dict[str, NDArray[np.float32]]:
    """Fit the heads and the embedding; the `last` channels are of block 5."""
    weights = fit_heads(features.pooled, last, table, features.rows)
    outfits = outfits_with_attributes(table, features.rows)
    targets = compute_head_targets(table, features.rows[outfits])
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
    logits, labels = apply_heads(validation, weights)["style"], consensus(table, table.rows(Split.VAL))
    power = choose_power(logits, labels, frequencies, config.powers)
    weights["style/bias"] = shift_styles(weights["style/bias"], frequencies, power)
    console.print(f"style biases are lowered by {power} of the logarithm of the style's frequency")
    before = {"convolutions": run.source.version, "previous": run.source.training.get("heads")}
    return summary | {"style_prior_power": power} | before


def _fit_picture_heads(
    run: _Run, features: _Features, weights: Mapping[str, NDArray[np.float32]], teacher: PictureTeacher | None
) -> dict[str, NDArray[np.float32]]:
    """Fit `kind` and `clothes`, on labels where there are some."""
    kinds = teacher.kind_goals() if teacher and teacher.kinds else kind_goals(read_kinds(run.data))
    if teacher and teacher.clothes:
        photos, goals = list(teacher.clothes), teacher.cell_goals()
    else:
        boxes = read_boxes(run.data)
        used = run.table.photo[run.used].tolist()
        photos, goals = [photo for photo in used if photo in boxes], box_goals(boxes)
    last = features.pooled[:, -count_last_channels(weights) :]
    kind = fit_kind_head(last, run.table.photo[features.rows], kinds)
    return kind | fit_clothes_head(run.data, weights, photos, run.source.preprocessing, goals)


def _convert(run: _Run, weights: Mapping[str, NDArray[np.float32]]) -> tuple[bytes, dict[str, float]]:
    """Convert the network, and compare both on some validation photos."""
    shape = run.source.preprocessing
    network = build_head_network(weights, size=(shape.height, shape.width))
    blob = convert_to_litert(network)
    examples = read_examples(run.data, Split.VAL)
    compared = examples[:: max(1, len(examples) // COMPARED_PHOTOS)]
    images = [fit_to_input(example.open(), shape).pixels for example in compared]
    return blob, check_agreement(run_model(network, images), run_model(blob, images))


def _measure_unseen(
    run: _Run, features: _Features, weights: Mapping[str, NDArray[np.float32]], card: ModelCard
) -> dict[str, Any]:
    """The figures of the sources that were left out, on their photos as they are."""
    unseen = ~run.is_used
    outputs = apply_heads(features.pooled[: len(unseen)][unseen], weights)
    metrics: dict[str, Any] = round_metrics(evaluate_heads(run.table, run.train[unseen], outputs, card))
    console.print(f"unseen sources, style top-1: {metrics['top1']:.1%}")
    return metrics
