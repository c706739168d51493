"""The training commands on a tiny network."""

import dataclasses
import json
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest

from core.errors import (
    CheckpointMismatchError,
    DatasetError,
    ModelMismatchError,
    ModelNotFoundError,
    UnknownBackboneError,
)
from core.styles import STYLES
from core.training import candidates, report, staged_training, train_pipeline
from core.training.config import Stage, TrainingConfig, check_stages, load_config
from core.training.export import convert_to_litert, read_model_inputs
from core.training.features import PhotoReader, dequantize, extract_features
from core.training.network import ARCHITECTURES, build_frozen_base
from core.training.photo_table import Split, read_photo_table
from core.vision.model_card import ModelCard, Preprocessing, load_model_card

SHAPE = Preprocessing(width=32, height=32)


def make_config(backbone: str, **changes: object) -> TrainingConfig:
    stages = (Stage(block="block5", photos=320, rate=1e-3), Stage(block="block4", photos=320, rate=5e-4))
    quick = {"backbone": backbone, "preprocessing": SHAPE, "stages": stages, "batch": 8, "ema": 0.8, "dropout": 0.0}
    return TrainingConfig(**quick | changes)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def trained(unchanged_data: Path, tiny: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a finished run, to be copied and not changed."""
    run = tmp_path_factory.mktemp("trained") / "run"
    train_pipeline.train(data=unchanged_data, weights=None, run_dir=run, config=make_config(tiny))
    return run


def test_train_export_and_evaluate(
    unchanged_data: Path, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, models, folder = unchanged_data, tmp_path / "models", tmp_path / "report"
    run = shutil.copytree(trained, tmp_path / "run")
    models.mkdir()
    for name in ("eva.tflite", "model.json"):
        (models / name).write_text("earlier")

    def interrupt(_: ModelCard) -> str:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(ModelCard, "to_json", interrupt)
        with pytest.raises(KeyboardInterrupt):
            train_pipeline.export(data=data, run_dir=run, model_dir=models)
    assert [(models / name).read_text() for name in ("eva.tflite", "model.json")] == ["earlier"] * 2

    train_pipeline.export(data=data, run_dir=run, model_dir=models)
    card = load_model_card(models / "model.json")
    assert card.version == f"tiny-{card.sha256[:8]}"
    assert card.training["export"]["top1"] >= 0.98
    assert card.training["weights"] == "random"

    report.evaluate(data=data, model_dir=models, split="test", report_dir=folder)
    figures = json.loads((folder / "figures.json").read_text("utf-8"))
    assert figures["photos"] == 24
    assert figures["top1"] > 0.55, "chance is a third"
    assert figures["annotators"] == 1.0
    metrics = load_model_card(models / "model.json").metrics["test"]
    assert metrics["top1"] == figures["top1"]
    assert [len(row) for row in metrics["confusion"]] == [len(STYLES)] * len(STYLES)
    for picture in ("confusion.png", "reliability.png", "mistakes.jpg"):
        assert (folder / picture).stat().st_size > 1000

    with pytest.raises(DatasetError, match="no split tset, only train, val"):
        report.evaluate(data=data, model_dir=models, split="tset", report_dir=folder)
    (models / "eva.tflite").write_bytes((models / "eva.tflite").read_bytes() + b"\0")
    with pytest.raises(ModelMismatchError):
        report.evaluate(data=data, model_dir=models, split="test", report_dir=folder)
    (models / "eva.tflite").unlink()
    with pytest.raises(ModelNotFoundError):
        report.evaluate(data=data, model_dir=models, split="test", report_dir=folder)

    stages = [json.loads(line)["stage"] for line in (run / "log.jsonl").read_text("utf-8").splitlines()]
    assert stages == ["heads", *["stage0"] * 4, *["stage1"] * 4]


def test_candidates_are_compared(unchanged_data: Path, tiny: str, tmp_path: Path) -> None:
    candidates.compare_candidates(
        data=unchanged_data, weights=None, output_dir=tmp_path / "out", backbone=tiny, photos=50
    )
    table = (tmp_path / "out" / "candidates.md").read_text("utf-8").splitlines()
    assert len(table) == 2 + 4 * 5
    best = max(float(line.split("|")[3].strip(" %")) for line in table[2:])
    assert best > 60, "colors are easy"


def test_interrupted_run_is_resumed(unchanged_data: Path, trained: Path, tiny: str, tmp_path: Path) -> None:
    run = shutil.copytree(trained, tmp_path / "run")
    whole = keras.models.load_model(run / "model.keras").get_weights()
    journal = (run / "log.jsonl").read_text("utf-8")
    (run / "stage1.weights.h5").unlink()
    (run / "model.keras").unlink()

    train_pipeline.train(data=unchanged_data, weights=None, run_dir=run, config=make_config(tiny))

    new = (run / "log.jsonl").read_text("utf-8").removeprefix(journal).splitlines()
    assert [json.loads(line)["stage"] for line in new] == ["stage1"] * 4, "heads and stage 0 were not repeated"
    again = keras.models.load_model(run / "model.keras").get_weights()
    assert np.array_equal(whole[0], again[0]), "what no stage trains stays as it was"


def test_stage_that_is_killed_gives_the_same_network_when_it_is_resumed(
    unchanged_data: Path, tiny: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, eager: None
) -> None:
    stages = (Stage(block="block5", photos=64, rate=1e-2),)
    config = make_config(tiny, stages=stages, dropout=0.3, versions=1)

    def run(name: str) -> list[np.ndarray]:
        train_pipeline.train(data=unchanged_data, weights=None, run_dir=tmp_path / name, config=config)
        weights: list[np.ndarray] = keras.models.load_model(tmp_path / name / "model.keras").get_weights()
        return weights

    whole = run("whole")
    results = shutil.ignore_patterns("heads.npz", "log.jsonl", "*.h5", "*.keras")
    shutil.copytree(tmp_path / "whole", tmp_path / "broken", ignore=results)
    original = staged_training._MetricsLogger.on_epoch_end

    def interrupt(logger: staged_training._MetricsLogger, epoch: int, logs: dict[str, float] | None = None) -> None:
        original(logger, epoch, logs)
        if epoch == 1:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(staged_training._MetricsLogger, "on_epoch_end", interrupt)
        with pytest.raises(KeyboardInterrupt):
            run("broken")
    assert not (tmp_path / "broken" / "stage0.weights.h5").exists()
    assert all(np.allclose(first, second, atol=1e-6) for first, second in zip(whole, run("broken"), strict=True))
    lines = [json.loads(line) for line in (tmp_path / "broken" / "log.jsonl").read_text("utf-8").splitlines()]
    assert [line.get("part") for line in lines] == [None, 0, 1, 2, 3], "what was finished is not repeated"


@pytest.mark.parametrize(
    ("start", "blocks", "problem"),
    [
        ("", ("block4", "block5"), "an earlier stage"),
        ("5cf8a99c", ("block5",), "--start"),
        ("", ("block3",), "there are block4, block5"),
    ],
)
def test_stage_that_reads_maps_of_other_convolutions_is_refused(
    start: str, blocks: tuple[str, ...], problem: str
) -> None:
    stages = tuple(Stage(block=block, photos=320, rate=1e-3) for block in blocks)
    with pytest.raises(DatasetError, match=problem):
        check_stages(make_config("vgg16", stages=stages, start=start))
    check_stages(make_config("vgg16"))
    check_stages(make_config("vgg16", stages=(Stage(block="block4", photos=320, rate=1e-3),), start="5cf8a99c"))


@pytest.mark.parametrize("text", ["{", "[]", '{"stages": []}', '{"preprocessing": {}, "stages": []}'])
def test_invalid_configuration_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "own.json").write_text(text, "utf-8")
    with pytest.raises(DatasetError, match=r"own\.json is no training configuration"):
        load_config(tmp_path / "own.json")


def test_candidates_of_another_network_are_not_mixed_up(
    unchanged_data: Path, tiny: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(candidates, "INPUT_CANDIDATES", {"letterbox 32x32": SHAPE})

    def compare() -> None:
        candidates.compare_candidates(data=unchanged_data, weights=None, output_dir=tmp_path, backbone=tiny, photos=20)

    compare()
    architecture = ARCHITECTURES[tiny]

    def make(**arguments: object) -> keras.Model:
        network = architecture.make(**arguments)
        network.get_layer("block5_conv1").set_weights([2 * weight for weight in network.layers[-1].get_weights()])
        return network

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(ARCHITECTURES, tiny, dataclasses.replace(architecture, make=make))
        with pytest.raises(CheckpointMismatchError):
            compare()


def test_run_starts_from_another_network_with_another_input_size(
    unchanged_data: Path, trained: Path, tiny: str, tmp_path: Path
) -> None:
    taller = make_config(tiny, preprocessing=Preprocessing(width=32, height=48), stages=())
    start, run = trained / "model.keras", tmp_path / "run"
    train_pipeline.train(data=unchanged_data, weights=None, run_dir=run, config=taller, start=start)
    first, second = (keras.models.load_model(path) for path in (start, run / "model.keras"))
    assert second.input_shape == (None, 48, 32, 3)
    assert all(np.array_equal(a, b) for a, b in zip(first.get_weights(), second.get_weights(), strict=True))
    config = load_config(run / "recipe.json")
    assert len(config.start) == 8, "the digest of the initial network is stored"


def test_run_directory_of_another_configuration_is_rejected(
    unchanged_data: Path, trained: Path, tiny: str, tmp_path: Path
) -> None:
    run, other = shutil.copytree(trained, tmp_path / "run"), make_config(tiny, dropout=0.1)
    with pytest.raises(CheckpointMismatchError):
        train_pipeline.train(data=unchanged_data, weights=None, run_dir=run, config=other)


def test_unknown_backbone_is_rejected(unchanged_data: Path, tmp_path: Path) -> None:
    with pytest.raises(UnknownBackboneError, match="vgg16"):
        train_pipeline.train(data=unchanged_data, weights=None, run_dir=tmp_path, config=make_config("alexnet"))


def test_config_round_trip(tmp_path: Path) -> None:
    config = make_config("vgg16", seed=11)
    (tmp_path / "recipe.json").write_text(json.dumps(dataclasses.asdict(config)), "utf-8")
    assert load_config(tmp_path / "recipe.json") == config


def test_stored_features_equal_the_frozen_base(unchanged_data: Path, tiny: str, tmp_path: Path) -> None:
    table = read_photo_table(unchanged_data, with_attributes=False)
    photos = table.paths(table.rows(Split.VAL))
    base = tmp_path / "base.tflite"
    network = build_frozen_base(tiny, None, (32, 32), cuts=["block4_pool"])
    base.write_bytes(convert_to_litert(network))
    done: list[int] = []
    store = extract_features(
        PhotoReader(photos=photos, shape=SHAPE, seed=None),
        base=base,
        folder=tmp_path / "features",
        processes=2,
        advance=done.append,
    )
    assert sum(done) == len(photos)
    codes, scale = store.maps("block4_pool")
    pixels = np.stack(read_model_inputs(photos, SHAPE)).astype(np.float32)
    expected = np.asarray(network(pixels)["block4_pool"])
    assert codes.shape == expected.shape
    assert np.corrcoef(dequantize(codes, scale).ravel(), expected.ravel())[0, 1] > 0.995
