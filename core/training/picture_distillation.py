"""The heads `kind` and `clothes` without their labels: learned from what an exported model says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from core.errors import DatasetError
from core.training.export import map_attributes
from core.training.photo_table import PhotoTable
from core.training.picture_heads import KINDS, MIN_SAID, CellGoals, choose_refusals, read_kinds
from core.vision.model_card import CARD_FILE, ModelCard, load_model_card
from core.vision.verdict import Refusal, find_refusal, softmax

CLOTHES_PHOTOS = 300
"""Training outfits from which `clothes` is learned, drawn at random: 84,000 positions."""
KEPT_AGREEMENT = 0.9
"""Of the refused validation photos for which the new head names a reason, the share for which the old one names the
same. From there on the old threshold is kept; otherwise the reason is not named any more."""

console = Console(stderr=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureTeacher:
    """What an exported model says of some photos."""

    model_dir: Path
    card: ModelCard
    kinds: Mapping[str, NDArray[np.float32]]
    """Logits of KINDS by photo."""
    clothes: Mapping[str, NDArray[np.float32]]
    """Probability of clothes at every position within the photo, rows x columns."""

    def kind_goals(self) -> dict[str, NDArray[np.float32]]:
        """Probabilities of KINDS by photo."""
        return {photo: softmax(logits) for photo, logits in self.kinds.items()}

    def cell_goals(self) -> CellGoals:
        """The probabilities of clothes as goals of `fit_clothes_head`."""
        return lambda photo, _rows, _columns: self.clothes[photo]


def check_same_grid(teacher: ModelCard, card: ModelCard) -> None:
    """Check that the positions of both models lie at the same places of a photo.

    Raises:
        DatasetError: they preprocess photos in different ways.
    """
    shapes = [
        f"{size.width} x {size.height} {size.resize_mode.value}" for size in (teacher.preprocessing, card.preprocessing)
    ]
    if shapes[0] != shapes[1]:
        raise DatasetError(f"{teacher.version} reads photos as {shapes[0]}, {card.version} as {shapes[1]}")


def ask_teacher(
    model_dir: Path, data: Path, *, kinds: Sequence[str] = (), clothes: Sequence[str] = ()
) -> PictureTeacher:
    """Run an exported model over photos.

    Args:
        model_dir: directory of the model.
        data: directory with photos/.
        kinds: photos whose kind is asked for.
        clothes: photos in which clothes are asked for.

    Raises:
        DatasetError: it has no heads `kind` and `clothes`, or a photo cannot be read.
    """
    card = load_model_card(model_dir / CARD_FILE)
    model = model_dir / card.file
    says = map_attributes(model, card, [data / photo for photo in kinds], lambda _, outputs: outputs.kind_logits)
    cells = map_attributes(
        model, card, [data / photo for photo in clothes], lambda seen, outputs: seen.crop_to_image(outputs.clothes)
    )
    return PictureTeacher(
        model_dir=model_dir,
        card=card,
        kinds=dict(zip(kinds, says, strict=True)),
        clothes=dict(zip(clothes, cells, strict=True)),
    )


def keep_refusals(
    new: NDArray[np.float32], old: NDArray[np.float32], thresholds: Mapping[Refusal, float]
) -> dict[Refusal, float]:
    """Keep the thresholds of those reasons that the new head names for nearly the same photos as the old one.

    Where they agree, the new head is expected to be right as often as the old one, for which `REFUSAL_PRECISION` held;
    without true kinds this cannot be measured.

    Args:
        new: n x kinds, logits of refused validation photos.
        old: the same of the model that has these thresholds.
        thresholds: probability from which each reason is named.
    """
    by_new = [find_refusal(logits, thresholds) for logits in new]
    by_old = [find_refusal(logits, thresholds) for logits in old]
    remaining = {}
    for reason, threshold in thresholds.items():
        same = [before == reason for after, before in zip(by_new, by_old, strict=True) if after == reason]
        if len(same) >= MIN_SAID and np.mean(same) >= KEPT_AGREEMENT:
            remaining[reason] = threshold
    return remaining


def choose_refusal_thresholds(
    table: PhotoTable,
    refused: NDArray[np.int64],
    kinds: NDArray[np.float32],
    teacher: PictureTeacher | None,
) -> dict[Refusal, float]:
    """The thresholds of the reasons: chosen where kinds have labels, otherwise kept where old and new head agree.

    Args:
        table: all labels; without a teacher of kinds, kinds.csv lies next to the photos.
        refused: rows of the refused validation photos.
        kinds: their logits of KINDS by the new head.
        teacher: the old head; None where kinds have labels.

    Raises:
        DatasetError: a photo cannot be read.
    """
    photos = table.photo[refused]
    if teacher and teacher.kinds:
        before = ask_teacher(teacher.model_dir, table.folder, kinds=photos.tolist())
        refusals = keep_refusals(
            kinds, np.array([before.kinds[photo] for photo in photos.tolist()]), teacher.card.refusals
        )
        lost = [reason for reason in teacher.card.refusals if reason not in refusals]
        console.print(
            f"reasons of {len(photos)} refusals: kept {', '.join(refusals) or '-'}; dropped {', '.join(lost) or '-'}"
        )
        return refusals
    known = dict.fromkeys(photos[table.is_outfit[refused]].tolist(), KINDS.index("other")) | read_kinds(table.folder)
    return choose_refusals(kinds, photos, known)
