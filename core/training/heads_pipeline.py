"""The commands `eva finetune` and `eva heads`: convolutions, and heads for styles, the gate, items and colors."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress
from scipy.special import expit

from core.errors import CheckpointMismatchError, DatasetError
from core.training.calibration import choose_thresholds, fit_temperature
from core.training.dataset import Split, read_examples
from core.training.embedding import fit_embedding
from core.training.evaluation import round_metrics
from core.training.export import convert_to_litert
from core.training.features import FeatureStore, extract_features
from core.training.head_calibration import calibrate_attributes, outfits_with_attributes
from core.training.head_evaluation import evaluate_heads
from core.training.head_export import (
    CUT,
    build_head_network,
    build_pooled_network,
    check_head_agreement,
    run_head_model,
)
from core.training.head_targets import compute_head_targets, photo_weights
from core.training.joint_network import interpolate
from core.training.joint_training import FinetuneConfig, MapVersions, finetune
from core.training.linear_heads import GUESS_RATE, HEADS, apply_heads, fit_heads
from core.training.litert_weights import read_convolutions
from core.training.main_color_fit import fit_main_color
from core.training.photo_table import PhotoTable, read_photo_table
from core.training.picture_heads import KINDS, choose_refusals, fit_clothes_head, fit_kind_head, read_kinds
from core.vision.classifier import fit_to_input
from core.vision.model_card import ModelCard, Preprocessing, load_model_card

MODEL_FILE, CARD_FILE, WEIGHTS_FILE = "eva.tflite", "model.json", "heads.npz"
AUGMENTATION_SEED = 2001
CONVOLUTIONS_FILE, TUNED_FILE = "convolutions.npz", "tuned.npz"
SAMPLING_BALANCE = 0.6
"""Rare styles are drawn more often: frequency to the power of minus this."""
TRAINING_VERSIONS = ("clean", "augmented")
COMPARED_PHOTOS = 100
"""Validation photos on which the exported model must agree with the Keras network."""

console = Console(stderr=True)


def fit_model_heads(
    *, data: Path, run_dir: Path, source_dir: Path, model_dir: Path, convolutions: Path | None = None
) -> None:
    """Extract features, fit all heads and export a model; a second call resumes an interrupted run.

    The convolutions stay as they are. Training photos are used once as they are and once augmented.

    Args:
        data: directory with labels.csv, attributes.csv, kinds.csv, boxes.csv and photos/.
        run_dir: directory of the run: features and `heads.npz`.
        source_dir: directory of the exported model whose card, and convolutions, are used.
        model_dir: output directory of model and card.
        convolutions: the `convolutions.npz` of a fine-tuning run, instead of the source's.

    Raises:
        DatasetError: the data are incomplete, or the source is not a VGG-16.
        ExportMismatchError: the exported model disagrees with the Keras network.
    """
    card = load_model_card(source_dir / CARD_FILE)
    weights = dict(np.load(convolutions)) if convolutions else read_convolutions(source_dir / card.file)
    table = read_photo_table(data)
    stores = extract_all_features(data, run_dir, weights, card.preprocessing)
    pooled = [stores[name].pooled() for name in TRAINING_VERSIONS]
    train = table.rows(Split.TRAIN)
    rows, features, last = np.tile(train, len(pooled)), np.concatenate(pooled), count_last_channels(weights)
    weights |= fit_all_heads(table, rows, features, last)
    weights |= fit_kind_head(features[:, -last:], table.photo[rows], read_kinds(data))
    weights |= fit_clothes_head(data, weights, table.photo[train], card.preprocessing)
    np.savez(run_dir / WEIGHTS_FILE, allow_pickle=False, **weights)
    export_heads(
        data=data, table=table, weights=weights, validation=stores["val"].pooled(), card=card, model_dir=model_dir
    )


def extract_all_features(
    data: Path, run_dir: Path, weights: Mapping[str, NDArray[np.float32]], shape: Preprocessing
) -> dict[str, FeatureStore]:
    """Extract the features of the training photos, clean and augmented, and of the validation photos."""
    run_dir.mkdir(parents=True, exist_ok=True)
    base = run_dir / "base.tflite"
    if not base.exists():
        base.write_bytes(convert_to_litert(build_pooled_network(weights, size=(shape.height, shape.width))))
    plan = (("clean", Split.TRAIN, None), ("augmented", Split.TRAIN, AUGMENTATION_SEED), ("val", Split.VAL, None))
    stores = {}
    with Progress(console=console) as progress:
        for name, split, seed in plan:
            examples = read_examples(data, split)
            stores[name] = extract_features(
                examples,
                base=base,
                folder=run_dir / "features" / name,
                shape=shape,
                seed=seed,
                processes=os.cpu_count() or 1,
                advance=partial(progress.advance, progress.add_task(f"features {name}", total=len(examples))),
            )
    return stores


def count_last_channels(weights: Mapping[str, NDArray[np.float32]]) -> int:
    """Count the channels of the last convolution."""
    return len(weights[max(name for name in weights if name.startswith("block") and name.endswith("/bias"))])


def finetune_convolutions(
    *, data: Path, run_dir: Path, source_dir: Path, config: FinetuneConfig, start: Path | None = None
) -> None:
    """Fine-tune blocks 4 and 5 of an exported model with all heads, and write `convolutions.npz` for `eva heads`.

    `tuned.npz` holds the network at the end of the way, of which `convolutions.npz` goes a share.

    Args:
        data: directory with labels.csv, attributes.csv and photos/.
        run_dir: directory of the run: features (about 600 KB for each training photo), checkpoint, log.
        source_dir: directory of the exported model to start from.
        config: every choice.
        start: the `tuned.npz` of an earlier run, to train on from its end instead of from the exported model.

    Raises:
        DatasetError: the data are incomplete, or the source is not a VGG-16.
        CheckpointMismatchError: `run_dir` holds a run with another configuration, or the one that `start` comes from.
    """
    if start is not None and start.resolve().parent == run_dir.resolve():
        raise CheckpointMismatchError(run_dir.name)
    card = load_model_card(source_dir / CARD_FILE)
    weights = read_convolutions(source_dir / card.file)
    table = read_photo_table(data)
    stores = extract_all_features(data, run_dir, weights, card.preprocessing)
    versions = [stores[name] for name in TRAINING_VERSIONS]
    train = table.rows(Split.TRAIN)
    if start:
        first = weights | dict(np.load(start))
        if missing := [head.name for head in HEADS if f"{head.name}/kernel" not in first]:
            raise DatasetError(f"{start.name} has no heads {', '.join(missing)}")
    else:
        last_only = [replace(head, uses_all_blocks=False) for head in HEADS]
        pooled = np.concatenate([store.pooled() for store in versions])
        rows = np.tile(train, len(versions))
        first = weights | fit_heads(pooled, count_last_channels(weights), table, rows, last_only)
    maps = [store.maps(CUT) for store in versions]
    tuned = finetune(
        config,
        start=first,
        maps=MapVersions(codes=[codes for codes, _ in maps], scales=[scale for _, scale in maps]),
        targets=compute_head_targets(table, train),
        weights=photo_weights(table, train, balance=SAMPLING_BALANCE, guess_rate=GUESS_RATE),
        run_dir=run_dir,
    )
    np.savez(run_dir / TUNED_FILE, allow_pickle=False, **tuned)
    np.savez(run_dir / CONVOLUTIONS_FILE, allow_pickle=False, **interpolate(weights, tuned, config.share))
    console.print(f"{run_dir / CONVOLUTIONS_FILE} is written")


def fit_all_heads(
    table: PhotoTable, rows: NDArray[np.int64], pooled: NDArray[np.float32], last: int
) -> dict[str, NDArray[np.float32]]:
    """Fit the heads and the embedding on the pooled features of these rows; `last` channels are of the last block."""
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
    card: ModelCard,
    model_dir: Path,
) -> None:
    """Choose temperature and thresholds on validation, and write model and card.

    Args:
        data: directory with photos/ and kinds.csv.
        table: all labels.
        weights: of convolutions, heads and embedding.
        validation: pooled features of the validation photos.
        card: of the model that the convolutions come from.
        model_dir: output directory.

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
    known = dict.fromkeys(table.photo[rows[table.is_outfit[rows]]].tolist(), KINDS.index("other")) | read_kinds(data)
    new = replace(new, refusals=choose_refusals(kinds[is_refused], table.photo[rows][is_refused], known))
    model_dir.mkdir(parents=True, exist_ok=True)
    model = model_dir / MODEL_FILE
    model.write_bytes(blob)
    new, main_color = fit_main_color(data, table, new, model)
    new.metrics["val"]["heads"]["main_color"] = round_metrics(main_color)
    (model_dir / CARD_FILE).write_text(new.to_json() + "\n", "utf-8")
    console.print(f"{new.version}: {len(blob) / 1e6:.1f} MB, agreement {min(agreement.values()):.4f}")


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
        "heads": {"convolutions": card.training.get("heads", {}).get("convolutions", card.version)},
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
