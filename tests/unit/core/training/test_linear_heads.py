"""What is done to fitted heads: averages, the shift of the styles, teachers, and heads learned from a model."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("keras", reason="the extra `train` is not installed")

from core.clothing import COLORS, ITEMS
from core.errors import DatasetError
from core.styles import STYLES
from core.training.distillation import blend_with_teachers, file_digest, predict_by_teachers
from core.training.feature_sets import extract_tail_features, training_versions
from core.training.features import digest_names
from core.training.linear_heads import HEADS, average_heads, choose_power, shift_styles, style_frequencies
from core.training.picture_distillation import ask_teacher, keep_refusals
from core.training.picture_heads import KINDS
from core.training.targets import Targets
from core.vision.classifier import BUNDLED_MODEL_DIR
from core.vision.verdict import Refusal

PHOTOS = [f"photos/{number}.jpg" for number in range(5)]
SEVERAL, PART, LAID_OUT, OTHER = np.eye(len(KINDS), dtype=np.float32) * 9
THRESHOLDS = {Refusal.SEVERAL: 0.6, Refusal.PART: 0.6}


def test_average_leaves_the_colors_alone() -> None:
    fitted = {f"{head.name}/{part}": np.zeros(2, np.float32) for head in HEADS for part in ("kernel", "bias")}
    tuned = {name: np.ones(2, np.float32) for name in fitted}
    averaged = average_heads(fitted, tuned, 0.3)
    assert averaged["style/kernel"].tolist() == pytest.approx([0.3, 0.3])
    assert averaged["outfit/bias"].tolist() == pytest.approx([0.3, 0.3])
    assert averaged["colors/kernel"].tolist() == [0, 0]


def test_shift_names_rare_styles_more_often() -> None:
    frequencies = style_frequencies(np.array([0] * 90 + [1] * 10 + [-1] * 50), 2)
    assert frequencies.tolist() == pytest.approx([0.9, 0.1])
    shifted = shift_styles(np.zeros(2, np.float32), frequencies, 0.5)
    assert shifted[1] - shifted[0] == pytest.approx(0.5 * np.log(9))


def test_the_shift_that_is_right_most_often_is_chosen() -> None:
    frequencies = np.array([0.9, 0.1])
    # A photo of the rare style needs a shift of 1 / ln 9 = 0.46; one of the common style bears less than 0.7.
    logits = np.array([[1.0, 0.0], [1.5, 0.0], [0.0, 9.0]], np.float32)
    labels = np.array([1, 0, -2])
    assert choose_power(logits, labels, frequencies, (0.0, 0.2, 0.5, 1.0)) == 0.5
    assert choose_power(logits, np.array([0, 0, -2]), frequencies, (0.0, 0.2, 0.4)) == 0.0, "the smallest of equal ones"


def test_reason_is_kept_only_where_old_and_new_head_agree() -> None:
    old = np.array([SEVERAL] * 10 + [PART] * 10 + [OTHER] * 5)
    assert keep_refusals(old, old, THRESHOLDS) == THRESHOLDS
    new = old.copy()
    new[20:22] = PART
    assert keep_refusals(new, old, THRESHOLDS) == {Refusal.SEVERAL: 0.6}, "10 of 12 are under 90 %"
    assert keep_refusals(old[:7], old[:7], THRESHOLDS) == {}, "too few photos"


def test_teacher_says_kinds_and_where_clothes_are(tmp_path: Path) -> None:
    Image.new("RGB", (96, 320), "red").save(tmp_path / "narrow.png")
    Image.new("RGB", (224, 320), "blue").save(tmp_path / "full.png")
    teacher = ask_teacher(BUNDLED_MODEL_DIR, tmp_path, kinds=["full.png"], clothes=["narrow.png", "full.png"])
    goals = teacher.kind_goals()
    assert list(goals) == ["full.png"]
    assert goals["full.png"].sum() == pytest.approx(1)
    cells = teacher.cell_goals()
    assert cells("full.png", 20, 14).shape == (20, 14)
    assert cells("narrow.png", 20, 6).shape == (20, 6), "the padding is left out"
    assert ((cells("full.png", 20, 14) >= 0) & (cells("full.png", 20, 14) <= 1)).all()


def _store_maps(folder: Path) -> None:
    """Store maps after block 3 of five photos, as `eva finetune` does."""
    folder.mkdir(parents=True)
    np.save(folder / "block3_pool.npy", np.random.default_rng(0).integers(0, 255, (5, 4, 2, 4), np.uint8))
    np.save(folder / "block3_pool.scale.npy", np.ones(4, np.float32))
    np.save(folder / "finished.npy", np.ones(1, bool))
    (folder / "plan.json").write_text(json.dumps({"names": digest_names(Path(name) for name in PHOTOS)}), "utf-8")


def _random_convolutions() -> dict[str, np.ndarray]:
    shapes = {"block4_conv1/kernel": (3, 3, 4, 6), "block4_conv1/bias": (6,)}
    shapes |= {"block5_conv1/kernel": (3, 3, 6, 8), "block5_conv1/bias": (8,)}
    return {name: np.random.default_rng(0).random(shape, np.float32) for name, shape in shapes.items()}


def test_maps_of_other_photos_are_refused(tmp_path: Path) -> None:
    _store_maps(tmp_path / "features" / "clean")
    with pytest.raises(DatasetError, match="other training photos"):
        extract_tail_features(
            tmp_path / "run", tmp_path, _random_convolutions(), versions=["clean"], photos=[*PHOTOS[1:], PHOTOS[0]]
        )


def test_versions_that_a_run_did_not_use_are_not_read(tmp_path: Path) -> None:
    for version in training_versions(2):
        _store_maps(tmp_path / "features" / version)
    stores = extract_tail_features(
        tmp_path / "run", tmp_path, _random_convolutions(), versions=training_versions(1), photos=PHOTOS
    )
    assert [store.folder.name for store in stores] == ["clean", "augmented-1"]


def test_teachers_are_averaged_and_blended(tmp_path: Path) -> None:
    _store_maps(tmp_path / "features" / "clean")
    convolutions = {
        "block4_conv1/kernel": np.zeros((3, 3, 4, 6), np.float32),
        "block4_conv1/bias": np.zeros(6, np.float32),
        "block5_conv1/kernel": np.zeros((3, 3, 6, 8), np.float32),
        "block5_conv1/bias": np.zeros(8, np.float32),
    }
    paths = []
    for style in (0, 1):
        own: dict[str, np.ndarray] = {}
        own |= {f"{head.name}/kernel": np.zeros((8, head.outputs), np.float32) for head in HEADS}
        own |= {f"{head.name}/bias": np.zeros(head.outputs, np.float32) for head in HEADS}
        own["style/bias"][style] = 30
        paths.append(tmp_path / f"teacher{style}.npz")
        np.savez(paths[-1], allow_pickle=False, **convolutions, **own)
    found = predict_by_teachers(paths, weights=convolutions, run_dir=tmp_path, photos=PHOTOS)
    assert found["style"][0, :3].tolist() == pytest.approx([0.5, 0.5, 0], abs=1e-6), "the mean of both"
    assert found["items"].shape == (5, len(ITEMS))
    assert (tmp_path / f"teacher-{file_digest(paths[0])}").is_dir(), "stored for the next call"
    targets = Targets(
        style=np.eye(len(STYLES), dtype=np.float32)[[2] * 5],
        style_weight=np.array([1, 1, 1, 1, 0], np.float32),
        outfit=np.ones(5, np.float32),
        items=np.zeros((5, len(ITEMS)), np.float32),
        items_weight=np.ones(5, np.float32),
        colors=np.zeros((5, len(COLORS)), np.float32),
        colors_weight=np.ones(5, np.float32),
    )
    mixed = blend_with_teachers(targets, found, 0.4)
    assert mixed.style[0, :3].tolist() == pytest.approx([0.2, 0.2, 0.6], abs=1e-6)
    assert mixed.outfit[0] == pytest.approx(0.8), "the teachers say one half"
    assert mixed.style_weight.tolist() == [1, 1, 1, 1, 0]
    assert blend_with_teachers(targets, found, 0.0).style.tolist() == targets.style.tolist()
    np.savez(tmp_path / "convolutions.npz", allow_pickle=False, **convolutions)
    with pytest.raises(DatasetError, match="has no heads"):
        predict_by_teachers([tmp_path / "convolutions.npz"], weights=convolutions, run_dir=tmp_path, photos=PHOTOS)
