from pathlib import Path

import numpy as np
import pytest

from core.errors import DatasetError
from core.styles import Style
from core.training.dataset import Example, Label, Split, read_examples, targets


def example(style: Style | None, second: Style | None = None, sure: int = 3) -> Example:
    return Example(
        photo=Path("photo.png"),
        split=Split.TRAIN,
        label=Label(style=style, second=second, sure=sure),
        second_view=None,
        source="",
        source_label="",
    )


def test_only_the_requested_splits_are_read(data: Path) -> None:
    assert {example.split for example in read_examples(data, Split.VAL)} == {Split.VAL}
    assert len(read_examples(data, Split.TRAIN)) == 72


def test_second_annotation_is_read(data: Path) -> None:
    has_second = {
        split: {example.second_view is not None for example in read_examples(data, split)}
        for split in (Split.TEST, Split.TRAIN)
    }
    assert has_second == {Split.TEST: {True}, Split.TRAIN: {False}}


def test_targets_depend_on_style_runner_up_and_certainty() -> None:
    result = targets(
        [example(Style.MODE, Style.CASUAL, 3), example(Style.MODE, None, 1), example(None), example(Style.STREET)]
    )
    assert np.allclose(result.style.sum(axis=1), 1)
    sure, guess = result.style[0], result.style[1]
    assert sure.argmax() == guess.argmax() == Style.MODE.position
    assert np.argsort(-sure)[1] == Style.CASUAL.position
    assert sure[Style.MODE.position] > guess[Style.MODE.position]
    assert result.outfit.tolist() == [1, 1, 0, 1]
    assert result.style_weight[2] == 0 < result.style_weight[1] < result.style_weight[0]


def test_missing_labels_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"labels\.csv"):
        read_examples(tmp_path, Split.TRAIN)


def test_unknown_style_is_named(data: Path) -> None:
    path = data / "labels.csv"
    path.write_text(path.read_text("utf-8").replace("retro", "disco"), "utf-8")
    with pytest.raises(DatasetError, match="disco"):
        read_examples(data, Split.TRAIN)


def test_broken_photo_is_named(data: Path) -> None:
    example = read_examples(data, Split.TRAIN)[0]
    example.photo.write_bytes(b"not a picture")
    with pytest.raises(DatasetError, match=example.photo.name):
        example.open()
