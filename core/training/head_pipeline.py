"""The command `eva heads`: heads for styles, the gate, items, colors, kinds and clothes on given convolutions."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from scipy.special import expit

from core.styles import STYLES
from core.training.atomic_files import load_arrays, save_arrays
from core.training.calibration import choose_thresholds, fit_temperature
from core.training.dataset import Split, check_photos, read_examples
from core.training.embedding import fit_embedding
from core.training.evaluation import round_metrics
from core.training.export import convert_to_litert
from core.training.feature_sets import (
    extract_tail_features,
    extract_training_features,
    extract_validation_features,
    pool_versions,
    training_versions,
)
from core.training.finetune_pipeline import (
    CONVOLUTIONS_FILE,
    TUNED_FILE,
    find_used_photos,
    warn_of_seen_sources,
)
from core.training.head_calibration import calibrate_attributes, outfits_with_attributes
from core.training.head_checks import check_measured, check_output, check_tuned
from core.training.head_evaluation import consensus, evaluate_heads
from core.training.head_export import build_head_network, check_head_agreement, run_head_model
from core.training.head_targets import compute_head_targets
from core.training.joint_training import load_finetune_config
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
from core.training.main_color_fit import fit_main_color
from core.training.photo_table import NOT_AN_OUTFIT, PhotoTable, read_photo_table
from core.training.picture_distillation import (
    CLOTHES_PHOTOS,
    PictureTeacher,
    ask_teacher,
    check_same_grid,
    choose_refusal_thresholds,
)
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
from core.vision.classifier import fit_to_input
from core.vision.model_card import ModelCard, load_model_card

MODEL_FILE, CARD_FILE, WEIGHTS_FILE = "eva.tflite", "model.json", "heads.npz"
AUGMENTED_VERSIONS = 1
"""Where there is no run of `eva finetune`, whose versions are used."""
COMPARED_PHOTOS = 100
"""Validation photos on which the exported model must agree with the Keras network."""

console = Console(stderr=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadsConfig:
    """Every choice of a run."""

    tuned_share: float = 0.3
    """Share of the fine-tuned heads in those for styles, the gate and items."""
    powers: Sequence[float] = (0.0, 0.1, 0.2, 0.3, 0.5)
    """The styles' biases are lowered by one of these times the logarithm of the style's frequency in training."""
    without_fold: int | None = None
    """Fold of `core.training.source_folds` whose sources are left out and measured afterward (`unseen`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Features:
    """Pooled features."""

    rows: NDArray[np.int64]
    """n, the photo of each row of `pooled`: the training photos in all versions, those as they are first."""
    pooled: NDArray[np.float32]
    """n x channels."""
    validation: NDArray[np.float32]
    """Of the validation photos."""

    def without(self, is_kept: NDArray[np.bool_]) -> "_Features":
        """The same with some training photos alone."""
        is_used = np.tile(is_kept, len(self.rows) // len(is_kept))
        return replace(self, rows=self.rows[is_used], pooled=self.pooled[is_used])


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

    The convolutions stay as they are. Training photos are used once as they are and once augmented. Where kinds.csv or
    boxes.csv is missing, the heads `kind` and `clothes` are learned from an exported model.

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
    card = load_model_card(source_dir / CARD_FILE)
    if tuned:
        check_tuned(tuned, config.without_fold)
    else:
        warn_of_seen_sources(card, config.without_fold)
    weights = load_arrays(tuned / CONVOLUTIONS_FILE) if tuned else read_convolutions(source_dir / card.file)
    table = read_photo_table(data)
    train = table.rows(Split.TRAIN)
    is_kept = find_used_photos(table, train, config.without_fold)
    unseen = train[~is_kept]
    check_measured(table, table.rows(Split.VAL), "val")
    check_photos(read_examples(data, Split.TRAIN, Split.VAL))
    if config.without_fold is not None:
        check_measured(table, unseen, f"fold {config.without_fold}")
    teacher = _ask_teacher(data, teacher_dir, table, train[is_kept], card)
    everything = _read_features(data, run_dir, table, weights, card, tuned)
    features = everything.without(is_kept)
    weights |= fit_all_heads(table, features.rows, features.pooled, count_last_channels(weights))
    summary = _adjust_heads(weights, table, train[is_kept], everything.validation, tuned, config)
    summary |= {"convolutions": card.version, "previous": card.training.get("heads")}
    weights |= _fit_picture_heads(data, table, features, weights, card, teacher)
    save_arrays(run_dir / WEIGHTS_FILE, weights)
    new = export_heads(
        data=data,
        table=table,
        weights=weights,
        validation=everything.validation,
        train=train[is_kept],
        card=replace(card, training={**card.training, "heads": summary}),
        model_dir=model_dir,
        teacher=teacher,
    )
    if config.without_fold is not None:
        outputs = apply_heads(everything.pooled[: len(train)][~is_kept], weights)
        new.metrics["unseen"] = {"heads": round_metrics(evaluate_heads(table, unseen, outputs, new))}
        console.print(f"unseen sources, style top-1: {new.metrics['unseen']['heads']['top1']:.1%}")
    _partial(model_dir / CARD_FILE).write_text(new.to_json() + "\n", "utf-8")
    for path in (model_dir / MODEL_FILE, model_dir / CARD_FILE):
        _partial(path).replace(path)


def _partial(path: Path) -> Path:
    """The name of a file until model and card are both complete."""
    return path.with_name(f"{path.name}.partial")


def _adjust_heads(
    weights: dict[str, NDArray[np.float32]],
    table: PhotoTable,
    train: NDArray[np.int64],
    validation: NDArray[np.float32],
    tuned: Path | None,
    config: HeadsConfig,
) -> dict[str, Any]:
    """Average the heads with the fine-tuned ones, and shift the styles; returns what the card says about it."""
    summary: dict[str, Any] = {"without_fold": config.without_fold}
    if tuned:
        weights |= average_heads(weights, load_arrays(tuned / TUNED_FILE), config.tuned_share)
        recipe = load_finetune_config(tuned)
        summary |= {
            "finetuning": asdict(recipe),
            "finetuned_photos": [recipe.photos],
            "convolutions_share": recipe.share,
            "heads_share_of_finetuned": config.tuned_share,
        }
        if recipe.without_fold is not None:
            summary["held_out_of_finetuning"] = f"fold {recipe.without_fold} of core.training.source_folds"
    frequencies = style_frequencies(table.style[train, 0], len(STYLES))
    logits, labels = apply_heads(validation, weights)["style"], consensus(table, table.rows(Split.VAL))
    power = choose_power(logits, labels, frequencies, config.powers)
    weights["style/bias"] = shift_styles(weights["style/bias"], frequencies, power)
    console.print(f"style biases are lowered by {power} of the logarithm of the style's frequency")
    return summary | {"style_prior_power": power}


def _read_features(
    data: Path,
    run_dir: Path,
    table: PhotoTable,
    weights: Mapping[str, NDArray[np.float32]],
    card: ModelCard,
    tuned: Path | None,
) -> _Features:
    if tuned:
        versions = training_versions(load_finetune_config(tuned).versions)
        photos = table.photo[table.rows(Split.TRAIN)]
        stores = extract_tail_features(run_dir, tuned, weights, versions=versions, photos=photos)
    else:
        stores = extract_training_features(
            data, run_dir, weights, card.preprocessing, augmented=AUGMENTED_VERSIONS, with_maps=False
        )
    return _Features(
        rows=np.tile(table.rows(Split.TRAIN), len(stores)),
        pooled=pool_versions(stores),
        validation=extract_validation_features(data, run_dir, weights, card.preprocessing).pooled(),
    )


def _ask_teacher(
    data: Path, model_dir: Path, table: PhotoTable, train: NDArray[np.int64], card: ModelCard
) -> PictureTeacher | None:
    """What an exported model says of the photos that `kind` and `clothes` learn from; None if both have labels."""
    missing = [name for name in (KINDS_FILE, BOXES_FILE) if not (data / name).exists()]
    if not missing:
        return None
    refused = train[table.style[train, 0] == NOT_AN_OUTFIT] if KINDS_FILE in missing else train[:0]
    outfits = train[table.is_outfit[train]] if BOXES_FILE in missing else train[:0]
    drawn = np.random.default_rng(0).permutation(outfits)[:CLOTHES_PHOTOS]
    teacher = load_model_card(model_dir / CARD_FILE)
    if BOXES_FILE in missing:
        check_same_grid(teacher, card)
    photos = f"{len(refused)} + {len(drawn)} photos"
    console.print(f"{' and '.join(missing)} missing: learning from what {teacher.version} says of {photos}")
    return ask_teacher(model_dir, data, kinds=table.photo[refused].tolist(), clothes=table.photo[drawn].tolist())


def _fit_picture_heads(
    data: Path,
    table: PhotoTable,
    features: _Features,
    weights: Mapping[str, NDArray[np.float32]],
    card: ModelCard,
    teacher: PictureTeacher | None,
) -> dict[str, NDArray[np.float32]]:
    """Fit `kind` and `clothes`, on labels where there are some."""
    kinds = teacher.kind_goals() if teacher and teacher.kinds else kind_goals(read_kinds(data))
    last = features.pooled[:, -count_last_channels(weights) :]
    if teacher and teacher.clothes:
        photos, goals = list(teacher.clothes), teacher.cell_goals()
    else:
        boxes = read_boxes(data)
        photos, goals = (
            [photo for photo in table.photo[np.unique(features.rows)].tolist() if photo in boxes],
            box_goals(boxes),
        )
    return fit_kind_head(last, table.photo[features.rows], kinds) | fit_clothes_head(
        data, weights, photos, card.preprocessing, goals
    )


def fit_all_heads(
    table: PhotoTable, rows: NDArray[np.int64], pooled: NDArray[np.float32], last: int
) -> dict[str, NDArray[np.float32]]:
    """Fit the heads and the embedding on the pooled features of these rows; `last` channels are of the last block.

    Args:
        table: all labels.
        rows: n, the photo of each row of `pooled`; several rows of one photo share its weight.
        pooled: n x channels, means over positions of the maps after blocks 3, 4 and 5.
        last: number of channels of block 5, the last ones.
    """
    weights = fit_heads(pooled, last, table, rows)
    outfits = outfits_with_attributes(table, rows)
    weights["embedding/kernel"] = fit_embedding(pooled[outfits, -last:], compute_head_targets(table, rows[outfits]))
    return weights


def export_heads(
    *,
    data: Path,
    table: PhotoTable,
    weights: dict[str, NDArray[np.float32]],
    validation: NDArray[np.float32],
    train: NDArray[np.int64],
    card: ModelCard,
    model_dir: Path,
    teacher: PictureTeacher | None = None,
) -> ModelCard:
    """Choose temperature and thresholds on validation, and write the model.

    Args:
        data: directory with photos/ and, without a teacher of kinds, kinds.csv.
        table: all labels.
        weights: of convolutions, heads and embedding.
        validation: pooled features of the validation photos.
        train: rows of the photos that were trained on.
        card: of the model that the convolutions come from.
        model_dir: output directory.
        teacher: what an exported model says, where kinds have no labels.

    Returns:
        The card, which is not written yet; the model has a temporary name.

    Raises:
        ExportMismatchError: the exported model disagrees with the Keras network.
    """
    rows = table.rows(Split.VAL)
    logits = apply_heads(validation, weights)
    network = build_head_network(weights, size=(card.preprocessing.height, card.preprocessing.width))
    blob = convert_to_litert(network)
    examples = read_examples(data, Split.VAL)
    compared = [
        fit_to_input(example.open(), card.preprocessing).pixels
        for example in examples[:: max(1, len(examples) // COMPARED_PHOTOS)]
    ]
    agreement = check_head_agreement(run_head_model(network, compared), run_head_model(blob, compared))
    new = _describe(card, table, rows, logits, hashlib.sha256(blob).hexdigest(), agreement)
    kinds = validation[:, -len(weights["kind/kernel"]) :] @ weights["kind/kernel"] + weights["kind/bias"]
    is_refused = expit(logits["outfit"]) < new.thresholds.outfit
    new = replace(new, refusals=choose_refusal_thresholds(data, table, rows[is_refused], kinds[is_refused], teacher))
    model_dir.mkdir(parents=True, exist_ok=True)
    model = _partial(model_dir / MODEL_FILE)
    model.write_bytes(blob)
    new.training["photos"] = {Split.TRAIN.value: len(train), Split.VAL.value: len(rows)}
    new, main_color = fit_main_color(data, table, new, model, train)
    new.metrics["val"]["heads"]["main_color"] = round_metrics(main_color)
    console.print(f"{new.version}: {len(blob) / 1e6:.1f} MB, agreement {min(agreement.values()):.4f}")
    return new


def _describe(
    card: ModelCard,
    table: PhotoTable,
    rows: NDArray[np.int64],
    logits: dict[str, NDArray[np.float32]],
    digest: str,
    agreement: dict[str, float],
) -> ModelCard:
    """The card of the new model."""
    is_outfit = table.is_outfit[rows]
    labels = table.style[rows, 0][is_outfit]
    emphasis: dict[str, float] = card.training.get("recipe", {}).get("emphasis", {})
    source_weights = np.array([emphasis.get(str(source), 1.0) for source in table.source[rows][is_outfit]])
    style = logits["style"][is_outfit]
    temperature = fit_temperature(style, labels, source_weights)
    named = outfits_with_attributes(table, rows)
    training: dict[str, Any] = {
        **card.training,
        "export": {name: round(value, 4) for name, value in agreement.items()},
    }
    new = replace(
        card,
        version=f"{card.backbone}-{digest[:8]}",
        file=MODEL_FILE,
        sha256=digest,
        temperature=round(temperature, 4),
        thresholds=choose_thresholds(style, labels, temperature, expit(logits["outfit"]), is_outfit, source_weights),
        attributes=calibrate_attributes(table, rows[named], logits["items"][named], logits["colors"][named]),
        training=training,
        metrics={},
    )
    new.metrics["val"] = {"heads": round_metrics(evaluate_heads(table, rows, logits, new))}
    return new
