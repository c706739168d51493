from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import DatasetError
from core.styles import Style
from core.training.data_files import check_photos, open_photo
from core.training.photo_table import NO_VIEW, PhotoTable, Split, read_photo_table
from core.training.picture_heads import read_boxes
from core.training.targets import compute_targets


@pytest.fixture
def table(data: Path) -> PhotoTable:
    return read_photo_table(data, with_attributes=False)


def test_only_the_requested_splits_are_used(table: PhotoTable) -> None:
    assert set(table.split[table.rows(Split.VAL)]) == {"val"}
    assert len(table.rows(Split.TRAIN)) == 72
    with pytest.raises(DatasetError, match=r"labels\.csv has no photo in test2"):
        table.rows(Split.TEST2)


def test_second_annotation_is_read(table: PhotoTable) -> None:
    has_second = {split: set(table.style[table.rows(split), 1] > NO_VIEW) for split in (Split.TEST, Split.TRAIN)}
    assert has_second == {Split.TEST: {True}, Split.TRAIN: {False}}


def test_targets_depend_on_style_runner_up_and_certainty(tmp_path: Path) -> None:
    write_labels(
        tmp_path,
        "photo,split,style,second,sure,style_b\n"
        "a,train,mode,casual,3,\nb,train,mode,,1,\nc,train,not_outfit,,3,street\nd,train,street,,3,retro\n",
    )
    table = read_photo_table(tmp_path)
    result = compute_targets(table, table.rows(Split.TRAIN), style_views=1)
    assert np.allclose(result.style.sum(axis=1), 1)
    sure, guess = result.style[0], result.style[1]
    assert sure.argmax() == guess.argmax() == Style.MODE.position
    assert np.argsort(-sure)[1] == Style.CASUAL.position
    assert sure[Style.MODE.position] > guess[Style.MODE.position]
    assert result.style[3].argmax() == Style.STREET.position
    assert result.outfit.tolist() == [1, 1, 0, 1], "the first view alone"
    assert result.style_weight[2] == 0 < result.style_weight[1] < result.style_weight[0]


def test_missing_labels_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"labels\.csv"):
        read_photo_table(tmp_path)


def test_unknown_style_is_named(data: Path) -> None:
    path = data / "labels.csv"
    path.write_text(path.read_text("utf-8").replace("retro", "disco"), "utf-8")
    with pytest.raises(DatasetError, match="disco"):
        read_photo_table(data, with_attributes=False)


def test_broken_photo_is_named(table: PhotoTable) -> None:
    photo = table.paths(table.rows(Split.TRAIN))[0]
    photo.write_bytes(b"not a picture")
    with pytest.raises(DatasetError, match=photo.name):
        open_photo(photo)


def write_labels(folder: Path, labels: str, attributes: str = "photo,items,colours\na,jeans,blue\n") -> Path:
    (folder / "labels.csv").write_text(labels, "utf-8")
    (folder / "attributes.csv").write_text(attributes, "utf-8")
    return folder


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_three_columns_are_enough(tmp_path: Path, mark: str) -> None:
    write_labels(tmp_path, f"{mark}photo,split,style\na,train,casual\nb,val,not_outfit\n")
    table = read_photo_table(tmp_path)
    assert table.style[:, 0].tolist() == [Style.CASUAL.position, -1]
    assert table.second[:, 0].tolist() == [NO_VIEW] * 2
    assert table.source.tolist() == [""] * 2
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
        ("photo,split,style\na,train,unclear\n", "photo,items,colours\n", "a: the style is unclear"),
    ],
)
def test_invalid_labels_are_named(tmp_path: Path, labels: str, attributes: str, problem: str) -> None:
    write_labels(tmp_path, labels, attributes)
    with pytest.raises(DatasetError, match=problem):
        read_photo_table(tmp_path)
    if "attributes" not in problem:
        with pytest.raises(DatasetError, match=problem):
            read_photo_table(tmp_path, with_attributes=False)


@pytest.mark.parametrize("box", ["0.5,0,0.2,1", "0,0,120,300", "0,0,x,1", "-0.1,0,1,1"])
def test_boxes_outside_of_the_picture_are_refused(tmp_path: Path, box: str) -> None:
    (tmp_path / "boxes.csv").write_text(f"photo,what,left,top,right,bottom\na,clothes,{box}\n", "utf-8")
    with pytest.raises(DatasetError, match=r"boxes\.csv, a: "):
        read_boxes(tmp_path)


def test_photos_that_cannot_be_read_are_counted_before_the_work_begins(table: PhotoTable) -> None:
    photos = table.paths(table.rows(Split.VAL))
    check_photos(photos)
    photos[3].unlink()
    photos[5].write_bytes(b"")
    with pytest.raises(DatasetError, match=f"2 of 24 photos cannot be read, the first is {photos[3].name}"):
        check_photos(photos)


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
