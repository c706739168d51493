"""Extraction of features where something goes wrong on the way."""

import os
import shutil
import signal
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from core.errors import DatasetError, DiskSpaceError, WorkerEndedError
from core.training import feature_sets
from core.training.export import store_base
from core.training.feature_sets import extract_training_features
from core.training.features import PhotoReader, extract_features
from core.training.head_network import build_pooled_network
from core.training.litert_weights import read_convolutions
from core.training.network import load_network
from core.training.photo_table import PhotoTable, Split, read_photo_table
from core.training.run_files import load_arrays, replacing, save_arrays
from core.vision.model_card import Preprocessing
from tests.unit.core.training.heads_data import random_weights

SHAPE = Preprocessing(width=32, height=32)


class DeadlyReader(PhotoReader):
    """Ends its process at a photo, as the kernel does when the memory is full."""

    def read(self, row: int, *, is_augmented: bool = True) -> np.ndarray:
        """The pixels of a photo before the last ones."""
        if row == 20 and is_augmented:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().read(row, is_augmented=is_augmented)


def read_table(data: Path) -> PhotoTable:
    return read_photo_table(data, with_attributes=False)


def photos(data: Path) -> list[Path]:
    table = read_table(data)
    return table.paths(table.rows(Split.VAL))


def extract(data: Path, folder: Path, kind: type[PhotoReader] = PhotoReader) -> None:
    network = build_pooled_network(random_weights(), size=(32, 32), with_maps=True)
    extract_features(
        kind(photos=photos(data), shape=SHAPE, seed=None),
        base=store_base(folder, network),
        folder=folder / "features",
        processes=1,
        advance=lambda _: None,
    )


def test_process_that_is_killed_is_an_error_and_no_endless_wait(unchanged_data: Path, tmp_path: Path) -> None:
    with pytest.raises(WorkerEndedError):
        extract(unchanged_data, tmp_path, DeadlyReader)
    finished = np.load(tmp_path / "features" / "finished.npy")
    assert finished.tolist() == [True, False], "the same command continues here"


def test_photo_that_breaks_on_the_way_is_named(data: Path, tmp_path: Path) -> None:
    photos(data)[20].write_bytes(b"no picture")
    with pytest.raises(DatasetError, match=r"092\.png cannot be read"):
        extract(data, tmp_path)


class Usage(NamedTuple):
    """As `shutil.disk_usage` gives it."""

    total: int
    used: int
    free: int


def test_too_little_space_is_found_before_the_work_begins(
    unchanged_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**9, 10**9, 100))
    with pytest.raises(DiskSpaceError, match="GB are free"):
        extract(unchanged_data, tmp_path)
    assert not list((tmp_path / "features").iterdir())
    monkeypatch.setattr(feature_sets, "extract_versions", lambda *_: pytest.fail("features are extracted"))
    with pytest.raises(DiskSpaceError):
        extract_training_features(
            read_table(unchanged_data), tmp_path, random_weights(), SHAPE, augmented=1, with_maps=True
        )


def test_file_of_a_killed_run_is_the_earlier_one_or_complete(tmp_path: Path) -> None:
    path = tmp_path / "weights.npz"
    save_arrays(path, {"first": np.arange(3)})
    with pytest.raises(KeyboardInterrupt), replacing(path) as partial:
        partial.write_bytes(b"half")
        raise KeyboardInterrupt
    assert load_arrays(path)["first"].tolist() == [0, 1, 2]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04half", b"text"])
def test_files_that_are_missing_or_cut_off_are_named(tmp_path: Path, content: bytes) -> None:
    names = "weights.npz", "model.keras", "eva.tflite"
    paths = [tmp_path / name for name in names]
    for read, path in zip((load_arrays, load_network, read_convolutions), paths, strict=True):
        with pytest.raises(DatasetError, match=f"{path.name} is missing"):
            read(path)
        path.write_bytes(content)
        with pytest.raises(DatasetError, match=f"{path.name} is no"):
            read(path)
