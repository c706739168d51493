"""The share of drawn evidence on clothes is measured by boxes."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("keras", reason="the extra `train` is not installed")

from core.clothing import Item
from core.styles import Style
from core.vision.fake_backend import FAKE_ATTRIBUTES_CARD, GRID, FakeBackend, add_attributes, make_outputs
from tests.factories import make_photo
from tools.clothes_figures import measure, read_photos


def test_shares_before_and_after(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(make_photo())
    (tmp_path / "labels.csv").write_text("photo,split\na.jpg,val\nb.jpg,train\n")
    (tmp_path / "boxes.csv").write_text(
        "photo,what,left,top,right,bottom\na.jpg,clothes,0,0.5,1,1\na.jpg,face,0,0,1,0.5\nb.jpg,face,0,0,1,1\n"
    )
    photos = read_photos(tmp_path)
    assert [path.name for path, _ in photos] == ["a.jpg"]
    outputs = add_attributes(make_outputs(Style.STREET), {Item.HOODIE: 0.9, Item.HAT: 0.9})
    assert outputs.attributes is not None
    lower_half = np.repeat([0.0, 1.0], GRID // 2).astype(np.float32)[:, None] * np.ones((1, GRID), np.float32)
    outputs = replace(outputs, attributes=replace(outputs.attributes, clothes=lower_half))
    figures = measure(FakeBackend([outputs]), FAKE_ATTRIBUTES_CARD, photos)
    for name in ("style", "items"):
        before, after = figures[f"{name}_before"], figures[f"{name}_after"]
        assert before == pytest.approx({"maps": 1, "clothes": 0.5, "faces": 0.5}, abs=0.1)
        assert after == pytest.approx({"maps": 1, "clothes": 1, "faces": 0})
