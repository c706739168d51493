"""From labelled photos to a model that serves: the three commands on a tiny network."""

from __future__ import annotations

import json
from pathlib import Path

import keras
import numpy as np
import pytest

from core.errors import CheckpointMismatch, UnknownBackbone
from core.training import commands
from core.training.convert import to_litert
from core.training.dataset import Split, read_examples
from core.training.features import decode, extract
from core.training.recipe import Recipe, Stage, read_recipe
from core.vision.card import Preprocessing, read_card
from core.vision.frame import frame

SHAPE = Preprocessing(width=32, height=32)


def recipe(backbone: str, **changes: object) -> Recipe:
    stages = (Stage(block="block5", photos=640, rate=1e-3), Stage(block="block4", photos=640, rate=5e-4))
    quick = {"backbone": backbone, "preprocessing": SHAPE, "stages": stages, "batch": 8, "ema": 0.8, "dropout": 0.0}
    return Recipe(**quick | changes)  # type: ignore[arg-type]


def test_a_model_is_trained_exported_and_reported(data: Path, tiny: str, tmp_path: Path) -> None:
    run, models, report = tmp_path / "run", tmp_path / "models", tmp_path / "report"
    commands.train(data=data, weights=None, out=run, recipe=recipe(tiny))

    commands.export(data=data, run=run, models=models)
    card = read_card(models / "model.json")
    assert card.version == f"tiny-{card.sha256[:8]}"
    assert card.training["export"]["top1_agreement"] >= 0.98

    commands.evaluate(data=data, run=run, models=models, split="test", report=report)
    figures = json.loads((report / "figures.json").read_text("utf-8"))
    assert figures["photos"] == 24
    assert figures["top1"] > 0.55, "chance is a third"
    assert figures["annotators"] == 1.0
    assert read_card(models / "model.json").figures["test"]["top1"] == figures["top1"]
    for picture in ("confusion.png", "reliability.png", "mistakes.jpg"):
        assert (report / picture).stat().st_size > 1000

    stages = [json.loads(line)["stage"] for line in (run / "log.jsonl").read_text("utf-8").splitlines()]
    assert stages == ["heads", *["stage0"] * 4, *["stage1"] * 4]


def test_candidates_are_put_side_by_side(data: Path, tiny: str, tmp_path: Path) -> None:
    commands.compare_candidates(data=data, weights=None, out=tmp_path / "out", backbone=tiny, photos=50)
    table = (tmp_path / "out" / "candidates.md").read_text("utf-8").splitlines()
    assert len(table) == 2 + 4 * 5
    best = max(float(line.split("|")[3].strip(" %")) for line in table[2:])
    assert best > 60, "colours are easy"


def test_an_interrupted_run_goes_on_with_what_is_done(data: Path, tiny: str, tmp_path: Path) -> None:
    run = tmp_path / "run"
    commands.train(data=data, weights=None, out=run, recipe=recipe(tiny))
    whole = keras.models.load_model(run / "model.keras").get_weights()
    journal = (run / "log.jsonl").read_text("utf-8")
    (run / "stage1.weights.h5").unlink()
    (run / "model.keras").unlink()

    commands.train(data=data, weights=None, out=run, recipe=recipe(tiny))

    new = (run / "log.jsonl").read_text("utf-8").removeprefix(journal).splitlines()
    assert [json.loads(line)["stage"] for line in new] == ["stage1"] * 4, "heads and stage 0 were not repeated"
    again = keras.models.load_model(run / "model.keras").get_weights()
    assert np.array_equal(whole[0], again[0]), "what no stage trains stays as it was"


def test_a_run_goes_on_from_another_ones_network_at_another_shape(data: Path, tiny: str, tmp_path: Path) -> None:
    commands.train(data=data, weights=None, out=tmp_path / "first", recipe=recipe(tiny))
    taller = recipe(tiny, preprocessing=Preprocessing(width=32, height=48), stages=())
    start = tmp_path / "first" / "model.keras"
    commands.train(data=data, weights=None, out=tmp_path / "second", recipe=taller, start=start)
    first, second = (keras.models.load_model(tmp_path / run / "model.keras") for run in ("first", "second"))
    assert second.input_shape == (None, 48, 32, 3)
    assert all(np.array_equal(a, b) for a, b in zip(first.get_weights(), second.get_weights(), strict=True))
    kept = read_recipe(tmp_path / "second" / "recipe.json")
    assert len(kept.start) == 8, "whose network it was is kept"


def test_another_recipe_does_not_mix_into_a_run(data: Path, tiny: str, tmp_path: Path) -> None:
    short = recipe(tiny, stages=())
    commands.train(data=data, weights=None, out=tmp_path / "run", recipe=short)
    with pytest.raises(CheckpointMismatch):
        commands.train(data=data, weights=None, out=tmp_path / "run", recipe=recipe(tiny, stages=(), dropout=0.1))


def test_an_unknown_backbone_is_refused(data: Path, tmp_path: Path) -> None:
    with pytest.raises(UnknownBackbone, match="vgg16"):
        commands.train(data=data, weights=None, out=tmp_path, recipe=recipe("alexnet"))


def test_a_recipe_survives_its_file(tmp_path: Path) -> None:
    given = recipe("vgg16", seed=11)
    (tmp_path / "recipe.json").write_text(given.to_json(), "utf-8")
    assert read_recipe(tmp_path / "recipe.json") == given


def test_kept_features_are_what_the_frozen_part_gives(data: Path, tiny: str, tmp_path: Path) -> None:
    examples = read_examples(data, Split.VAL)
    base = tmp_path / "base.tflite"
    network = commands._frozen(recipe(tiny), None)
    base.write_bytes(to_litert(network))
    done: list[int] = []
    store = extract(
        examples, base=base, folder=tmp_path / "kept", shape=SHAPE, seed=None, processes=2, advance=done.append
    )
    assert sum(done) == len(examples)
    codes, scale = store.maps("block4_pool")
    pixels = np.stack([frame(one.open(), SHAPE).pixels for one in examples]).astype(np.float32)
    expected = np.asarray(network(pixels)["block4_pool"])
    assert codes.shape == expected.shape
    assert np.corrcoef(decode(codes, scale).ravel(), expected.ravel())[0, 1] > 0.995
