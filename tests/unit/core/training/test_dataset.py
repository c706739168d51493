from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import DatasetError
from core.styles import Style
from core.training.dataset import Example, Label, Split, check_photos, open_photo, read_examples, targets
from core.training.photo_table import NO_VIEW, read_photo_table
from core.training.picture_heads import read_boxes


def example(style: Style | None, second: Style | None = None, sure: int = 3) -> Example:
    return Example(
        photo=Path("photo.png"),
        split=Split.TRAIN,
        label=Label(style=style, second=second, sure=sure),
        second_view=None,
        source="",
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


def write_labels(folder: Path, labels: str, attributes: str = "photo,items,colours\na,jeans,blue\n") -> Path:
    (folder / "labels.csv").write_text(labels, "utf-8")
    (folder / "attributes.csv").write_text(attributes, "utf-8")
    return folder


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_three_columns_are_enough(tmp_path: Path, mark: str) -> None:
    write_labels(tmp_path, f"{mark}photo,split,style\na,train,casual\nb,val,not_outfit\n")
    example = read_examples(tmp_path, Split.TRAIN)[0]
    assert (example.label, example.second_view, example.source) == (
        Label(style=Style.CASUAL, second=None, sure=2),
        None,
        "",
    )
    table = read_photo_table(tmp_path)
    assert table.sure.tolist() == [[2, 0, 0], [2, 0, 0]]
    assert table.style[:, 1:].tolist() == [[NO_VIEW, NO_VIEW]] * 2
    assert np.isnan(table.items[:, 1]).all()


@pytest.mark.parametrize(
    ("labels", "attributes", "problem"),
    [
        ("photo,split\na,train\n", "photo,items,colours\n", "no column style"),
        ("photo,split,style\na,train,casual\na,val,casual\n", "photo,items,colours\n", "lists a twice"),
        ("photo,split,style\na,train\n", "photo,items,colours\n", "another number of fields"),
        ("photo,split,style\na,train,casual,mode\n", "photo,items,colours\n", "another number of fields"),
        ("photo,split,style\na,training,casual\n", "photo,items,colours\n", "a: 'training'"),
        ("photo,split,style,sure\na,train,casual,7\n", "photo,items,colours\n", "a: the certainty 7"),
        ("photo,split,style,sure\na,train,casual,-1\n", "photo,items,colours\n", "a: the certainty -1"),
        ("photo,split,style\na,train,casual\n", "photo,items,colours\na,jeans,mauve\n", "attributes.csv, a: 'mauve'"),
        ("photo,split,style\na,train,casual\n", "photo,items,colours\na,jeans,\na,dress,\n", "attributes.csv lists a"),
        ("photo,split,style\n", "photo,items,colours\n", "no photo"),
    ],
)
def test_invalid_labels_are_named(tmp_path: Path, labels: str, attributes: str, problem: str) -> None:
    write_labels(tmp_path, labels, attributes)
    with pytest.raises(DatasetError, match=problem):
        read_photo_table(tmp_path)
    if "attributes" not in problem:
        with pytest.raises(DatasetError, match=problem):
            read_examples(tmp_path, Split.TRAIN)


@pytest.mark.parametrize("box", ["0.5,0,0.2,1", "0,0,120,300", "0,0,x,1", "-0.1,0,1,1"])
def test_boxes_outside_of_the_picture_are_refused(tmp_path: Path, box: str) -> None:
    (tmp_path / "boxes.csv").write_text(f"photo,what,left,top,right,bottom\na,clothes,{box}\n", "utf-8")
    with pytest.raises(DatasetError, match=r"boxes\.csv, a: "):
        read_boxes(tmp_path)


def test_photos_that_cannot_be_read_are_counted_before_the_work_begins(data: Path) -> None:
    examples = read_examples(data, Split.VAL)
    check_photos(examples)
    examples[3].photo.unlink()
    examples[5].photo.write_bytes(b"")
    with pytest.raises(DatasetError, match=f"2 of 24 photos cannot be read, the first is {examples[3].photo.name}"):
        check_photos(examples)


def test_photos_are_read_upright_and_on_white_as_those_of_people(tmp_path: Path) -> None:
    sideways, clear = tmp_path / "sideways.jpg", tmp_path / "clear.png"
    turned = Image.Exif()
    turned[0x0112] = 6
    Image.new("RGB", (40, 20)).save(sideways, exif=turned)
    assert open_photo(sideways).size == (20, 40)
    Image.new("RGBA", (4, 4), (200, 0, 0, 0)).save(clear)
    assert open_photo(clear).getpixel((0, 0)) == (255, 255, 255)
    wide = tmp_path / "wide.png"
    Image.fromarray(np.full((4, 4), 0xFFFF, np.uint16)).save(wide)
    assert open_photo(wide).getpixel((0, 0)) == (255, 255, 255)
