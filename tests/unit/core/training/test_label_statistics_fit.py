import json
from pathlib import Path

import numpy as np
import pytest

from core.clothing import Color, Item
from core.styles import STYLES, Style
from core.vision.attributes import ATTRIBUTES
from core.vision.label_statistics import LABEL_STATISTICS_FILE, LabelStatistics

pytestmark = pytest.mark.train


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    """Ten outfits of each style: all Street ones have a hoodie, the others a dress; one photo of each is val."""
    labels, attributes = ["photo,split,style"], ["photo,items,colours"]
    for style in STYLES:
        for number in range(10):
            photo = f"{style}-{number}"
            labels.append(f"{photo},{'val' if number == 0 else 'train'},{style}")
            attributes.append(f"{photo},{'hoodie' if style is Style.STREET else 'dress'},black")
    labels += ["none,train,not_outfit", "unlabelled,train,casual"]
    (tmp_path / "labels.csv").write_text("\n".join(labels))
    (tmp_path / "attributes.csv").write_text("\n".join(attributes))
    return tmp_path


def test_statistics_count_the_training_outfits(labelled: Path) -> None:
    from core.training.label_statistics_fit import compute_label_statistics, read_training_labels

    things, styles = read_training_labels(labelled)
    statistics = compute_label_statistics(things, styles)

    assert len(styles) == 72
    assert statistics.share[Item.HOODIE][Style.STREET.position] == 1
    assert statistics.log_odds[Item.HOODIE][Style.STREET.position] > 3
    assert statistics.log_odds[Item.DRESS][Style.STREET.position] < -3
    assert abs(statistics.log_odds[Color.BLACK][Style.STREET.position]) < 2
    assert int(np.argmax(statistics.weight[Item.HOODIE])) == Style.STREET.position
    assert LabelStatistics.from_dict(json.loads(statistics.to_json())).to_json() == statistics.to_json()


def test_missing_labels_are_reported(tmp_path: Path) -> None:
    from core.errors import DatasetError
    from core.training.label_statistics_fit import read_training_labels

    with pytest.raises(DatasetError, match=r"labels\.csv"):
        read_training_labels(tmp_path)


def test_style_without_an_outfit_is_reported(labelled: Path) -> None:
    from core.errors import DatasetError
    from core.training.label_statistics_fit import compute_label_statistics, read_training_labels

    path = labelled / "labels.csv"
    path.write_text(path.read_text().replace(",train,retro", ",train,casual"))
    with pytest.raises(DatasetError, match="retro"):
        compute_label_statistics(*read_training_labels(labelled))


def test_bundled_file_says_something_of_every_thing() -> None:
    statistics = LabelStatistics.from_dict(json.loads(LABEL_STATISTICS_FILE.read_text("utf-8")))
    for thing in ATTRIBUTES:
        shares = statistics.share[thing]
        assert 0 <= min(shares) < max(shares) <= 1, thing
        assert np.ptp(statistics.weight[thing]) > 0, thing
