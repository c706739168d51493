"""Heads for styles, the gate, items and colors: labels, fit, calibration, and the command on a tiny network."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("keras", reason="the extra `train` is not installed")

from scipy.special import softmax

from core.clothing import COLORS, ITEMS, Color, Item
from core.errors import CheckpointMismatchError, DatasetError, ExportMismatchError
from core.training import finetune_pipeline, head_card, head_pipeline, main_color_fit
from core.training.calibration import calibrate_head, naming_metrics
from core.training.config import FinetuneConfig, HeadsConfig
from core.training.export import check_agreement, convert_to_litert, run_model
from core.training.feature_sets import TrainingSet, extract_validation_features
from core.training.features import FeatureStore
from core.training.head_network import (
    OUTPUTS,
    build_head_network,
    build_pooled_network,
)
from core.training.linear_heads import HEADS, apply_heads, floored_deviation
from core.training.photo_table import NO_VIEW, PhotoTable, read_photo_table
from core.training.picture_distillation import ask_teacher
from core.training.picture_heads import (
    KINDS,
    PictureBoxes,
    choose_refusals,
    fit_kind_head,
    kind_goals,
    read_boxes,
    read_kinds,
)
from core.training.source_folds import SEEN_BY_SHIPPED, held_out
from core.training.targets import compute_targets, photo_weights
from core.vision.attribute_calibration import NEVER
from core.vision.backends import LiteRTBackend
from core.vision.classifier import StyleClassifier, fit_to_input
from core.vision.model_card import ModelCard, Preprocessing, load_model_card
from core.vision.verdict import Refusal
from tests.unit.core.training.heads_data import CHANNELS, export_source, label_photos, random_weights


@pytest.fixture
def table(tmp_path: Path) -> PhotoTable:
    (tmp_path / "labels.csv").write_text(
        "photo,split,style,second,sure,style_b,second_b,sure_b,style_c,second_c,sure_c,gold,source\n"
        "a,train,retro,street,2,retro,,3,,,,,mdem\n"
        "b,train,not_outfit,,3,unclear,,,,,,,ccp\n"
        "c,train,casual,,1,street,casual,2,street,,3,street,ccp\n"
    )
    (tmp_path / "attributes.csv").write_text(
        "photo,items,colours,items_b,colours_b\na,dress hat,red black,dress,red\nc,jeans,,,\n"
    )
    return read_photo_table(tmp_path)


@pytest.fixture
def weights() -> dict[str, np.ndarray]:
    return random_weights()


def test_targets_are_the_mean_of_the_views(table: PhotoTable) -> None:
    targets = compute_targets(table, np.arange(3))
    assert np.allclose(targets.style.sum(axis=1), 1, atol=1e-6)
    assert targets.style[0].argmax() == 4
    assert targets.style_weight.tolist() == [1, 0, 1]
    assert targets.outfit.tolist() == [1, 0, 1]
    assert targets.items[0, ITEMS.index(Item.DRESS)] == pytest.approx(0.97)
    assert targets.items[0, ITEMS.index(Item.HAT)] == pytest.approx(0.495), "one of two views"
    assert targets.items_weight.tolist() == [1, 0, 1]
    assert targets.colors[0, COLORS.index(Color.RED)] == pytest.approx(0.97)
    assert targets.colors_weight.tolist() == [1, 0, 0]
    assert table.consensus(np.arange(3)).tolist() == [4, NO_VIEW, 7]
    shares = photo_weights(table, np.arange(3), balance=0.5, guess_rate=0.5)
    assert shares.sum() == pytest.approx(1)
    assert shares[2] < shares[0], "a guess counts less"


def test_unknown_item_is_rejected(table: PhotoTable, tmp_path: Path) -> None:
    (tmp_path / "attributes.csv").write_text("photo,items,colours,items_b,colours_b\na,spacesuit,red,,\n")
    with pytest.raises(DatasetError, match="spacesuit"):
        read_photo_table(tmp_path)


def test_sources_of_the_shipped_network_are_never_held_out() -> None:
    sources = np.array([*SEEN_BY_SHIPPED, "dfjul", "mdem", "yas"])
    assert held_out(sources, 0).sum() == held_out(sources, 1).sum() == 1


def test_nearly_dead_channel_is_not_amplified() -> None:
    pooled = np.random.default_rng(0).normal(0, [1, 1, 1e-4], (500, 3)).astype(np.float32)
    assert floored_deviation(pooled).min() > 0.4


def test_thresholds_keep_their_precision_and_probabilities_their_mean() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (4000, 2)).astype(np.float32)
    chance = np.stack([1 / (1 + np.exp(-2 * logits[:, 0])), np.full(4000, 0.1)], axis=1)
    truth = rng.random((4000, 2)) < chance
    calibration = calibrate_head(logits, truth)
    probabilities = calibration.probabilities(logits)
    assert calibration.threshold[1] == NEVER, "nothing tells it"
    assert calibration.threshold[0] == pytest.approx(0.5, abs=0.01), "named only if more likely than not"
    metrics = naming_metrics(probabilities, truth, calibration.threshold)
    assert metrics["precision"] >= 0.85
    assert metrics["outputs_in_use"] == 1
    assert np.allclose(probabilities.mean(axis=0), truth.mean(axis=0), atol=0.01)


def test_every_logit_of_the_exported_file_is_made_of_its_evidence(weights: dict[str, np.ndarray]) -> None:
    network = build_head_network(weights, size=(32, 32))
    images = list(np.random.default_rng(1).integers(0, 255, (8, 32, 32, 3)).astype(np.uint8))
    exported = run_model(convert_to_litert(network), images)
    for head in HEADS:
        logits, evidence = (exported[name] for name in OUTPUTS[head.name])
        assert np.allclose(logits, evidence.mean(axis=(1, 2)) + weights[f"{head.name}/bias"], atol=1e-3), head.name
    assert exported["kind_logits"].shape == (8, 4)
    assert ((exported["clothes"] > 0) & (exported["clothes"] < 1)).all()
    assert np.allclose(np.linalg.norm(exported["embedding"], axis=1), 1, atol=1e-4)
    trained = run_model(network, images)
    assert min(check_agreement(trained, exported).values()) > 0.98
    with pytest.raises(ExportMismatchError, match="item_logits"):
        check_agreement(trained, exported | {"item_logits": -exported["item_logits"]})
    swapped = exported["item_logits"].copy()
    swapped[:, [3, 7]] = swapped[:, [7, 3]]
    assert np.corrcoef(trained["item_logits"].ravel(), swapped.ravel())[0, 1] > 0.9
    for changed in (exported["item_logits"] + 1, 1.5 * exported["item_logits"], swapped):
        with pytest.raises(ExportMismatchError, match="item_logits"):
            check_agreement(trained, exported | {"item_logits": changed})


def test_heads_are_fitted_and_exported_for_serving(
    unchanged_data: Path,
    weights: dict[str, np.ndarray],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    eager: None,
) -> None:
    source, models = export_source(weights, tmp_path / "source", monkeypatch), tmp_path / "models"
    card = load_model_card(source / "model.json")
    data = tmp_path / "labelled"
    labels = label_photos(unchanged_data, data)
    config = FinetuneConfig(photos=16, batch=8)
    tuned = tmp_path / "tuned"
    finetune_pipeline.finetune_convolutions(data=data, run_dir=tuned, source_dir=source, config=config)
    further = tmp_path / "further"
    further.mkdir()
    (further / "features").symlink_to(tuned / "features")
    (further / next(tuned.glob("base-*.tflite")).name).symlink_to(next(tuned.glob("base-*.tflite")))
    still = dataclasses.replace(config, learning_rate=0.0, weight_decay=0.0)
    start = tuned / "tuned.npz"
    finetune_pipeline.finetune_convolutions(data=data, run_dir=further, source_dir=source, config=still, start=start)
    with np.load(start) as first, np.load(further / "tuned.npz") as second:
        assert set(second.files) == set(first.files)
        assert all(np.allclose(first[name], second[name], atol=1e-6) for name in first.files), "starts at its end"
    with pytest.raises(CheckpointMismatchError):
        finetune_pipeline.finetune_convolutions(data=data, run_dir=tuned, source_dir=source, config=config, start=start)
    with pytest.raises(DatasetError, match="has no heads"):
        finetune_pipeline.finetune_convolutions(
            data=data, run_dir=further, source_dir=source, config=still, start=tuned / "convolutions.npz"
        )
    head_pipeline.fit_model_heads(data=data, run_dir=tmp_path / "run", source_dir=source, model_dir=models)

    new = load_model_card(models / "model.json")
    assert new.version != card.version
    assert new.attributes is not None
    metrics = new.metrics["val"]["heads"]
    assert metrics["colors_map"] > 0.9
    assert metrics["gate"]["outfits_refused"] <= 0.1
    fitted = dict(np.load(tmp_path / "run" / "heads.npz"))
    assert np.allclose(fitted["block5_conv1/kernel"], weights["block5_conv1/kernel"]), "convolutions stay as they are"
    with np.load(tuned / "convolutions.npz") as found:
        assert set(found.files) == {f"{name}/{part}" for name in CHANNELS for part in ("kernel", "bias")}
        assert np.array_equal(found["block3_conv1/kernel"], weights["block3_conv1/kernel"]), "frozen"
        assert not np.allclose(found["block5_conv1/kernel"], weights["block5_conv1/kernel"]), "trained"
    pooled = np.load(tmp_path / "run" / "features" / "val" / "pooled.npy")
    classifier = StyleClassifier(LiteRTBackend(models / "eva.tflite", threads=1), new)
    photo = next(row["photo"] for row in labels if row["split"] == "val" and row["style"] == "casual")
    with Image.open(data / photo) as image:
        verdict = classifier.classify(image.convert("RGB"))
    assert verdict.style == "casual"
    assert set(new.refusals) <= {Refusal.PART}
    assert apply_heads(pooled, fitted)["style"].shape == (24, 8)
    classifier.backend.close()

    before = [(models / name).read_bytes() for name in ("eva.tflite", "model.json")]

    def fail(*_: object) -> None:
        raise DatasetError("cannot be read")

    monkeypatch.setattr(head_card, "fit_main_color", fail)
    with pytest.raises(DatasetError, match="cannot be read"):
        head_pipeline.fit_model_heads(
            data=data, run_dir=tmp_path / "run", source_dir=source, model_dir=models, config=HeadsConfig(powers=(0.5,))
        )
    assert before == [(models / name).read_bytes() for name in ("eva.tflite", "model.json")], "replaced only together"


def test_heads_without_their_labels_learn_from_the_source(
    unchanged_data: Path,
    weights: dict[str, np.ndarray],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    eager: None,
) -> None:
    source = export_source(weights, tmp_path / "source", monkeypatch)
    data, tuned, run, models = (tmp_path / name for name in ("labelled", "tuned", "run", "models"))
    labels = label_photos(unchanged_data, data)
    for name in ("kinds.csv", "boxes.csv"):
        (data / name).unlink()
    config = FinetuneConfig(photos=16, batch=8, versions=2, without_fold=0)
    drawn: list[np.ndarray] = []
    original = TrainingSet.read_maps

    def read_maps(
        photos: TrainingSet, cut: str, rows: np.ndarray, versions: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        drawn.append(rows)
        return original(photos, cut, rows, versions)

    monkeypatch.setattr(TrainingSet, "read_maps", read_maps)
    colored: list[Sequence[Path]] = []
    read_colors = main_color_fit.read_color_columns

    def read_color_columns(photos: Sequence[Path], card: ModelCard, model: Path) -> np.ndarray:
        colored.append(photos)
        return read_colors(photos, card, model)

    monkeypatch.setattr(main_color_fit, "read_color_columns", read_color_columns)
    finetune_pipeline.finetune_convolutions(data=data, run_dir=tuned, source_dir=source, config=config)
    assert {path.name for path in (tuned / "features").iterdir()} == {"clean", "augmented-1", "augmented-2"}
    left_out = [number for number, row in enumerate(labels) if row["split"] == "train" and row["source"] == "mdem"]
    assert left_out
    assert not np.isin(np.concatenate(drawn), left_out).any()
    head_pipeline.fit_model_heads(
        data=data,
        run_dir=run,
        source_dir=source,
        model_dir=models,
        tuned=tuned,
        config=HeadsConfig(tuned_share=0.3, without_fold=0),
    )
    new = load_model_card(models / "model.json")
    summary = new.training["heads"]
    assert (summary["finetuning"]["photos"], summary["finetuning"]["without_fold"]) == (16, 0)
    assert summary["heads_share_of_finetuned"] == 0.3
    assert summary["without_fold"] == 0
    assert summary["style_prior_power"] in HeadsConfig().powers
    used = [row["photo"] for row in labels if row["split"] == "train" and row["source"] != "mdem"]
    assert new.training["photos"] == {"train": len(used), "val": 24}
    assert colored
    assert {photo.name for photo in colored[0]} <= {Path(photo).name for photo in used}, "no photo of the fold"
    assert 0 < new.metrics["unseen"]["heads"]["photos"] <= len(left_out)
    fitted = dict(np.load(run / "heads.npz"))
    with np.load(tuned / "convolutions.npz") as convolutions:
        network = build_pooled_network(dict(convolutions), size=(32, 32), with_maps=False)
    with Image.open(data / labels[0]["photo"]) as image:
        pixels = fit_to_input(image.convert("RGB"), new.preprocessing).pixels
    stored = np.load(run / "features" / "clean" / "pooled.npy")
    assert stored.shape == (72, 18)
    assert np.corrcoef(stored[0], network(pixels[None].astype(np.float32))["pooled"].numpy()[0])[0, 1] > 0.99
    refused = [row["photo"] for row in labels if row["split"] == "train" and row["style"] == "not_outfit"]
    goals = ask_teacher(source, data, kinds=refused).kind_goals()
    places = [number for number, row in enumerate(labels) if row["photo"] in refused]
    learned = softmax(stored[places][:, -8:] @ fitted["kind/kernel"] + fitted["kind/bias"], axis=1)
    expected = np.array([goals[photo] for photo in refused])
    assert np.abs(learned.mean(axis=0) - expected.mean(axis=0)).max() < 0.1, "says what the source says"


def test_interrupted_extraction_continues(unchanged_data: Path, weights: dict[str, np.ndarray], tmp_path: Path) -> None:
    shape, table = Preprocessing(width=32, height=32), read_photo_table(unchanged_data, with_attributes=False)

    def extract(folder: Path, network: dict[str, np.ndarray] = weights) -> FeatureStore:
        return extract_validation_features(table, folder, network, shape)

    whole = extract(tmp_path)
    before = whole.pooled()
    finished = np.load(whole.folder / "finished.npy", mmap_mode="r+")
    finished[1] = False
    pooled = np.load(whole.folder / "pooled.npy", mmap_mode="r+")
    pooled[:] = 0
    assert not whole.done
    after = extract(tmp_path).pooled()
    assert whole.done
    assert not after[:16].any(), "what was finished is not computed again"
    assert np.array_equal(after[16:], before[16:])
    other = weights | {"block5_conv1/bias": weights["block5_conv1/bias"] + 1}
    with pytest.raises(CheckpointMismatchError):
        extract(tmp_path, other)


def test_kinds_are_told_apart_and_said_only_if_sure() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(len(KINDS)), 40)
    photos = np.array([f"photos/{place}.jpg" for place in range(len(labels))])
    # The last two look the same.
    pooled = (3 * np.eye(4)[np.minimum(labels, 2)] + rng.normal(0, 0.3, (160, 4))).astype(np.float32)
    kinds = dict(zip(photos.tolist(), labels.tolist(), strict=True))
    fitted = fit_kind_head(pooled, photos, kind_goals(kinds))
    logits = pooled @ fitted["kind/kernel"] + fitted["kind/bias"]
    assert (logits[:80].argmax(axis=1) == labels[:80]).all()
    assert set(choose_refusals(logits, photos, kinds)) == {Refusal.SEVERAL, Refusal.PART}
    assert choose_refusals(logits[:4], photos[:4], kinds) == {}, "too few photos"


def test_boxes_cover_cells_without_faces(tmp_path: Path) -> None:
    boxes = PictureBoxes(clothes=[(0, 0, 0.5, 1)], faces=[(0.25, 0, 0.5, 0.5)])
    clothes, faces = boxes.cover(2, 2)
    assert clothes.tolist() == [[0.5, 0], [1, 0]]
    assert faces.tolist() == [[0.5, 0], [0, 0]]
    (tmp_path / "boxes.csv").write_text(
        "photo,what,left,top,right,bottom\na,clothes,0,0,0.5,1\na,face,0.25,0,0.5,0.5\n"
    )
    assert read_boxes(tmp_path) == {"a": boxes}
    with pytest.raises(DatasetError, match=r"kinds.csv is missing"):
        read_kinds(tmp_path)
    (tmp_path / "kinds.csv").write_text("photo,kind\na,spaceship\n")
    with pytest.raises(DatasetError, match="spaceship"):
        read_kinds(tmp_path)
