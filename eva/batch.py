"""Many photos, judged side by side, their results in the order in which they were named."""

import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from core.conversation.narration import error_message
from core.errors import PhotoError
from core.i18n.translations import Language, translate
from core.images.decoding import MAX_BYTES, decode_photo
from core.vision.backends import available_cpus
from core.vision.classifier import StyleClassifier
from core.vision.heatmap import encode_heatmap_jpeg
from core.vision.verdict import Verdict

PHOTO_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".bmp", ".dib", ".tif", ".tiff"}
    | {".heic", ".heif", ".hif", ".avif"}
)
"""What photos in a folder are called. A file that is named by itself is judged whatever it is called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedFile:
    """A photo with its verdict."""

    photo: Path
    verdict: Verdict
    timings_ms: dict[str, float]
    """Milliseconds spent on `decode`, `forward`, `cam` (where a heat picture was written) and in `total`."""

    def to_json(self) -> dict[str, Any]:
        """The line that `eva judge --json` prints."""
        verdict = self.verdict
        return {
            "photo": str(self.photo),
            "style": verdict.style,
            "probabilities": {style: round(share, 4) for style, share in verdict.probabilities.items()},
            "outfit": round(verdict.outfit_probability, 4),
            "band": verdict.band,
            "region": {
                "height": verdict.region.vertical,
                "side": verdict.region.horizontal,
                "concentration": round(verdict.region.concentration, 3),
            },
            "model": verdict.model,
            "ms": self.timings_ms,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedFile:
    """A photo that could not be judged."""

    photo: Path
    error: str
    """The name of the error."""
    message: str
    """Eva's sentence about it."""

    def to_json(self) -> dict[str, Any]:
        """The line that `eva judge --json` prints."""
        return {"photo": str(self.photo), "error": self.error, "message": self.message}


def find_photos(paths: Iterable[Path]) -> list[tuple[Path, Path]]:
    """The photos under some paths, each with its place under the path that was named.

    Files stay as they are named; folders are walked, sorted, without hidden files and folders.
    """
    found: list[tuple[Path, Path]] = []
    for path in paths:
        if not path.is_dir():
            found.append((path, type(path)(path.name)))
            continue
        for photo in sorted(path.rglob("*")):
            place = photo.relative_to(path)
            hidden = any(part.startswith(".") for part in place.parts)
            if photo.suffix.lower() in PHOTO_SUFFIXES and not hidden and photo.is_file():
                found.append((photo, place))
    return found


def judge_files(
    photos: Sequence[tuple[Path, Path]], classifier: StyleClassifier, language: Language, heatmap_folder: Path | None
) -> Iterator[JudgedFile | FailedFile]:
    """Judge photos on all cores; results come in the order of the photos.

    Args:
        photos: what `find_photos` found.
        classifier: judges them.
        language: of the messages about photos that cannot be judged.
        cams: the folder for the heat pictures; none are drawn without it.

    Raises:
        ModelError: the model cannot be used.
        OSError: a heat picture cannot be written.
    """
    targets = _heatmap_paths([place for _, place in photos], heatmap_folder) if heatmap_folder else [None] * len(photos)

    def judge(photo: Path, target: Path | None) -> JudgedFile | FailedFile:
        started = time.perf_counter()
        try:
            data = read_file(photo)
        except OSError as error:
            key = "cli.no_such_file" if isinstance(error, FileNotFoundError) else "cli.unreadable"
            message = translate(key, language, path=str(photo))
            return FailedFile(photo=photo, error=type(error).__name__, message=message)
        try:
            picture = decode_photo(data)
        except PhotoError as error:
            return FailedFile(photo=photo, error=type(error).__name__, message=error_message(error, language))
        clock = [started, time.perf_counter()]
        verdict = classifier.classify(picture)
        clock.append(time.perf_counter())
        if target is not None:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(encode_heatmap_jpeg(picture.image, verdict.cam))
            clock.append(time.perf_counter())
        return JudgedFile(photo=photo, verdict=verdict, timings_ms=_step_durations_ms(clock))

    # One more than there are cores: one reads its file while the others compute.
    with ThreadPoolExecutor(available_cpus() + 1) as pool:
        yield from pool.map(judge, [photo for photo, _ in photos], targets)


def read_file(path: Path) -> bytes:
    """A file's bytes; of one that is longer than a photo may be, only so many that it is refused.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def _step_durations_ms(timestamps: Sequence[float]) -> dict[str, float]:
    steps = zip(("decode", "forward", "cam"), pairwise(timestamps), strict=False)
    spent = {name: round(1000 * (end - start), 1) for name, (start, end) in steps}
    return spent | {"total": round(1000 * (timestamps[-1] - timestamps[0]), 1)}


def _heatmap_paths(relative_paths: Sequence[Path], folder: Path) -> list[Path | None]:
    """A name for each heat picture: the photo's own with `.cam.jpg`, numbered where two would be the same."""
    taken: set[Path] = set()
    targets: list[Path | None] = []
    for place in relative_paths:
        target, number = folder / place.with_suffix(".cam.jpg"), 2
        while target in taken:
            target = folder / place.with_name(f"{place.stem}-{number}.cam.jpg")
            number += 1
        taken.add(target)
        targets.append(target)
    return targets
