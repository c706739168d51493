"""How often what Eva names is in the photo, and whether her reasons are what the score was made of.

Usage: `python -m tools.explanation_figures DATA [MODEL_DIR]`. DATA is the folder with `labels.csv` and
`attributes.csv`; validation outfits with two views count.
"""

import csv
import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from core.training.data_files import open_photo
from core.vision.attributes import WARM_LEVEL, Attributes, DetectedAttribute
from core.vision.backends import InferenceBackend, LiteRTBackend, ModelOutputs
from core.vision.classifier import BUNDLED_MODEL_DIR, ModelInput, StyleClassifier, fit_to_input
from core.vision.fake_backend import FakeBackend
from core.vision.model_card import ModelCard, load_model_card
from core.vision.verdict import Verdict

SEED = 7
"""Of the random seen things that reasons are compared with."""


@dataclass(slots=True)
class ExplanationFigures:
    """Sums over photos; `to_dict` gives shares."""

    photos: int = 0
    seen: int = 0
    seen_right: int = 0
    reasons: int = 0
    reasons_right: int = 0
    photos_with_reasons: int = 0
    compared: int = 0
    """Photos with a reason and at least two seen things."""
    most_effective: int = 0
    """Of those: the first reason is the thing without whose place the score falls most."""
    drops: list[float] = field(default_factory=list)
    """By how much the score falls without the place of the first reason."""
    random_drops: list[float] = field(default_factory=list)

    def to_dict(self) -> dict[str, float]:
        """The figures as shares."""
        return {
            "photos": self.photos,
            "things_per_outfit": self.seen / max(1, self.photos),
            "precision_of_things": self.seen_right / max(1, self.seen),
            "photos_with_reasons": self.photos_with_reasons / max(1, self.photos),
            "precision_of_reasons": self.reasons_right / max(1, self.reasons),
            "first_reason_is_most_effective": self.most_effective / max(1, self.compared),
            "drop_of_first_reason": float(np.mean(self.drops or [0.0])),
            "drop_of_random_thing": float(np.mean(self.random_drops or [0.0])),
        }


def add_photo(
    figures: ExplanationFigures, outputs: ModelOutputs, model_input: ModelInput, verdict: Verdict, codes: set[str]
) -> None:
    """Count one photo.

    Args:
        figures: are changed.
        outputs: of the model.
        model_input: what the model saw.
        verdict: made of the outputs.
        codes: what at least one annotator saw.
    """
    attributes = verdict.attributes
    if attributes is None:
        return
    things = [*attributes.seen, *attributes.colors]
    reasons = attributes.reasons_for(verdict.style)
    figures.photos += 1
    figures.seen += len(things)
    figures.seen_right += sum(seen_thing.thing.value in codes for seen_thing in things)
    figures.reasons += len(reasons)
    figures.reasons_right += sum(reason.thing.value in codes for reason in reasons)
    figures.photos_with_reasons += bool(reasons)
    if reasons and len(things) > 1:
        _compare(figures, attributes, _score_drops(outputs, model_input, verdict, things), things)


def _score_drops(
    outputs: ModelOutputs, model_input: ModelInput, verdict: Verdict, things: Iterable[DetectedAttribute]
) -> list[float]:
    """By how much the style's score, the mean of its evidence, falls without the warm cells of each thing."""
    evidence = model_input.crop_to_image(outputs.evidence)[..., verdict.style.position]
    return [
        float(evidence[seen_thing.cam >= WARM_LEVEL].sum()) / outputs.evidence[..., 0].size for seen_thing in things
    ]


def _compare(
    figures: ExplanationFigures, attributes: Attributes, drops: list[float], things: list[DetectedAttribute]
) -> None:
    first = next(place for place, seen_thing in enumerate(things) if seen_thing.thing is attributes.reasons[0].thing)
    draw = np.random.default_rng([SEED, figures.photos])
    figures.compared += 1
    figures.most_effective += first == int(np.argmax(drops))
    figures.drops.append(drops[first])
    figures.random_drops.append(drops[int(draw.integers(len(things)))])


def measure(backend: InferenceBackend, card: ModelCard, photos: Iterable[tuple[Path, set[str]]]) -> ExplanationFigures:
    """Run the model over photos; each comes with what annotators saw."""
    figures = ExplanationFigures()
    for path, codes in photos:
        image = open_photo(path)
        model_input = fit_to_input(image, card.preprocessing)
        outputs = backend.forward(model_input.pixels)
        verdict = StyleClassifier(FakeBackend([outputs]), card).classify(image)
        add_photo(figures, outputs, model_input, verdict, codes)
    return figures


def read_photos(folder: Path) -> list[tuple[Path, set[str]]]:
    """The validation outfits with two views, and what at least one of them names."""
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as lines:
        outfits = {
            row["photo"] for row in csv.DictReader(lines) if row["split"] == "val" and row["style"] != "not_outfit"
        }
    columns = ("items", "items_b", "colours", "colours_b")
    with (folder / "attributes.csv").open(encoding="utf-8", newline="") as lines:
        return [
            (folder / row["photo"], {code for column in columns for code in row[column].split()})
            for row in csv.DictReader(lines)
            if row["photo"] in outfits and row["items_b"]
        ]


if __name__ == "__main__":
    directory = Path(sys.argv[2]) if len(sys.argv) > 2 else BUNDLED_MODEL_DIR
    model_card = load_model_card(directory / "model.json")
    model = LiteRTBackend(directory / model_card.file)
    print(json.dumps(measure(model, model_card, read_photos(Path(sys.argv[1]))).to_dict(), indent=2))
