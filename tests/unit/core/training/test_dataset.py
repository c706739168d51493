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


def test_reads_only_the_splits_asked_for(data: Path) -> None:
    assert {one.split for one in read_examples(data, Split.VAL)} == {Split.VAL}
    assert len(read_examples(data, Split.TRAIN)) == 72


def test_test_photos_keep_the_second_annotators_view(data: Path) -> None:
    photos = read_examples(data, Split.TEST)
    assert all(one.second_view is not None for one in photos)
    assert all(one.second_view is None for one in read_examples(data, Split.TRAIN))


def test_targets_follow_style_runner_up_and_certainty() -> None:
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


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"labels\.csv"):
        read_examples(tmp_path, Split.TRAIN)


def test_an_unknown_style_is_named(data: Path) -> None:
    path = data / "labels.csv"
    path.write_text(path.read_text("utf-8").replace("retro", "disco"), "utf-8")
    with pytest.raises(DatasetError, match="disco"):
        read_examples(data, Split.TRAIN)


def test_a_broken_photo_is_named(data: Path) -> None:
    one = read_examples(data, Split.TRAIN)[0]
    one.photo.write_bytes(b"not a picture")
    with pytest.raises(DatasetError, match=one.photo.name):
        one.open()
