from pathlib import Path

import pytest

from core.clothing import Color, Item
from core.styles import Style
from core.vision.fake_backend import FAKE_ATTRIBUTES_CARD, FakeBackend, add_attributes, make_outputs
from tests.factories import make_photo
from tools.explanation_figures import measure, read_photos


def test_figures_count_what_is_right_and_what_is_effective(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(make_photo())
    (tmp_path / "labels.csv").write_text(
        "photo,split,style\na.jpg,val,street\nb.jpg,train,street\nc.jpg,val,not_outfit\n"
    )
    (tmp_path / "attributes.csv").write_text(
        "photo,items,items_b,colours,colours_b\na.jpg,hoodie hat,hoodie,,grey\nb.jpg,hat,hat,,\nc.jpg,hat,hat,,\n"
    )
    photos = read_photos(tmp_path)
    outputs = add_attributes(
        make_outputs(Style.STREET, peak=(0.2, 0.5)),
        {Item.HOODIE: 0.9, Item.SNEAKERS: 0.8, Color.GREY: 0.7},
        peaks={Item.HOODIE: (0.2, 0.5), Item.SNEAKERS: (0.9, 0.5), Color.GREY: (0.9, 0.5)},
    )

    figures = measure(FakeBackend([outputs]), FAKE_ATTRIBUTES_CARD, photos).to_dict()

    assert photos == [(tmp_path / "a.jpg", {"hoodie", "hat", "grey"})]
    assert (figures["photos"], figures["things_per_outfit"]) == (1, 3)
    assert figures["precision_of_things"] == pytest.approx(2 / 3)
    assert (figures["precision_of_reasons"], figures["photos_with_reasons"]) == (1, 1)
    assert figures["first_reason_is_most_effective"] == 1
    assert figures["drop_of_first_reason"] > 0
