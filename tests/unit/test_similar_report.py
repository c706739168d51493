"""Embeddings that `tools.similar_report` stores and reads."""

from pathlib import Path

import numpy as np
import pytest

from tools import similar_report
from tools.similar_report import LabeledPhoto, load_or_embed


def photo(name: str) -> LabeledPhoto:
    return LabeledPhoto(name=name, source="", style="casual", items=frozenset({"jeans"}), main_color="blue")


def test_stored_embeddings_of_other_photos_are_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[list[str]] = []

    def embed(_: Path, photos: list[LabeledPhoto]) -> np.ndarray:
        calls.append([photo.name for photo in photos])
        return np.eye(len(photos), 128, dtype=np.float32)

    monkeypatch.setattr(similar_report, "embed", embed)
    save, photos = tmp_path / "embeddings.npz", [photo("a"), photo("b")]
    first = load_or_embed(save, tmp_path, photos)
    assert np.array_equal(load_or_embed(save, tmp_path, photos), first)
    assert calls == [["a", "b"]]
    with pytest.raises(SystemExit, match="other photos"):
        load_or_embed(save, tmp_path, photos[::-1])
