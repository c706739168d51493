"""What `eva finetune` and `eva heads` refuse before they extract features."""

import csv
import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("keras", reason="the extra `train` is not installed")

from core.errors import CheckpointMismatchError, DatasetError
from core.training import finetune_pipeline, head_pipeline
from core.training.config import FinetuneConfig, HeadsConfig
from core.vision.model_card import Preprocessing, load_model_card
from tests.unit.core.training.heads_data import export_source, label_photos, random_weights


@dataclasses.dataclass(frozen=True)
class Folders:
    """A data folder, a source, and a folder of runs."""

    data: Path
    source: Path
    runs: Path

    def tuned(self, **choices: Any) -> Path:
        """A finished run of `eva finetune`."""
        folder = self.runs / "tuned"
        folder.mkdir(parents=True)
        (folder / "recipe.json").write_text(
            json.dumps(dataclasses.asdict(FinetuneConfig(**choices)), indent=2), "utf-8"
        )
        weights = random_weights()
        np.savez(folder / "tuned.npz", allow_pickle=False, **weights)
        np.savez(folder / "convolutions.npz", allow_pickle=False, **weights)
        return folder

    def finetune(self, run: Path, **given: Any) -> None:
        finetune_pipeline.finetune_convolutions(data=self.data, run_dir=run, source_dir=self.source, **given)

    def heads(self, **given: Any) -> None:
        given = {"model_dir": self.runs / "models", **given}
        head_pipeline.fit_model_heads(data=self.data, run_dir=self.runs / "heads", source_dir=self.source, **given)


@pytest.fixture
def folders(unchanged_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folders:
    """Folders for runs that end before features are extracted."""

    def fail(*_: object, **__: object) -> None:
        pytest.fail("features are extracted")

    for module, name in (
        (finetune_pipeline, "extract_training_features"),
        (head_pipeline, "extract_training_features"),
        (head_pipeline, "extract_tail_features"),
    ):
        monkeypatch.setattr(module, name, fail)
    data = tmp_path / "labelled"
    label_photos(unchanged_data, data)
    return Folders(data, export_source(random_weights(), tmp_path / "source", monkeypatch), tmp_path / "runs")


@pytest.mark.parametrize(("left_out", "wanted"), [(None, 0), (1, 0), (0, None)])
def test_heads_and_finetuning_must_leave_out_the_same_fold(
    folders: Folders, left_out: int | None, wanted: int | None
) -> None:
    tuned = folders.tuned(without_fold=left_out)
    with pytest.raises(DatasetError, match="tuned left out"):
        folders.heads(tuned=tuned, config=HeadsConfig(without_fold=wanted))


@pytest.mark.parametrize("role", ["start", "teachers"])
def test_run_without_a_fold_learns_from_no_network_that_has_seen_it(folders: Folders, role: str) -> None:
    network = folders.tuned() / "tuned.npz"
    given: dict[str, Any] = {"start": network} if role == "start" else {"teachers": [network]}
    with pytest.raises(DatasetError, match="left out no fold"):
        folders.finetune(folders.runs / "next", config=FinetuneConfig(without_fold=0), **given)


def test_unfinished_finetuning_is_refused(folders: Folders) -> None:
    tuned = folders.tuned()
    (tuned / "convolutions.npz").unlink()
    with pytest.raises(DatasetError, match="has not finished"):
        folders.heads(tuned=tuned)


def test_cut_off_weights_are_named(folders: Folders) -> None:
    tuned = folders.tuned()
    whole = (tuned / "convolutions.npz").read_bytes()
    (tuned / "convolutions.npz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DatasetError, match=r"convolutions\.npz is no complete \.npz file"):
        folders.heads(tuned=tuned)


def test_fold_without_shared_labels_cannot_be_measured(folders: Folders, capsys: pytest.CaptureFixture[str]) -> None:
    path = folders.data / "labels.csv"
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    with path.open("w", encoding="utf-8", newline="") as lines:
        table = csv.DictWriter(lines, fieldnames=list(rows[0]))
        table.writeheader()
        table.writerows(row | ({"style_b": ""} if row["source"] == "mdem" else {}) for row in rows)
    with pytest.raises(DatasetError, match="no photo of fold 0"):
        folders.heads(config=HeadsConfig(without_fold=0))
    assert "may have been trained on the sources" in " ".join(capsys.readouterr().err.split())


def test_validation_without_items_cannot_be_measured(folders: Folders) -> None:
    (folders.data / "attributes.csv").write_text("photo,items,colours\n")
    with pytest.raises(DatasetError, match="no outfit of val"):
        folders.heads()


def test_photo_that_is_missing_is_found_first(folders: Folders) -> None:
    path = folders.data / "labels.csv"
    path.write_text(path.read_text().replace("photos/000.png", "photos/nowhere.png"))
    with pytest.raises(DatasetError, match=r"1 of 96 photos cannot be read, the first is nowhere\.png"):
        folders.heads()
    with pytest.raises(DatasetError, match=r"1 of 72 photos cannot be read"):
        folders.finetune(folders.runs / "next", config=FinetuneConfig())


def test_step_needs_as_many_photos(folders: Folders) -> None:
    with pytest.raises(DatasetError, match="takes 100 training photos, and there are 72"):
        folders.finetune(folders.runs / "next", config=FinetuneConfig(batch=100))


def test_new_model_replaces_none_that_is_read(folders: Folders) -> None:
    with pytest.raises(DatasetError, match="would replace"):
        folders.heads(model_dir=folders.source)
    with pytest.raises(DatasetError, match="would replace"):
        folders.heads(model_dir=folders.runs / ".." / "teacher", picture_heads=folders.runs.parent / "teacher")


def test_teacher_without_picture_heads_is_found_first(folders: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(*_: object, **__: object) -> None:
        raise DatasetError("no heads to learn from")

    (folders.data / "kinds.csv").unlink()
    monkeypatch.setattr(head_pipeline, "ask_teacher", ask)
    with pytest.raises(DatasetError, match="no heads to learn from"):
        folders.heads()


def test_teacher_of_another_size_is_refused(folders: Folders) -> None:
    (folders.data / "boxes.csv").unlink()
    card = load_model_card(folders.source / "model.json")
    teacher = folders.runs / "teacher"
    teacher.mkdir(parents=True)
    larger = dataclasses.replace(card, preprocessing=Preprocessing(width=64, height=32))
    (teacher / "model.json").write_text(larger.to_json(), "utf-8")
    with pytest.raises(DatasetError, match="64 x 32"):
        folders.heads(picture_heads=teacher)


@pytest.mark.parametrize("config", [FinetuneConfig(versions=2), FinetuneConfig(seed=8)])
def test_directory_of_another_run_gets_no_features(folders: Folders, config: FinetuneConfig) -> None:
    with pytest.raises(CheckpointMismatchError):
        folders.finetune(folders.tuned(), config=config)


def test_run_does_not_continue_from_another_start(folders: Folders) -> None:
    start = folders.tuned() / "tuned.npz"
    run = folders.runs / "next"
    run.mkdir()
    (run / "recipe.json").write_text((start.parent / "recipe.json").read_text("utf-8"), "utf-8")
    with pytest.raises(CheckpointMismatchError):
        folders.finetune(run, config=FinetuneConfig(), start=start)
