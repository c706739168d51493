"""Whether photos whose embeddings are near show the same things: neighbors against random pairs, by people's labels.

The photos are those of the validation split with an outfit; the model learned from none of them. Things are the labels
of people, not what the model sees. Run on a folder with `labels.csv`, `attributes.csv` and `photos/`:

    python -m tools.similar_report FOLDER --save embeddings.npz
"""

import argparse
import csv
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.images.decoding import decode_photo
from core.settings import Settings
from core.vision.classifier import BUNDLED_MODEL_DIR, load_classifier
from core.vision.model_card import ModelCard, load_model_card

NEIGHBORS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class LabeledPhoto:
    """A photo and what people say is worn in it."""

    name: str
    source: str
    style: str
    items: frozenset[str]
    main_color: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How much pairs of photos have in common, on average."""

    items: float
    """Items that both show, of those that either shows."""
    style: float
    main_color: float


def read_photos(folder: Path, split: str = "val") -> list[LabeledPhoto]:
    """The outfits of a split that have labels of items."""
    with (folder / "attributes.csv").open(encoding="utf-8") as file:
        worn = {row["photo"]: row for row in csv.DictReader(file)}
    with (folder / "labels.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == split and row["photo"] in worn]
    return [
        LabeledPhoto(
            name=row["photo"],
            source=row["source"],
            style=row["style"],
            items=frozenset(worn[row["photo"]]["items"].split()),
            main_color=(worn[row["photo"]]["colours"].split() or [""])[0],
        )
        for row in rows
        if worn[row["photo"]]["items"]
    ]


def agreement(photos: Sequence[LabeledPhoto], pairs: NDArray[np.int64]) -> Agreement:
    """What pairs, n x 2, have in common."""
    both = [(photos[first], photos[second]) for first, second in pairs]
    return Agreement(
        items=float(
            np.mean([len(first.items & second.items) / len(first.items | second.items) for first, second in both])
        ),
        style=float(np.mean([first.style == second.style for first, second in both])),
        main_color=float(np.mean([first.main_color == second.main_color for first, second in both])),
    )


def neighbor_pairs(cosines: NDArray[np.float32], allowed: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Each photo with its nearest ones of those that are allowed, n x 2."""
    ranked = np.argsort(-np.where(allowed, cosines, -2), axis=1)[:, :NEIGHBORS]
    rows = np.repeat(np.arange(len(cosines)), NEIGHBORS)
    return np.stack([rows, ranked.ravel()], axis=1)


def embed(folder: Path, photos: Sequence[LabeledPhoto]) -> NDArray[np.float32]:
    """The embeddings of the configured model, n x 128."""
    vectors = []
    with load_classifier(Settings()) as classifier:
        for photo in photos:
            image = decode_photo((folder / photo.name).read_bytes())
            verdict = classifier.classify(image)
            vectors.append(np.zeros(128, np.float32) if verdict.embedding is None else verdict.embedding)
    return np.stack(vectors)


def load_or_embed(save: Path | None, folder: Path, photos: Sequence[LabeledPhoto]) -> NDArray[np.float32]:
    """The stored embeddings, or new ones, which are stored.

    Raises:
        SystemExit: those that are stored are of other photos or of another model.
    """
    names, version = [photo.name for photo in photos], configured_card().version
    if save is not None and save.exists():
        with np.load(save) as stored:
            if stored["names"].tolist() != names or str(stored["model"]) != version:
                raise SystemExit(f"{save} is of other photos or of another model than {version}")
            vectors: NDArray[np.float32] = stored["embedding"]
            return vectors
    vectors = embed(folder, photos)
    if save is not None:
        np.savez(save, embedding=vectors, names=names, model=version)
    return vectors


def configured_card() -> ModelCard:
    """The card of the model that `embed` uses."""
    return load_model_card((Settings().model_dir or BUNDLED_MODEL_DIR) / "model.json")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--save", type=Path, help="file for the embeddings; read instead if it exists")
    arguments = parser.parse_args()
    photos = read_photos(arguments.folder)
    vectors = load_or_embed(arguments.save, arguments.folder, photos)
    is_outfit = np.linalg.norm(vectors, axis=1) > 0
    photos = [photo for photo, is_kept in zip(photos, is_outfit, strict=True) if is_kept]
    vectors = vectors[is_outfit]
    cosines = vectors @ vectors.T
    others = ~np.eye(len(photos), dtype=bool)
    sources = np.array([photo.source for photo in photos])
    random = np.random.default_rng(7).integers(len(photos), size=(20_000, 2))
    random = random[random[:, 0] != random[:, 1]]
    print(f"{len(photos)} photos, {NEIGHBORS} neighbors each\n")
    print("| pairs | items in common | same style | same main color |\n|---|---|---|---|")
    rows = {
        "random": random,
        "neighbors": neighbor_pairs(cosines, others),
        "neighbors from other sources": neighbor_pairs(cosines, sources[:, None] != sources[None]),
    }
    for name, pairs in rows.items():
        shared = agreement(photos, pairs)
        print(f"| {name} | {shared.items:.2f} | {shared.style:.2f} | {shared.main_color:.2f} |")
    print("\n| cosine distance | share of random pairs | items in common | same style |\n|---|---|---|---|")
    first, second = np.triu_indices(len(photos), 1)
    distances = 1 - cosines[first, second]
    for low, high in pairwise(EDGES):
        inside = np.flatnonzero((distances >= low) & (distances < high))
        if len(inside):
            picked = np.random.default_rng(7).permutation(inside)[:20_000]
            shared = agreement(photos, np.stack([first[picked], second[picked]], axis=1))
            share = len(inside) / len(distances)
            print(f"| {low:.1f} to {high:.1f} | {share:.3f} | {shared.items:.2f} | {shared.style:.2f} |")


EDGES = tuple(round(0.1 * step, 1) for step in range(16))
"""Limits of the distances in the second table."""

if __name__ == "__main__":
    main()
